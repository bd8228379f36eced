"""What objects are, and how they go: on the real API server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from helmward.apis import V1, V1BETA1
from helmward.errors import AccessDenied, ClusterUnavailable, Conflict, NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.facts import Fact, Facts
from helmward.gitops.fields import FIELD_MANAGER
from helmward.gitops.inventory import Item
from helmward.gitops.marks import MARK
from helmward.gitops.remove import Removed, Remover
from helmward.gitops.volumes import UNKNOWN
from helmward.kube import ClusterConfig, Kube, load_config
from helmward.kube.resources import CONFIG_MAPS, CRDS, DEPLOYMENTS, SECRETS, Resource
from helmward.yamls import documents
from tests.support.objects import crd
from tests.support.operator import install_crds
from tests.support.plane import Plane
from tests.support.rights import a_rule, bind, kubeconfig_as
from tests.support.wait import until

HELM_RELEASES = V1.resource
REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")


def an_item(name: str, namespace: str, resource: Resource = CONFIG_MAPS) -> Item:
    return Item(ObjectId(resource.group, resource.kind, namespace, name), resource.version)


async def make(kube: Kube, item: Item, resource: Resource = CONFIG_MAPS, **metadata: Any) -> str:
    """Create an object with nothing but metadata; return its uid."""
    made: dict[str, Any] = {"apiVersion": resource.api_version, "kind": resource.kind}
    made |= {"metadata": {"name": item.id.name, **metadata}}
    found = await kube.create(resource, made, item.id.namespace)
    return str(found["metadata"]["uid"])


async def fact_of(kube: Kube, item: Item) -> Fact | None:
    return (await Remover(kube).facts([item])).get(item.id)


async def removed(kube: Kube, items: Sequence[Item], facts: Facts | None = None) -> Removed:
    remover = Remover(kube)
    return await remover.remove(items, facts or await remover.facts(items))


async def is_there(kube: Kube, item: Item, resource: Resource = CONFIG_MAPS) -> bool:
    try:
        await kube.get(resource, item.id.name, item.id.namespace)
    except NotFound:
        return False
    return True


async def test_what_an_object_is(kube: Kube, namespace: str) -> None:
    """All that the rules ask, of one look at its metadata."""
    owner, item = an_item("owner", namespace), an_item("one", namespace)
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": await make(kube, owner),
    }
    metadata = {
        "name": "one",
        "namespace": namespace,
        "labels": {MARK: "sha256.x"},
        "annotations": {"a": "b"},
        "ownerReferences": [reference],
    }
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    uid = (await kube.apply(applied, field_manager=FIELD_MANAGER))["metadata"]["uid"]

    assert await fact_of(kube, item) == Fact(
        uid, {"a": "b"}, mark="sha256.x", ours=True, owned=True, resource=CONFIG_MAPS
    )


async def test_what_others_have_made_is_not_ours(kube: Kube, namespace: str) -> None:
    item = an_item("one", namespace)
    uid = await make(kube, item)

    assert await fact_of(kube, item) == Fact(uid, resource=CONFIG_MAPS)


async def test_many_objects_are_looked_at_by_one_list(kube: Kube, namespace: str) -> None:
    """A removal that waits for an approval is looked at again and again."""
    items = [an_item(f"c{n}", namespace) for n in range(30)]
    uids = [await make(kube, item, labels={MARK: "sha256.x"}) for item in items]
    plain, gone = an_item("plain", namespace), an_item("gone", namespace)
    await make(kube, plain)
    alone = await fact_of(kube, items[0])
    kube.requests.clear()

    facts = await Remover(kube).facts([*items, plain, gone])

    assert dict(kube.requests) == {("list", "configmaps"): 1, ("get", "configmaps"): 2}
    assert [facts[item.id].uid for item in items] == uids
    assert facts[items[0].id] == alone
    assert plain.id in facts
    assert gone.id not in facts


async def test_what_is_gone_is_left_out(kube: Kube, namespace: str) -> None:
    """With its kind, or its namespace, too."""
    items = [
        an_item("one", namespace),
        an_item("one", "no-such-namespace"),
        an_item("one", namespace, Resource("cars.test", "v1", "cars", "Car")),
        an_item("one", namespace, Resource("", "v1", "cars", "Car")),
    ]

    assert await Remover(kube).facts(items) == {}


async def test_a_kind_may_be_served_in_another_version_now(kube: Kube, namespace: str) -> None:
    """What was applied as v1beta1 goes as v1."""
    group = "prune-versions.test"
    [definition] = documents(crd("cars", "Car", group).encode())
    await kube.apply(definition.value)
    cars = Resource(group, "v1", "cars", "Car")

    async def made() -> str:
        try:
            return await make(kube, an_item("one", namespace), cars)
        except NotFound:
            return ""

    uid = await until(made)
    item = an_item("one", namespace, Resource(group, "v1beta1", "cars", "Car"))

    assert (await fact_of(kube, item)) == Fact(uid, resource=cars)
    assert (await removed(kube, [item])).gone == (item.id,)
    assert not await is_there(kube, item, cars)
    await kube.delete(CRDS, f"cars.{group}")


async def test_what_may_not_be_looked_at_is_told_apart(
    kube: Kube, plane: Plane, namespace: str, tmp_path: Path
) -> None:
    """It is neither gone nor in the way of the others."""
    await bind(kube, namespace, "half-blind", a_rule([""], ["configmaps"], ["get"]))
    items = [an_item("one", namespace), an_item("one", namespace, SECRETS)]
    uid = await make(kube, items[0])

    async with Kube(load_config(kubeconfig_as("half-blind", plane.kubeconfig, tmp_path))) as poor:
        facts = await until(lambda: allowed(poor, items))

    assert facts[items[0].id].uid == uid
    assert 'cannot get resource "secrets"' in str(facts[items[1].id].trouble)


async def allowed(kube: Kube, items: Sequence[Item]) -> Facts | None:
    """Return the facts once the rights have come into force."""
    facts = await Remover(kube).facts(items)
    return None if facts[items[0].id].trouble else facts


async def test_a_cluster_that_is_gone_tells_nothing() -> None:
    async with Kube(ClusterConfig("https://127.0.0.1:1")) as nowhere:
        with pytest.raises(ClusterUnavailable):
            await Remover(nowhere).facts([an_item("one", "shop")])
        item = an_item("one", "shop")
        facts = {item.id: Fact("uid", resource=CONFIG_MAPS)}
        with pytest.raises(ClusterUnavailable):
            await removed(nowhere, [item], facts)


class Noting(Kube):
    """A client that notes down in which order objects are deleted."""

    def __init__(self, config: ClusterConfig) -> None:
        super().__init__(config)
        self.deleted: list[str] = []

    async def delete(self, resource: Resource, name: str, *args: Any, **options: Any) -> Any:
        self.deleted.append(resource.kind)
        return await super().delete(resource, name, *args, **options)


async def test_objects_go_in_the_order_given_rank_by_rank(plane: Plane, namespace: str) -> None:
    """Of one rank in any order."""
    accounts = Resource("", "v1", "serviceaccounts", "ServiceAccount")
    items = [an_item(f"c{n}", namespace) for n in range(20)]
    last = an_item("one", namespace, accounts)
    async with Noting(load_config(plane.kubeconfig)) as kube:
        for item in items:
            await make(kube, item)
        await make(kube, last, accounts)

        outcome = await removed(kube, [*items, last])

    assert outcome == Removed(tuple(item.id for item in (*items, last)))
    assert kube.deleted == ["ConfigMap"] * 20 + ["ServiceAccount"]


async def test_what_it_owns_goes_with_it(kube: Kube, namespace: str) -> None:
    """Collected by the cluster, in the background."""
    item = an_item("web", namespace, DEPLOYMENTS)
    labels = {"app": "web"}
    containers = [{"name": "app", "image": "app:1"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    await kube.create(DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": spec}, namespace)

    async def sets() -> int:
        return len((await kube.list(REPLICA_SETS, namespace))[0])

    await until(sets, within=20)
    outcome = await removed(kube, [item])

    assert outcome.gone == (item.id,)
    await until(lambda: none_left(sets), within=20)


async def none_left(count: Any) -> bool:
    return not await count()


async def test_an_object_that_was_made_anew_is_not_deleted(kube: Kube, namespace: str) -> None:
    """What was decided was about another one."""
    item = an_item("one", namespace)
    await make(kube, item)
    facts = await Remover(kube).facts([item])
    await kube.delete(CONFIG_MAPS, "one", namespace)
    await make(kube, item)

    outcome = await removed(kube, [item], facts)

    assert outcome.gone == ()
    assert isinstance(outcome.refused[item.id], Conflict)
    assert await is_there(kube, item)


async def test_what_went_meanwhile_is_gone(kube: Kube, namespace: str) -> None:
    item = an_item("one", namespace)
    await make(kube, item)
    facts = await Remover(kube).facts([item])
    await kube.delete(CONFIG_MAPS, "one", namespace)

    assert (await removed(kube, [item], facts)).done == {item.id}


async def test_what_a_finalizer_holds_is_not_done(kube: Kube, namespace: str) -> None:
    """A HelmRelease stays until its release is uninstalled."""
    item = an_item("one", namespace)
    await make(kube, item, finalizers=["example.test/never"])

    outcome = await removed(kube, [item])

    assert outcome == Removed((item.id,), frozenset({item.id}))
    assert not outcome.done
    fact = await fact_of(kube, item)
    assert fact
    assert fact.deleting
    await kube.patch(CONFIG_MAPS, "one", namespace, {"metadata": {"finalizers": None}})


async def test_a_refused_deletion_leaves_the_others_alone(
    kube: Kube, plane: Plane, namespace: str, tmp_path: Path
) -> None:
    """And is told of as all that the API server refuses."""
    reading, deleting = ["get"], ["get", "delete"]
    await bind(
        kube,
        namespace,
        "half-armed",
        a_rule([""], ["configmaps"], deleting),
        a_rule([""], ["secrets"], reading),
    )
    items = [an_item("one", namespace), an_item("one", namespace, SECRETS)]
    await make(kube, items[0])
    await make(kube, items[1], SECRETS)
    async with Kube(load_config(kubeconfig_as("half-armed", plane.kubeconfig, tmp_path))) as poor:
        facts = await until(lambda: allowed(poor, items))
        outcome = await removed(poor, items, facts)

    assert outcome.gone == (items[0].id,)
    assert isinstance(outcome.refused[items[1].id], AccessDenied)
    [refusal] = outcome.refusals
    assert str(refusal).startswith(f"to be removed: Secret {namespace}/one: cannot delete secrets")
    assert await is_there(kube, items[1], SECRETS)


@pytest.fixture
async def release(kube: Kube, namespace: str) -> Item:
    """A HelmRelease whose release is called `db`."""
    await install_crds(kube)
    chart = {"repository": "https://charts.example.test", "name": "db", "version": "1.0.0"}
    spec = {"releaseName": "db", "chart": chart}
    kind = {"apiVersion": HELM_RELEASES.api_version, "kind": HELM_RELEASES.kind}
    made = {**kind, "metadata": {"name": "one"}, "spec": spec}
    await kube.create(HELM_RELEASES, made, namespace)
    return an_item("one", namespace, HELM_RELEASES)


async def revision(  # noqa: PLR0913 - what a revision may be
    kube: Kube,
    namespace: str,
    number: int = 1,
    *,
    volumes: str = "",
    status: str = "deployed",
    ours: bool = True,
    name: str = "db",
) -> None:
    """Create a release Secret without content, as Helm or our engine labels it."""
    annotations = {"helmward.dev/volumes": volumes} if volumes else {}
    annotations |= {"helmward.dev/claim": "x"} if ours else {}
    labels = {"owner": "helm", "name": name, "version": str(number), "status": status}
    metadata = {"name": f"sh.helm.release.v1.{name}.v{number}", "labels": labels}
    made = {"metadata": metadata | {"annotations": annotations}, "type": "helm.sh/release.v1"}
    await kube.create(SECRETS, made, namespace)


async def volumes(kube: Kube, item: Item) -> str:
    fact = await fact_of(kube, item)
    assert fact
    return fact.volumes


async def test_a_release_that_is_not_installed_owns_nothing(kube: Kube, release: Item) -> None:
    assert await volumes(kube, release) == ""


async def test_a_release_owns_what_was_noted_down_with_it(kube: Kube, release: Item) -> None:
    """In the revision that is deployed, or in the newest one."""
    namespace = release.id.namespace
    await revision(kube, namespace, 8, volumes="gone", status="superseded")
    await revision(kube, namespace, 9, volumes="data-db,log-db")
    await revision(kube, namespace, 10, volumes="more", status="failed")

    assert await volumes(kube, release) == "data-db, log-db, more"


async def test_a_release_without_volumes_owns_none(kube: Kube, release: Item) -> None:
    await revision(kube, release.id.namespace, 1, volumes="gone", status="superseded")
    await revision(kube, release.id.namespace, 2)
    await revision(kube, release.id.namespace, 3, volumes="another", name="web")

    assert await volumes(kube, release) == ""


async def test_a_release_that_others_have_written_may_own_some(kube: Kube, release: Item) -> None:
    """The old operator, or `helm`: nobody has noted down what it makes."""
    await revision(kube, release.id.namespace, ours=False)

    assert await volumes(kube, release) == UNKNOWN


async def test_a_release_under_its_former_name_counts(kube: Kube, release: Item) -> None:
    """It was renamed in the same breath."""
    namespace = release.id.namespace
    status = {"releaseName": "old", "observedGeneration": 1}
    await kube.replace_status(HELM_RELEASES, "one", namespace, status)
    await revision(kube, namespace, volumes="data-old", name="old")

    assert await volumes(kube, release) == "data-old"


async def test_a_release_of_the_old_generation_counts(kube: Kube, namespace: str) -> None:
    """Under the name that it has by default."""
    await install_crds(kube)
    resource = V1BETA1.resource
    kind = {"apiVersion": resource.api_version, "kind": resource.kind}
    chart = {"repository": "https://charts.example.test", "name": "db", "version": "1.0.0"}
    made = {**kind, "metadata": {"name": "one"}, "spec": {"chart": chart}}
    await kube.create(resource, made, namespace)
    await revision(kube, namespace, volumes="data-db", name=f"{namespace}-one")

    assert await volumes(kube, an_item("one", namespace, resource)) == "data-db"


async def test_a_release_that_may_not_be_looked_at_may_own_some(
    kube: Kube, plane: Plane, release: Item, tmp_path: Path
) -> None:
    namespace = release.id.namespace
    await bind(kube, namespace, "blind", a_rule([HELM_RELEASES.group], ["helmreleases"], ["get"]))
    async with Kube(load_config(kubeconfig_as("blind", plane.kubeconfig, tmp_path))) as poor:
        facts = await until(lambda: allowed(poor, [release]))

    assert facts[release.id].volumes == UNKNOWN


async def test_a_stateful_set_may_take_its_claims_along(kube: Kube, namespace: str) -> None:
    """Where its own policy says so; else they stay."""
    sets = Resource("apps", "v1", "statefulsets", "StatefulSet")
    labels = {"app": "db"}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    containers = [{"name": "app", "image": "app:1"}]
    for name, when in (("goes", "Delete"), ("stays", "Retain")):
        spec = {
            "replicas": 0,
            "serviceName": name,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": when},
        }
        await kube.create(sets, {"metadata": {"name": name}, "spec": spec}, namespace)

    assert await volumes(kube, an_item("goes", namespace, sets)) == "data-goes"
    assert await volumes(kube, an_item("stays", namespace, sets)) == ""
