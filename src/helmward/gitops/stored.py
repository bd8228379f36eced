"""An object as the API server would store it, as far as we can tell; pure.

What is applied has to be what is stored: a field that the server drops, or
keeps under another name, would never be seen to change.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

_SERVERS_OWN: Final = frozenset(
    ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
)
"""Fields of metadata that only the API server writes; exported files carry them."""


def storable(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of a file without what is the server's or kubectl's own."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _SERVERS_OWN}
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {k: v for k, v in annotations.items() if k != LAST_APPLIED}
    return with_data({**obj, "metadata": metadata})


def with_data(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Secret with its `stringData` in `data`, any other object as it is."""
    plain = obj.get("stringData")
    if (obj.get("apiVersion"), obj.get("kind")) != ("v1", "Secret") or not isinstance(plain, dict):
        return dict(obj)
    if not all(isinstance(value, str) for value in plain.values()):
        return dict(obj)  # The API server says what is wrong with it.
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in plain.items()}
    rest = {key: value for key, value in obj.items() if key != "stringData"}
    return {**rest, "data": {**(obj.get("data") or {}), **encoded}}
