"""What a revision's manifest asks for, and what of it is not so in the cluster.

Called by the verification. Trusts nothing but Helm's own record and the API server.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.yamls import documents


async def astray(kube: Kube, manifest: str, namespace: str) -> list[str]:
    """Name every object of a manifest that is missing, and every field that is otherwise."""
    found: list[str] = []
    for document in documents(manifest.encode()):
        found += await _look_at(kube, document.value, namespace)
    return found


async def _look_at(kube: Kube, wanted: dict[str, Any], namespace: str) -> list[str]:
    resource = await kube.resource_for(wanted["apiVersion"], wanted["kind"])
    metadata = wanted["metadata"]
    name = f"{wanted['kind']} {metadata['name']}"
    try:
        live = await kube.get(resource, metadata["name"], metadata.get("namespace", namespace))
    except NotFound:
        return [f"{name} is not there"]
    return [f"{name}: {field} is not as the revision has it" for field in differences(wanted, live)]


def differences(wanted: Any, live: Any, at: str = "") -> Iterator[str]:
    """Name the fields of `wanted` that `live` has otherwise; what it has beyond them is its own."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        for key, value in wanted.items():
            yield from differences(value, live.get(key), f"{at}.{key}" if at else str(key))
    elif isinstance(wanted, list) and isinstance(live, list):
        for number, (one, other) in enumerate(zip_longest(wanted, live)):
            yield from differences(one, other, f"{at}[{number}]")
    elif wanted != live:
        yield at
