"""What SOPS has encrypted, and in which form; pure. `helmward.sops` opens it.

Called by `compose`.

Source: the metadata that SOPS leaves in a document, `sops` with a `mac`.
"""

from collections.abc import Mapping
from typing import Any


def is_encrypted(values: Mapping[str, Any]) -> bool:
    """Tell whether SOPS has encrypted a document."""
    metadata = values.get("sops")
    return isinstance(metadata, dict) and "mac" in metadata


def form_of(content: bytes) -> str:
    """Return the form of a document: `json` where it is an object of that, else `yaml`."""
    return "json" if content.lstrip().startswith(b"{") else "yaml"
