"""What is no drift, what cannot be put right, and who may not write."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml

from helmward.engine import User, WriterId
from helmward.errors import AccessDenied, Conflict, SessionLost, SpecInvalid
from helmward.kube import Resource
from helmward.kube.resources import CONFIG_MAPS
from helmward.model import (
    DRIFT_DETECTION,
    DRIFT_DETECTION_OF_FLUX,
    DriftTarget,
    IgnoreRule,
    Revision,
)
from tests.support.drifting import BOX, DEPLOYMENTS, MAP, WEB, Drifting, put, take, told
from tests.support.helm import SOON, config_map
from tests.support.objects import crd
from tests.support.rights import CLUSTER_ROLES, RBAC, a_rule, bind
from tests.support.wait import until

SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  minReplicas: 3
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}
"""
READ_AND_WRITE = [
    a_rule(
        ["", "apps"], ["secrets", "configmaps", "deployments"], ["get", "list", "patch", "create"]
    )
]


async def replicas(drifting: Drifting) -> int:
    return int((await drifting.web())["spec"]["replicas"])


async def seen_by(limited: Drifting, revision: Revision, *, correct: bool = False) -> list[str]:
    """Return what somebody finds; nothing while the API server has not heard of his rights."""
    with suppress(AccessDenied):
        return told((await limited.look(revision, correct=correct)).found)
    return []


async def test_what_an_autoscaler_keeps_is_its_own(drifting: Drifting) -> None:
    """Also while something else is put right, and for one who may not list autoscalers."""
    revision = await drifting.install(**{"h.yaml": SCALER})

    async def scaled() -> bool:
        return await replicas(drifting) == 3

    await until(scaled, within=60)
    assert (await drifting.look(revision)).found == ()
    await drifting.edit(WEB, put(f"{BOX}/0/image", "web:2"))
    drift = await drifting.look(revision, correct=True)
    assert told(drift.found) == [f'Deployment web: {BOX}/0/image "web:1" -> "web:2" (alice)']
    assert await replicas(drifting) == 3
    await bind(drifting.kube, drifting.namespace, "limited", *READ_AND_WRITE)
    limited = replace(drifting.helm, engine=drifting.helm.engine.acting_as(User("limited")))

    async def only_this() -> bool:
        words = await seen_by(Drifting(limited, drifting.kubectl), revision)
        [first, *others] = words or [""]
        return first.startswith("HorizontalPodAutoscaler web: horizontalpod") and not others

    await until(only_this)


async def test_a_manual_scale_is_drift(drifting: Drifting) -> None:
    revision = await drifting.install()
    await drifting.kubectl("scale", "deployment/web", "--replicas=4")
    drift = await drifting.look(revision, correct=True)
    assert told(drift.found) == ["Deployment web: /spec/replicas 1 -> 4 (kubectl)"]
    author = drift.found[0].changes[0].author
    assert author is not None
    assert author.subresource == "scale"
    assert await replicas(drifting) == 1


async def test_what_moves_meanwhile_is_looked_at_again(drifting: Drifting) -> None:
    """Whoever writes beside us loses nothing, and neither do we."""
    revision = await drifting.install()

    async def busy() -> None:
        for count in range(40):
            patch = {"data": {"busy": str(count)}}
            await drifting.kube.patch(CONFIG_MAPS, "c", drifting.namespace, patch)

    async with asyncio.TaskGroup() as group:
        group.create_task(busy())
        for value in "56789":
            patch = {"data": {"a": value}}
            await drifting.kube.patch(CONFIG_MAPS, "c", drifting.namespace, patch)
            [one] = (await drifting.look(revision, correct=True)).found
            assert (one.corrected, one.problem) == (True, "")
    assert await drifting.helm.data("c") == {"a": "1", "b": "2", "busy": "39"}


IGNORED: list[Any] = [
    pytest.param(IgnoreRule(("/spec/replicas",)), True, id="a field"),
    pytest.param(IgnoreRule(("/spec",)), True, id="all around it"),
    pytest.param(IgnoreRule(("",), DriftTarget(name="we.")), True, id="the object"),
    pytest.param(IgnoreRule(("",), DriftTarget(name="w")), False, id="another object"),
    pytest.param(
        IgnoreRule(("/spec/replicas",), DriftTarget(label_selector="tier=front")),
        True,
        id="a label",
    ),
    pytest.param(
        IgnoreRule(("/spec/replicas",), DriftTarget(kind="ConfigMap")), False, id="another kind"
    ),
]


@pytest.mark.parametrize(("rule", "covers"), IGNORED)
async def test_fields_that_may_differ_stay(
    drifting: Drifting, rule: IgnoreRule, covers: bool
) -> None:
    revision = await drifting.install()
    await drifting.edit(WEB, put("/spec/replicas", 4))
    assert (not (await drifting.look(revision, ignore=[rule])).found) is covers
    await drifting.look(revision, ignore=[rule], correct=True)
    assert await replicas(drifting) == (4 if covers else 1)


async def test_what_may_differ_stays_when_something_else_is_put_right(drifting: Drifting) -> None:
    """Also where it is gone; and it does not become ours."""
    revision = await drifting.install()
    rule = IgnoreRule(("/spec/replicas", f"{BOX}/0/env", "/data/b"))
    await drifting.edit(WEB, put("/spec/replicas", 4), put(f"{BOX}/0/image", "web:2"))
    await drifting.edit(WEB, take(f"{BOX}/0/env/0"))
    await drifting.edit(MAP, put("/data/a", "9"), take("/data/b"))
    drift = await drifting.look(revision, ignore=[rule], correct=True)
    assert told(drift.found) == [
        'ConfigMap c: /data/a "1" -> "9" (alice)',
        f'Deployment web: {BOX}/0/image "web:1" -> "web:2" (alice)',
    ]
    live = await drifting.web()
    [web, _] = live["spec"]["template"]["spec"]["containers"]
    assert (live["spec"]["replicas"], web["image"]) == (4, "web:1")
    assert [one["name"] for one in web["env"]] == ["DB_PASSWORD"]
    assert await drifting.helm.data("c") == {"a": "1"}
    [ours] = [
        one["fieldsV1"] for one in live["metadata"]["managedFields"] if one["operation"] == "Apply"
    ]
    assert "f:replicas" not in ours["f:spec"]


@pytest.mark.parametrize("name", [DRIFT_DETECTION, DRIFT_DETECTION_OF_FLUX])
async def test_an_object_may_ask_to_be_left_alone(drifting: Drifting, name: str) -> None:
    """One that is gone cannot bear the annotation any more: its manifest's counts."""
    chosen = config_map("d").replace("name: d", f"name: d\n  annotations: {{{name}: disabled}}")
    revision = await drifting.install(**{"d.yaml": chosen})
    await drifting.edit(WEB, put("/metadata/annotations/" + name.replace("/", "~1"), "disabled"))
    await drifting.edit(WEB, put("/spec/replicas", 4))
    await drifting.kube.delete(CONFIG_MAPS, "d", drifting.namespace)
    assert (await drifting.look(revision, correct=True)).found == ()
    assert (await replicas(drifting), await drifting.helm.data("d")) == (4, None)


async def test_roles_that_a_controller_gathers_are_left_to_it(drifting: Drifting) -> None:
    """The chart may well say that there are none yet."""
    name = f"all-{drifting.namespace}"
    head = f"apiVersion: {RBAC}/v1\nkind: ClusterRole\nmetadata:\n  name: "
    label = f"in: {drifting.namespace}"
    some = "rules: [{apiGroups: ['x.io'], resources: [xs], verbs: [get]}]\n"
    gathered = (
        f"aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{{label}}}}}]}}\nrules: []\n"
    )
    revision = await drifting.install(
        **{
            "a.yaml": f"{head}{name}\n{gathered}",
            "p.yaml": f"{head}part-{name}\n  labels: {{{label}}}\n{some}",
        }
    )

    async def rules() -> bool:
        return bool((await drifting.kube.get(CLUSTER_ROLES, name)).get("rules"))

    await until(rules)
    assert (await drifting.look(revision, correct=True)).found == ()
    assert await rules()
    await drifting.helm.uninstall(revision)


async def test_what_one_may_not_read_is_told_and_the_rest_looked_at(drifting: Drifting) -> None:
    revision = await drifting.install()
    await drifting.edit(MAP, put("/data/a", "9"))
    user = f"few-{drifting.namespace}"
    few = a_rule([""], ["secrets", "configmaps"], ["get", "patch"])
    await bind(drifting.kube, drifting.namespace, user, few)
    limited = replace(drifting.helm, engine=drifting.helm.engine.acting_as(User(user)))

    async def look() -> list[str]:
        return await seen_by(Drifting(limited, drifting.kubectl), revision, correct=True)

    first, second = await until(look)
    assert first == 'ConfigMap c: /data/a "1" -> "9" (alice)'
    assert second.startswith("Deployment web: ")
    assert "cannot get resource" in second


async def test_fields_that_nobody_knows_are_no_drift(drifting: Drifting) -> None:
    """They were left out when the release was installed, and are when an object comes back."""
    chart = await drifting.helm.chart({"c.yaml": config_map("c", a="1") + "what: 1\n"})
    revision = await drifting.helm.install(chart, disable_openapi_validation=True)
    assert (await drifting.look(revision)).found == ()
    await drifting.edit(MAP, put("/data/a", "9"))
    assert (await drifting.look(revision, correct=True)).found[0].corrected
    await drifting.kube.delete(CONFIG_MAPS, "c", drifting.namespace)
    assert (await drifting.look(revision, correct=True)).found[0].corrected
    assert await drifting.helm.data("c") == {"a": "1"}


async def test_a_selector_that_cannot_be_read_is_named(drifting: Drifting) -> None:
    revision = await drifting.install()
    rule = IgnoreRule(("/spec",), DriftTarget(label_selector="a in b"))
    with pytest.raises(
        SpecInvalid, match=r"spec\.driftDetection\.ignore\[0\]\.target\.labelSelector"
    ):
        await drifting.look(revision, ignore=[rule])


async def made_anew(drifting: Drifting, **more: Any) -> None:
    """Delete the ConfigMap and create another of its name."""
    await drifting.kube.delete(CONFIG_MAPS, "c", drifting.namespace)
    metadata = {"name": "c", "namespace": drifting.namespace, **more.pop("metadata", {})}
    theirs = {"metadata": metadata, "data": {"a": "theirs", "x": "theirs"}, **more}
    await drifting.kube.create(CONFIG_MAPS, theirs)


async def test_what_another_made_anew_becomes_ours_again(drifting: Drifting) -> None:
    revision = await drifting.install()
    await made_anew(drifting)
    [one] = (await drifting.look(revision, correct=True)).found
    assert one.corrected
    assert await drifting.helm.data("c") == {"a": "1", "b": "2", "x": "theirs"}
    assert (await drifting.look(revision)).found == ()


async def test_what_another_release_has_is_not_taken(drifting: Drifting) -> None:
    revision = await drifting.install()
    marks = {"meta.helm.sh/release-name": "other", "meta.helm.sh/release-namespace": "else"}
    await made_anew(drifting, metadata={"annotations": marks})
    drift = await drifting.look(revision, correct=True)
    assert told(drift.found) == ["ConfigMap c: it is now of release else/other"]
    assert await drifting.helm.data("c") == {"a": "theirs", "x": "theirs"}


async def test_what_cannot_be_changed_is_told(drifting: Drifting) -> None:
    """And what can be is put right beside it."""
    revision = await drifting.install()
    await made_anew(drifting, immutable=True)
    await drifting.edit(WEB, put("/spec/replicas", 4))
    drift = await drifting.look(revision, correct=True)
    first, second = told(drift.found)
    assert "field is immutable when `immutable` is set" in first
    assert second == "Deployment web: /spec/replicas 1 -> 4 (alice)"
    assert [one.corrected for one in drift.found] == [False, True]


async def test_what_is_being_deleted_is_waited_for(drifting: Drifting) -> None:
    revision = await drifting.install()
    await drifting.edit(MAP, put("/metadata/finalizers", ["example.com/held"]))
    await drifting.kube.delete(CONFIG_MAPS, "c", drifting.namespace)
    drift = await drifting.look(revision, correct=True)
    assert told(drift.found) == ["ConfigMap c: it is being deleted"]
    await drifting.edit(MAP, take("/metadata/finalizers"))
    assert (await drifting.look(revision, correct=True)).found[0].corrected


async def test_a_kind_that_nobody_serves_any_more_stops_no_other(drifting: Drifting) -> None:
    group = f"{drifting.namespace}.example.com"
    plural = Resource(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
    )
    await drifting.kube.apply(yaml.safe_load(crd("things", "Thing", group)))
    thing = f"apiVersion: {group}/v1\nkind: Thing\nmetadata: {{name: t}}\nspec: {{a: 1}}\n"
    revision = await drifting.install(**{"t.yaml": thing})
    things = Resource(group, "v1", "things", "Thing")
    await drifting.kube.patch(things, "t", drifting.namespace, {"spec": {"a": 2}})
    assert told((await drifting.look(revision, correct=True)).found) == [
        "Thing t: /spec/a 1 -> 2 (helmward)"
    ]
    await drifting.kube.delete(plural, f"things.{group}")
    await drifting.edit(WEB, put("/spec/replicas", 4))

    async def problem() -> bool:
        # The API server goes on serving a kind for a moment: what is learnt then would be kept.
        await drifting.helm.engine.invalidate(discovery=True)
        first, *others = told((await drifting.look(revision)).found)
        return bool(others) and "no matches for kind" in others[0] and "replicas" in first

    await until(problem, within=30)


async def as_of_stock_helm(drifting: Drifting) -> None:
    """Rewrite whose the fields are: as Helm 3 leaves them, which updates as `helm`."""
    for resource, name in ((CONFIG_MAPS, "c"), (DEPLOYMENTS, "web")):
        live = await drifting.kube.get(resource, name, drifting.namespace)
        managed = [
            entry | {"manager": "helm", "operation": "Update"}
            if entry["operation"] == "Apply"
            else entry
            for entry in live["metadata"]["managedFields"]
        ]
        rewritten = {"metadata": {"managedFields": managed}}
        await drifting.kube.patch(resource, name, drifting.namespace, rewritten)


async def test_a_release_of_stock_helm_has_not_drifted(drifting: Drifting) -> None:
    """And where it has, that is seen; what we put on all objects it never had."""
    revision = await drifting.install()
    await as_of_stock_helm(drifting)
    marks = {"example.com/owner": "us"}
    drift = await drifting.look(revision, object_annotations=marks)
    assert (drift.found, drift.looked) == ((), 2)
    await drifting.edit(WEB, put("/spec/replicas", 4))
    drift = await drifting.look(revision, object_annotations=marks, correct=True)
    assert told(drift.found) == ["Deployment web: /spec/replicas 1 -> 4 (alice)"]
    chart = await drifting.helm.chart({"c.yaml": config_map("c", a="1")}, version="2.0.0")
    await drifting.helm.upgrade(revision, chart)
    assert await drifting.helm.data("c") == {"a": "1"}


async def test_only_the_newest_deployed_revision_says_how_objects_should_be(
    drifting: Drifting,
) -> None:
    """Also where somebody else has written the next one, and only writing would do harm."""
    first = await drifting.install()
    await drifting.edit(MAP, put("/data/a", "9"))
    secret = f"sh.helm.release.v1.web.v{first.number}"
    copied = json.loads(await drifting.kubectl("get", "secret", secret, "-o", "json"))
    copied["metadata"] = {
        "name": "sh.helm.release.v1.web.v2",
        "labels": copied["metadata"]["labels"] | {"version": "2", "status": "pending-upgrade"},
    }
    await drifting.kubectl("create", "-f", "-", stdin=json.dumps(copied))
    assert told((await drifting.look(first)).found) != []
    with pytest.raises(Conflict):
        await drifting.look(first, correct=True)
    assert (await drifting.helm.data("c") or {})["a"] == "9"
    await drifting.kubectl("delete", "secret", "sh.helm.release.v1.web.v2")
    second = await drifting.helm.upgrade(first, await drifting.helm.pull("app"))
    with pytest.raises(Conflict):
        await drifting.look(first)
    assert (await drifting.look(second, correct=True)).found == ()


async def test_a_lost_session_puts_nothing_right(drifting: Drifting) -> None:
    revision = await drifting.install()
    await drifting.edit(MAP, put("/data/a", "9"))
    await drifting.helm.engine.renew("helmward/gone", timedelta(0))
    with pytest.raises(SessionLost):
        await drifting.look(revision, correct=True, writer=WriterId("helmward/gone", 1, valid=SOON))
    assert (await drifting.helm.data("c") or {})["a"] == "9"
