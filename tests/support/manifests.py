"""HelmReleases of the old operators' users, one file for each generation."""

from pathlib import Path
from typing import Any

import yaml

from helmward.apis import Generation

FOLDER = Path(__file__).parent.parent / "manifests"


def manifests(generation: Generation) -> list[dict[str, Any]]:
    """Return the documents of a generation."""
    text = (FOLDER / f"{generation.resource.version}.yaml").read_text()
    return [one for one in yaml.safe_load_all(text) if one]
