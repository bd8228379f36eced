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
    return with_data(without_note({**obj, "metadata": metadata}))


def without_note(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without what kubectl noted down of it: of a Secret, all of it."""
    metadata = obj["metadata"]
    annotations = metadata.get("annotations")
    if not isinstance(annotations, dict) or LAST_APPLIED not in annotations:
        return dict(obj)
    rest = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
    return {**obj, "metadata": {**metadata, "annotations": rest}}


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
