"""What the commands that only print have to say."""

import platform
import subprocess
from pathlib import Path

import yaml

import helmward
from helmward.apis.crds import crd_documents

ENGINE = Path(helmward.__file__).parent / "_bin" / "engine"


def crds_as_yaml() -> str:
    """Write all CustomResourceDefinitions as one YAML stream."""
    return yaml.safe_dump_all(crd_documents(), sort_keys=False, explicit_start=True, width=100)


def versions() -> str:
    """Name Helmward's version and those of what it stands on, a line each."""
    return "\n".join(
        (
            f"Helmward  {helmward.__version__}",
            f"Helm SDK  {_helm_version()}",
            f"Python    {platform.python_version()}",
        )
    )


def _helm_version() -> str:
    """Ask the engine, or say why it has no answer."""
    if not ENGINE.exists():
        return "unknown: the engine is not built (make setup)"
    try:
        done = subprocess.run(  # noqa: S603 (our own program)
            [ENGINE, "version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"unknown: {error}"
    return done.stdout.strip()
