"""Custom kinds that tests install."""

import secrets
from typing import Any

from helmward.errors import NotFound
from helmward.kube import Kube, Resource
from helmward.kube.resources import CRDS
from tests.support.wait import until


def a_kind() -> Resource:
    """Return a kind that no other test uses."""
    return Resource(f"g{secrets.token_hex(3)}.example.com", "v1", "widgets", "Widget")


async def install(kube: Kube, resource: Resource) -> None:
    """Create the CRD of a kind; it is served a moment later."""
    version = _version(resource, served=True)
    spec: dict[str, Any] = {
        "group": resource.group,
        "scope": "Namespaced",
        "names": {"plural": resource.plural, "singular": "widget", "kind": resource.kind},
        "versions": [version],
    }
    name = f"{resource.plural}.{resource.group}"
    await kube.create(CRDS, {"metadata": {"name": name}, "spec": spec})


async def move(kube: Kube, old: Resource, new: Resource) -> None:
    """Serve a kind in another version instead, and wait until that is so."""
    versions = [_version(old, served=False), _version(new, served=True)]
    name = f"{old.plural}.{old.group}"
    await kube.patch(CRDS, name, None, {"spec": {"versions": versions}})

    async def moved() -> bool:
        return await served(kube, new) and not await served(kube, old)

    await until(moved)


def _version(resource: Resource, *, served: bool) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "name": resource.version,
        "served": served,
        "storage": served,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }


async def served(kube: Kube, resource: Resource) -> bool:
    """Tell whether the API server knows the kind by now."""
    try:
        await kube.list(resource)
    except NotFound:
        return False
    return True


async def uninstall(kube: Kube, resource: Resource) -> None:
    """Delete the CRD of a kind."""
    await kube.delete(CRDS, f"{resource.plural}.{resource.group}")


def a_config_map(namespace: str, name: str = "a", **data: str) -> dict[str, Any]:
    """Return a ConfigMap, the simplest of objects."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def a_widget(resource: Resource, namespace: str, name: str = "a", **spec: Any) -> dict[str, Any]:
    """Return an object of a custom kind."""
    metadata = {"name": name, "namespace": namespace}
    api_version, kind = resource.api_version, resource.kind
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}
