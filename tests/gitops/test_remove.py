"""What goes is looked at first, and what cannot be deleted is tried again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from helmward.apis import V1BETA1
from helmward.errors import AccessDenied
from helmward.gitops.build import ObjectId
from helmward.gitops.inventory import Item
from helmward.gitops.marks import MARK, mark_of
from helmward.gitops.remove import Remover
from helmward.gitops.scope import EVERYTHING, Scope
from helmward.gitops.volumes import UNKNOWN
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import VOLUMES
from tests.support.operator import HELM_RELEASES, install_crds
from tests.support.rights import a_rule, bind

SOURCE = "what-removals-are-tested-with"


def an_item(name: str, namespace: str, kind: str = "ConfigMap", group: str = "") -> Item:
    version = "v1beta1" if kind == "HelmRelease" else "v1"
    return Item(ObjectId(group, kind, namespace, name), version)


@asynccontextmanager
async def limited_to(kube: Kube, namespace: str, group: str, plural: str) -> AsyncIterator[Kube]:
    """A client that may read one kind in one namespace, and nothing else."""
    user = f"reader-of-{namespace}"
    await bind(kube, namespace, user, a_rule([group], [plural], ["get", "list"]))
    async with Kube(replace(kube.config, impersonate=(("Impersonate-User", user),))) as limited:
        yield limited


async def make(kube: Kube, name: str, namespace: str, **metadata: Any) -> dict[str, Any]:
    return await kube.create(CONFIG_MAPS, {"metadata": {"name": name, **metadata}}, namespace)


async def names(kube: Kube, namespace: str) -> set[str]:
    found, _ = await kube.list(CONFIG_MAPS, namespace)
    return {one["metadata"]["name"] for one in found} - {"kube-root-ca.crt"}


async def test_what_is_gone_has_no_facts(kube: Kube, namespace: str) -> None:
    """Nor has what is of no kind any more."""
    await make(kube, "one", namespace, labels={MARK: "m"}, annotations={"a": "b"})
    items = [an_item(name, namespace) for name in ("one", "none")]
    items.append(an_item("x", namespace, "Widget", "nobody.example.com"))

    facts = await Remover(kube).facts(items)

    assert list(facts) == [items[0].id]
    fact = facts[items[0].id]
    assert (fact.mark, fact.annotations, fact.ours, fact.owned) == ("m", {"a": "b"}, False, False)


async def test_only_the_object_that_was_looked_at_is_deleted(kube: Kube, namespace: str) -> None:
    """One that was made anew since belongs to somebody else."""
    items = [an_item(name, namespace) for name in ("one", "two")]
    for item in items:
        await make(kube, item.id.name, namespace)
    remover = Remover(kube)
    facts = await remover.facts(items)
    await kube.delete(CONFIG_MAPS, "two", namespace)
    await make(kube, "two", namespace)

    removed = await remover.remove(items, facts)

    assert removed.gone == (items[0].id,)
    assert list(removed.refused) == [items[1].id]
    assert await names(kube, namespace) == {"two"}


async def test_what_is_gone_already_counts_as_removed(kube: Kube, namespace: str) -> None:
    await make(kube, "one", namespace)
    item = an_item("one", namespace)
    remover = Remover(kube)
    facts = await remover.facts([item])
    await kube.delete(CONFIG_MAPS, "one", namespace)

    assert (await remover.remove([item], facts)).gone == (item.id,)


async def test_marked_objects_are_found_and_no_others(kube: Kube, namespace: str) -> None:
    own = ObjectId("", "ConfigMap", namespace, "own")
    await make(kube, "own", namespace, labels={MARK: mark_of(SOURCE, own)})
    await make(kube, "copied", namespace, labels={MARK: mark_of(SOURCE, own)})
    await make(kube, "theirs", namespace, labels={MARK: mark_of("another", own)})

    found = await Remover(kube).marked(SOURCE, EVERYTHING)
    without = await Remover(kube).marked(SOURCE, Scope(excluded=("v1/ConfigMap",)))

    assert [item.id for item in found] == [own]
    assert without == ()


@pytest.fixture
async def definitions(kube: Kube) -> None:
    await install_crds(kube)


async def volumes(kube: Kube, namespace: str, **annotations: str) -> str:
    """Return what is said of a HelmRelease whose release has a revision with the annotations."""
    chart = {"repository": "https://charts.example.test", "name": "db", "version": "1.0.0"}
    document = {
        "apiVersion": V1BETA1.resource.api_version,
        "kind": "HelmRelease",
        "metadata": {"name": "db", "namespace": namespace},
        "spec": {"chart": chart},
    }
    await kube.apply(document, resource=HELM_RELEASES)
    release = f"{namespace}-db"
    labels = {"owner": "helm", "name": release, "version": "1", "status": "deployed"}
    metadata = {"name": f"sh.helm.release.v1.{release}.v1", "labels": labels}
    secret = {"metadata": {**metadata, "annotations": annotations}, "type": "helm.sh/release.v1"}
    await kube.create(SECRETS, secret, namespace)
    item = an_item("db", namespace, "HelmRelease", HELM_RELEASES.group)
    return (await Remover(kube).facts([item]))[item.id].volumes


@pytest.mark.usefixtures("definitions")
async def test_volumes_of_a_release_are_known(kube: Kube, namespace: str) -> None:
    found = await volumes(kube, namespace, **{VOLUMES: "data-db-0,data-db-1"})
    assert found == "data-db-0, data-db-1"


@pytest.mark.usefixtures("definitions")
async def test_a_release_without_volumes_owns_none(kube: Kube, namespace: str) -> None:
    assert await volumes(kube, namespace) == ""


@pytest.mark.usefixtures("definitions")
async def test_a_release_that_cannot_be_looked_at_counts_as_owning(
    kube: Kube, namespace: str
) -> None:
    await volumes(kube, namespace)
    item = an_item("db", namespace, "HelmRelease", HELM_RELEASES.group)
    async with limited_to(kube, namespace, HELM_RELEASES.group, "helmreleases") as limited:
        assert (await Remover(limited).facts([item]))[item.id].volumes == UNKNOWN


async def test_what_may_not_be_deleted_is_told(kube: Kube, namespace: str) -> None:
    await make(kube, "one", namespace)
    item = an_item("one", namespace)
    async with limited_to(kube, namespace, "", "configmaps") as limited:
        remover = Remover(limited)
        facts = await remover.facts([item])
        removed = await remover.remove([item], facts)

    assert isinstance(removed.refused[item.id], AccessDenied)
    assert await names(kube, namespace) == {"one"}
