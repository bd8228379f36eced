"""Objects of a repository are found by their marks, where no record tells of them."""

import secrets
from pathlib import Path
from typing import Any

import pytest

from helmward.errors import ClusterUnavailable, NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.inventory import Item
from helmward.gitops.marks import MARK, mark_of, source_of
from helmward.gitops.scope import EVERYTHING, Scope
from helmward.gitops.search import search
from helmward.kube import ClusterConfig, Kube, load_config
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES, SECRETS, Resource
from helmward.yamls import documents
from tests.support.objects import crd
from tests.support.plane import Plane
from tests.support.rights import CLUSTER_ROLES, a_rule, bound, kubeconfig_as
from tests.support.wait import until

API_SERVICES = Resource(
    "apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False
)


@pytest.fixture
def source() -> str:
    """What the marks of Flux v1 were made from, in a repository of the test's own."""
    url = f"git@git.example.test:shop/{secrets.token_hex(4)}"
    return source_of(url, "master", ["namespaces", "releases"])


def id_of(resource: Resource, name: str, namespace: str = "") -> ObjectId:
    return ObjectId(resource.group, resource.kind, namespace, name)


async def marked(
    kube: Kube, resource: Resource, found: ObjectId, mark: str, **metadata: Any
) -> None:
    """Create an object with a mark, as Flux v1 did."""
    kind = {"apiVersion": resource.api_version, "kind": resource.kind}
    labels = {"name": found.name, "labels": {MARK: mark}}
    await kube.create(resource, {**kind, "metadata": labels | metadata}, found.namespace or None)


async def test_objects_are_found_by_the_marks_that_flux_wrote(
    kube: Kube, namespace: str, source: str
) -> None:
    """Of whatever kind, also without a namespace, and no others."""
    ours = [
        (CONFIG_MAPS, id_of(CONFIG_MAPS, "one", namespace)),
        (SECRETS, id_of(SECRETS, "one", namespace)),
        (CLUSTER_ROLES, id_of(CLUSTER_ROLES, f"role-{namespace}")),
    ]
    for resource, found in ours:
        await marked(kube, resource, found, mark_of(source, found))
    theirs = id_of(CONFIG_MAPS, "theirs", namespace)
    await marked(kube, CONFIG_MAPS, theirs, mark_of("another", theirs))
    copied = id_of(CONFIG_MAPS, "copied", namespace)
    await marked(kube, CONFIG_MAPS, copied, mark_of(source, ours[0][1]))

    result = await search(kube, source, EVERYTHING)

    assert set(result.items) == {Item(found, "v1", found=True) for _, found in ours}
    assert result.missed == ()
    await kube.delete(CLUSTER_ROLES, f"role-{namespace}")


async def test_kinds_of_definitions_are_looked_at(kube: Kube, namespace: str, source: str) -> None:
    """In the version that is served."""
    group = f"search-{namespace}.test"
    [definition] = documents(crd("cars", "Car", group).encode())
    await kube.apply(definition.value)
    cars = Resource(group, "v1", "cars", "Car")
    found = id_of(cars, "one", namespace)

    async def made() -> bool:
        try:
            await marked(kube, cars, found, mark_of(source, found))
        except NotFound:
            return False
        return True

    await until(made, within=20)

    async def seen() -> tuple[Item, ...]:
        return (await search(kube, source, EVERYTHING)).items

    assert await until(seen, within=20) == (Item(found, "v1", found=True),)


async def test_what_has_an_owner_was_not_applied_by_anybody(
    kube: Kube, namespace: str, source: str
) -> None:
    """Controllers copy labels to what they make."""
    uid = (await kube.get(NAMESPACES, namespace))["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": namespace, "uid": uid}
    found = id_of(CONFIG_MAPS, "one", namespace)
    mark = mark_of(source, found)
    await marked(kube, CONFIG_MAPS, found, mark, ownerReferences=[owner])

    assert (await search(kube, source, EVERYTHING)).items == ()


async def test_outside_of_the_limits_nothing_is_looked_at(
    kube: Kube, namespace: str, source: str
) -> None:
    """Neither other namespaces nor excluded kinds."""
    for resource in (CONFIG_MAPS, SECRETS):
        for where in (namespace, "default"):
            found = id_of(resource, namespace, where)
            await marked(kube, resource, found, mark_of(source, found))

    result = await search(kube, source, Scope((namespace,), ("v1/Secret",)))

    assert [item.id for item in result.items] == [id_of(CONFIG_MAPS, namespace, namespace)]
    for resource in (CONFIG_MAPS, SECRETS):
        await kube.delete(resource, namespace, "default")


async def test_what_may_not_be_listed_is_told(
    kube: Kube, plane: Plane, namespace: str, source: str, tmp_path: Path
) -> None:
    """It is to be searched again: what is in it would be lost for ever."""
    found = id_of(CONFIG_MAPS, "one", namespace)
    await marked(kube, CONFIG_MAPS, found, mark_of(source, found))
    user = f"short-sighted-{namespace}"
    rule = a_rule([""], ["configmaps"], ["list"])
    async with (
        bound(kube, user, rule),
        Kube(load_config(kubeconfig_as(user, plane.kubeconfig, tmp_path))) as poor,
    ):
        result = await until(lambda: found_some(poor, source), within=20)

    assert [item.id for item in result.items] == [found]
    assert "secrets" in result.missed
    assert "configmaps" not in result.missed


async def found_some(kube: Kube, source: str) -> Any:
    """Return what is found once the rights have come into force."""
    result = await search(kube, source, EVERYTHING)
    return result if result.items else None


async def test_a_broken_group_of_the_api_costs_its_own_kinds_alone(
    kube: Kube, namespace: str, source: str
) -> None:
    """Metrics servers are away now and then."""
    found = id_of(CONFIG_MAPS, "one", namespace)
    await marked(kube, CONFIG_MAPS, found, mark_of(source, found))
    group = f"{namespace}.example.test"
    spec = {
        "group": group,
        "version": "v1",
        "service": {"name": "nowhere", "namespace": namespace},
        "insecureSkipTLSVerify": True,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    name = f"v1.{group}"
    await kube.create(API_SERVICES, {"metadata": {"name": name}, "spec": spec})

    async def missed() -> Any:
        result = await search(kube, source, EVERYTHING)
        return result if result.missed else None

    result = await until(missed, within=20)

    assert result.missed == (f"{group}/v1",)
    assert [item.id for item in result.items] == [found]
    await kube.delete(API_SERVICES, name)


async def test_a_cluster_that_is_gone_is_not_an_empty_one(source: str) -> None:
    async with Kube(ClusterConfig("https://127.0.0.1:1")) as nowhere:
        with pytest.raises(ClusterUnavailable):
            await search(nowhere, source, EVERYTHING)
