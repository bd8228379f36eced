"""What becomes of a plan when the cluster is slow, partly broken or gone."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from helmward.errors import (
    AccessDenied,
    ClusterUnavailable,
    HelmwardError,
    Invalid,
    NamespaceUnready,
    NotFound,
)
from helmward.gitops.apply import Applier, Outcome
from helmward.gitops.build import Manifest, ObjectId, build
from helmward.gitops.cluster import known_kinds
from helmward.gitops.each import IN_FLIGHT
from helmward.gitops.inventory import Item
from helmward.gitops.plan import Plan, make_plan
from helmward.gitops.report import Refusal
from helmward.gitops.scope import Scope
from helmward.kube.listing import Listed, Selection
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES, Resource
from tests.support.objects import config_map, crd

KNOWN = {("v1", "ConfigMap"): CONFIG_MAPS, ("v1", "Namespace"): NAMESPACES}
CAR = "apiVersion: cars.test/v1\nkind: Car\nmetadata: {name: c}\n"


@dataclass
class FakeCluster:
    """A cluster that fails where a test says so."""

    failures: dict[str, HelmwardError] = field(default_factory=dict)
    """By the name of an object, or the kind that is looked up."""
    gone: bool = False
    hangs: str = ""
    """A kind of a group that does not answer."""
    establishes_after: int = 0
    asked: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    in_flight: int = 0
    widest: int = 0

    async def apply(
        self,
        obj: Mapping[str, Any],
        *,
        field_manager: str,
        force: bool,
        dry_run: bool = False,
        resource: Resource | None,
    ) -> dict[str, Any]:
        assert force
        assert resource
        name = obj["metadata"]["name"]
        self.in_flight += 1
        self.widest = max(self.widest, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        self._fail(name)
        if dry_run:
            self._fail(f"rehearsed {name}")
            return {"metadata": {"name": name, "uid": "?"}}
        self.applied.append(name)
        entry = {"manager": field_manager, "operation": "Apply", "time": self.times.get(name, "1")}
        self.objects[name] = {
            "metadata": {"uid": name, "resourceVersion": "1", "managedFields": [entry]}
        }
        return self.objects[name]

    async def resource_for(self, api_version: str, kind: str) -> Resource:
        self.asked.append(kind)
        if kind == self.hangs:
            await asyncio.Event().wait()
        self._fail(kind)
        if (api_version, kind) not in KNOWN:
            raise NotFound(f"the cluster has no kind {kind}")
        return KNOWN[api_version, kind]

    async def get(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,  # noqa: ARG002 - names are enough
        *,
        metadata_only: bool = False,  # noqa: ARG002
    ) -> dict[str, Any]:
        self._fail("")
        if resource.kind == "CustomResourceDefinition":
            self.establishes_after -= 1
            status = "True" if self.establishes_after < 0 else "False"
            return {"status": {"conditions": [{"type": "Established", "status": status}]}}
        if name not in self.objects:
            raise NotFound("no such object")
        return self.objects[name]

    async def list_raw(self, selection: Selection, *, limit: int = 500) -> Listed:
        raise NotImplementedError

    async def patch(  # noqa: PLR0913
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        patch: Any,
        *,
        content_type: str,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        raise NotImplementedError

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        propagation: str | None = None,
    ) -> dict[str, Any]:
        raise NotImplementedError

    async def version(self) -> dict[str, Any]:
        if self.gone:
            raise ClusterUnavailable("nobody there")
        return {}

    def _fail(self, name: str) -> None:
        if self.gone:
            raise ClusterUnavailable("nobody there")
        if name in self.failures:
            raise self.failures[name]


@dataclass
class Told:
    """What the applier says while it works."""

    applied: list[tuple[str, bool, bool]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def on_applied(self, found: ObjectId, *, changed: bool, healed: bool) -> None:
        self.applied.append((found.name, changed, healed))


def an_applier(cluster: FakeCluster) -> tuple[Applier, Told]:
    told = Told()
    return Applier(cluster, told.on_applied, told.refused.append), told


def manifests(*texts: str) -> list[Manifest]:
    return build({"a.yaml": "---\n".join(texts).encode()})


def a_plan(*texts: str) -> Plan:
    return make_plan(manifests(*texts), KNOWN, "team")


def names(outcome: Outcome) -> tuple[list[str], list[str]]:
    return (
        [applied.id.name for applied in outcome.applied],
        [refusal.object.name for refusal in outcome.refused],
    )


async def test_a_stage_waits_for_the_one_before() -> None:
    cluster = FakeCluster()
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: zz}\n"
    applier, _ = an_applier(cluster)

    await applier.apply(a_plan(*(config_map(f"c{n}") for n in range(3)), namespace))

    assert cluster.applied[0] == "zz"
    assert sorted(cluster.applied[1:]) == ["c0", "c1", "c2"]


async def test_only_so_many_requests_are_under_way() -> None:
    """The API server has others to serve."""
    cluster = FakeCluster()
    applier, _ = an_applier(cluster)

    outcome = await applier.apply(a_plan(*(config_map(f"c{n}") for n in range(40))))

    assert (len(outcome.applied), cluster.widest) == (40, IN_FLIGHT)


async def test_an_error_of_one_object_is_not_the_clusters() -> None:
    """A webhook that fails is a 500 of the API server, which itself is well."""
    failures: dict[str, HelmwardError] = {
        "b": ClusterUnavailable("failed calling webhook"),
        "c": Invalid("no"),
    }
    applier, told = an_applier(FakeCluster(failures))

    outcome = await applier.apply(a_plan(config_map("a"), config_map("b"), config_map("c")))

    assert names(outcome) == (["a"], ["b", "c"])
    assert [str(refusal) for refusal in told.refused] == [
        "a.yaml:8: ConfigMap team/b: failed calling webhook",
        "a.yaml:15: ConfigMap team/c: no",
    ]


async def test_a_cluster_that_is_gone_ends_the_sync() -> None:
    """Nothing else could be applied either."""
    applier, told = an_applier(FakeCluster(gone=True))

    with pytest.raises(ClusterUnavailable):
        await applier.apply(a_plan(*(config_map(f"c{n}") for n in range(40))))
    assert told.refused == []


async def test_only_the_objects_named_are_applied() -> None:
    """So a retry does not send all the rest again."""
    cluster = FakeCluster()
    applier, _ = an_applier(cluster)

    await applier.apply(
        a_plan(config_map("a"), config_map("b")), {ObjectId("", "ConfigMap", "team", "b")}
    )

    assert cluster.applied == ["b"]


async def test_a_change_by_hand_is_told_from_a_new_manifest() -> None:
    """Our own entry's time moves in both cases; the manifest tells which."""
    cluster = FakeCluster()
    applier, told = an_applier(cluster)
    plan = a_plan(config_map("a"))
    await applier.apply(plan)
    await applier.apply(plan)
    cluster.times["a"] = "2"
    await applier.apply(plan)
    cluster.times["a"] = "3"
    await applier.apply(a_plan(config_map("a", "other")))

    assert told.applied == [
        ("a", True, False),
        ("a", False, False),
        ("a", True, True),
        ("a", True, False),
    ]


async def test_a_change_by_hand_is_known_after_a_restart() -> None:
    """The inventory has the digest of what was applied, shortened."""
    cluster = FakeCluster()
    plan = a_plan(config_map("a"), config_map("b"))
    await an_applier(cluster)[0].apply(plan)
    cluster.times = {"a": "2", "b": "2"}
    applier, told = an_applier(cluster)
    [one, _] = plan.steps
    applier.recall({one.id: Item(one.id, "v1", digest=one.manifest.digest[:12])})

    await applier.apply(plan)

    assert told.applied == [("a", True, True), ("b", True, False)]


async def test_an_object_that_left_the_plan_is_forgotten() -> None:
    """When it comes back, nothing is said of a healing."""
    cluster = FakeCluster()
    applier, told = an_applier(cluster)
    await applier.apply(a_plan(config_map("a")))
    applier.keep(a_plan(config_map("b")))
    cluster.times["a"] = "2"
    await applier.apply(a_plan(config_map("a")))

    assert told.applied[-1] == ("a", True, False)


async def test_kinds_of_a_new_crd_wait_until_it_is_established() -> None:
    """Until then the API server answers that there is no such thing."""
    cluster = FakeCluster(establishes_after=3)
    applier, _ = an_applier(cluster)
    known = {("apiextensions.k8s.io/v1", "CustomResourceDefinition"): NAMESPACES}
    plan = make_plan(manifests(CAR, crd("cars", "Car", "cars.test")), known, "team")

    outcome = await applier.apply(plan)

    assert names(outcome) == (["cars.cars.test", "c"], [])
    assert cluster.establishes_after == -1


async def test_a_crd_that_is_never_established_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else every object of its kinds would cost the whole wait."""
    monkeypatch.setattr("helmward.gitops.single.ESTABLISHING", 0.05)
    cluster = FakeCluster({"c": NotFound("no such resource")}, establishes_after=10_000)
    applier, _ = an_applier(cluster)
    known = {("apiextensions.k8s.io/v1", "CustomResourceDefinition"): NAMESPACES}
    cars = [CAR.replace("c}", f"c, namespace: n{number}}}") for number in range(30)]
    plan = make_plan(manifests(*cars, crd("cars", "Car", "cars.test")), known, "team")

    outcome = await applier.apply(plan)

    assert len(outcome.refused) == 30
    assert 10_000 - cluster.establishes_after <= 3 * IN_FLIGHT


async def test_a_kind_that_came_meanwhile_is_applied() -> None:
    """It was unknown when the plan was made."""
    cluster = FakeCluster()
    applier, _ = an_applier(cluster)
    plan = make_plan(manifests(config_map("a")), {}, "team")

    outcome = await applier.apply(plan)

    assert [str(applied.id) for applied in outcome.applied] == ["ConfigMap team/a"]


async def test_kinds_are_asked_for_once_each() -> None:
    """Those of CRDs in the commit are not asked for at all."""
    texts = [config_map("a"), config_map("b"), CAR, crd("cars", "Car", "cars.test")]

    assert await known_kinds(FakeCluster(), manifests(*texts)) == {("v1", "ConfigMap"): CONFIG_MAPS}


async def test_a_group_that_does_not_answer_holds_up_no_other() -> None:
    """An aggregated API server that is down concerns its own kinds."""
    cluster = FakeCluster({"Car": ClusterUnavailable("503")})

    assert set(await known_kinds(cluster, manifests(CAR, config_map("a")))) == {("v1", "ConfigMap")}


async def test_kinds_cannot_be_known_of_a_cluster_that_is_gone() -> None:
    with pytest.raises(ClusterUnavailable):
        await known_kinds(FakeCluster(gone=True), manifests(CAR))


async def test_excluded_kinds_are_not_asked_for() -> None:
    """Their group may be the one that never answers."""
    cluster = FakeCluster({"Car": AssertionError("asked all the same")})  # type: ignore[dict-item]
    scope = Scope(excluded=("cars.test/*",))

    assert set(await known_kinds(cluster, manifests(CAR, config_map("a")), scope)) == {
        ("v1", "ConfigMap")
    }


async def test_a_group_that_may_not_be_asked_holds_up_no_other() -> None:
    cluster = FakeCluster({"Car": AccessDenied("403")})

    assert set(await known_kinds(cluster, manifests(CAR, config_map("a")))) == {("v1", "ConfigMap")}


async def test_a_rehearsal_names_what_nobody_can_know_yet() -> None:
    """What waits for a namespace or a kind of the same commit is no refusal; the rest is."""
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: soon}\n"
    failures: dict[str, HelmwardError] = {
        "waits": NamespaceUnready("no namespace soon"),
        "astray": NamespaceUnready("no namespace never"),
        "c": NotFound("no such resource"),
    }
    texts = [
        namespace,
        config_map("waits", namespace="soon"),
        config_map("astray", namespace="never"),
        config_map("one"),
        crd("cars", "Car", "cars.test"),
        CAR,
        CAR.replace("cars.test", "trains.test"),
    ]
    kinds = {**KNOWN, ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): NAMESPACES}
    applier, told = an_applier(FakeCluster(failures))

    rehearsal = await applier.rehearse(make_plan(manifests(*texts), kinds, "team"))

    assert [(change.id.name, str(change.verb)) for change in rehearsal.changes] == [
        ("soon", "create"),
        ("cars.cars.test", "create"),
        ("one", "create"),
        ("waits", "later"),
        ("c", "later"),
        ("c", "later"),
    ]
    assert [refusal.object.name for refusal in rehearsal.refused] == ["astray"]
    assert len(rehearsal.to_write) == 6
    assert told.refused == []


async def test_a_rehearsal_writes_nothing_and_spares_the_apply_a_look() -> None:
    cluster = FakeCluster()
    applier, _ = an_applier(cluster)
    plan = a_plan(config_map("a"))
    await applier.rehearse(plan)
    assert cluster.applied == []
    cluster.failures[""] = AccessDenied("no second look")

    assert names(await applier.apply(plan)) == (["a"], [])


async def test_an_annotation_that_nobody_understands_is_a_refusal() -> None:
    """Else it would be obeyed in some way that was not meant."""
    odd = "  annotations: {kustomize.toolkit.fluxcd.io/ssa: Replace}\n"
    applier, told = an_applier(FakeCluster())

    outcome = await applier.apply(a_plan(config_map("a", extra=odd)))

    assert outcome.applied == ()
    assert "'Replace', which is none of Override, Merge" in str(told.refused[0])


async def test_a_kind_that_came_meanwhile_may_be_out_of_bounds() -> None:
    """Its namespace is known only now."""
    cluster = FakeCluster()
    applier, _ = an_applier(cluster)
    plan = make_plan(manifests(config_map("a")), {}, "team", scope=Scope(("other",)))

    outcome = await applier.apply(plan)

    assert (outcome.applied, [skipped.id.name for skipped in outcome.skipped]) == ((), ["a"])
    assert cluster.applied == []


async def test_a_webhook_that_knows_no_rehearsal_is_asked_by_the_apply() -> None:
    """Those of old clusters may act on a rehearsal: nobody can say what would change."""
    words = 'admission webhook "h" does not support dry run'
    applier, _ = an_applier(FakeCluster({"rehearsed a": Invalid(words)}))
    plan = a_plan(config_map("a"))

    [change] = (await applier.rehearse(plan, documents=True)).changes

    assert (change.verb, change.merged) == ("create", None)
    assert names(await applier.apply(plan)) == (["a"], [])


async def test_a_group_that_never_answers_is_asked_once_and_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else its objects would take the time of all the others."""
    monkeypatch.setattr("helmward.gitops.cluster.ANSWER", 0.05)
    cluster = FakeCluster(hangs="Car")
    applier, told = an_applier(cluster)
    cars = [CAR.replace("c}", f"c, namespace: n{number}}}") for number in range(30)]
    found = manifests(*cars, config_map("a"))
    plan = make_plan(found, await known_kinds(cluster, found), "team")

    outcome = await applier.apply(plan)

    assert cluster.asked.count("Car") == 2
    assert cluster.applied == ["a"]
    assert len(outcome.refused) == len(told.refused) == 30
    assert "cars.test/v1 does not answer" in str(outcome.refused[0])
