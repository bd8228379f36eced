"""What an action's options do to objects, and what its claim tells of a chart."""

import json
from typing import Any

import pytest

from helmward.engine import ActionOptions
from helmward.errors import ReleaseFailed
from helmward.kube import Resource
from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS, SECRETS, SERVICES
from helmward.model import Base, Chart, Revision, Status, ValuesPolicy
from tests.support.helm import SOON, Helm, config_map

CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
JOBS = Resource("batch", "v1", "jobs", "Job")
STATEFUL_SETS = Resource("apps", "v1", "statefulsets", "StatefulSet")
OWNER = "helm.fluxcd.io/antecedent"


def deployment(more: str = "") -> str:
    """Write a Deployment; `more` goes into its spec."""
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        "spec: {replicas: 1, selector: {matchLabels: {app: '{{ .Values.app }}'}},"
        " template: {metadata: {labels: {app: '{{ .Values.app }}'}},"
        f" spec: {{containers: [{{name: main, image: app:1}}]}}}}{more}}}\n"
    )


def claim(size: str = "1Gi", name: str = "data") -> str:
    """Write a PersistentVolumeClaim."""
    return (
        f"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\n"
        "spec: {accessModes: ['{{ .Values.mode }}'], resources: {requests: {storage: "
        f"{size}}}}}}}\n"
    )


def stateful(name: str = "db", *, keep: bool = True, service: str = "a") -> str:
    """Write a StatefulSet with a volume for each pod."""
    retention = "" if keep else " persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete},"
    return (
        f"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {name}}}\n"
        f"spec: {{replicas: 0, serviceName: {service},{retention}"
        " selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}},"
        " spec: {containers: [{name: main, image: i}]}},"
        " volumeClaimTemplates: [{metadata: {name: disk}, spec: {accessModes: [ReadWriteOnce],"
        " resources: {requests: {storage: 1Gi}}}}]}\n"
    )


async def uid(helm: Helm, name: str, resource: Resource) -> str:
    """Read which of several objects of one name it is."""
    found = await helm.live(name, resource)
    assert found
    return str(found["metadata"]["uid"])


async def refused(helm: Helm, over: Revision, chart: Chart, values: Any = None) -> str:
    """Upgrade by force and return what it failed of."""
    with pytest.raises(ReleaseFailed) as caught:
        await helm.upgrade(over, chart, values, force=True)
    assert caught.value.revision.status == Status.FAILED
    return str(caught.value)


async def test_by_force_what_cannot_change_is_made_anew(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment(), "c.yaml": config_map("c")})
    first = await helm.install(chart, {"app": "a"})
    before = await uid(helm, "web", DEPLOYMENTS)
    with pytest.raises(ReleaseFailed, match=r"Deployment web: .*immutable") as caught:
        await helm.upgrade(first, chart, {"app": "b"})
    assert await uid(helm, "web", DEPLOYMENTS) == before

    await helm.upgrade(caught.value.revision, chart, {"app": "b"}, force=True)
    assert await uid(helm, "web", DEPLOYMENTS) != before
    live = await helm.live("web", DEPLOYMENTS)
    assert live
    assert live["spec"]["selector"]["matchLabels"] == {"app": "b"}
    assert await helm.statuses() == ["1 superseded", "2 failed", "3 deployed"]


async def test_by_force_what_can_change_is_changed(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment(", minReadySeconds: {{ .Values.s }}")})
    first = await helm.install(chart, {"app": "a", "s": 1})
    before = await uid(helm, "web", DEPLOYMENTS)
    await helm.upgrade(first, chart, {"app": "a", "s": 2}, force=True)
    assert await uid(helm, "web", DEPLOYMENTS) == before


async def test_a_rollback_forces_too(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment()})
    first = await helm.install(chart, {"app": "a"})
    second = await helm.upgrade(first, chart, {"app": "b"}, force=True)
    await helm.rollback(second, 1, force=True)
    live = await helm.live("web", DEPLOYMENTS)
    assert live
    assert live["spec"]["selector"]["matchLabels"] == {"app": "a"}


async def test_by_force_a_finished_job_runs_again(helm: Helm) -> None:
    text = (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\n"
        "spec: {template: {spec: {restartPolicy: Never,"
        " containers: [{name: main, image: '{{ .Values.image }}'}]}}}\n"
    )
    chart = await helm.chart({"j.yaml": text})
    first = await helm.install(chart, {"image": "a"}, wait=True)
    before = await uid(helm, "once", JOBS)
    await helm.upgrade(first, chart, {"image": "b"}, force=True)
    assert await uid(helm, "once", JOBS) != before


async def test_force_does_not_delete_what_would_be_refused_anew(helm: Helm) -> None:
    """The API server has something against the object, not against the change."""
    chart = await helm.chart({"d.yaml": deployment(", minReadySeconds: {{ .Values.s }}")})
    first = await helm.install(chart, {"app": "a", "s": 1})
    before = await uid(helm, "web", DEPLOYMENTS)
    told = await refused(helm, first, chart, {"app": "b", "s": -5})
    assert "minReadySeconds" in told
    assert await uid(helm, "web", DEPLOYMENTS) == before


async def test_force_never_replaces_volumes(helm: Helm) -> None:
    chart = await helm.chart({"p.yaml": claim()})
    first = await helm.install(chart, {"mode": "ReadWriteOnce"})
    before = await uid(helm, "data", CLAIMS)
    told = await refused(helm, first, chart, {"mode": "ReadWriteMany"})
    assert told.startswith("PersistentVolumeClaim data: ")
    assert "force does not replace it: its data would be lost" in told
    assert await uid(helm, "data", CLAIMS) == before


async def test_force_never_replaces_what_takes_volumes_with_it(helm: Helm) -> None:
    first = await helm.install(await helm.chart({"s.yaml": stateful(keep=False)}))
    before = await uid(helm, "db", STATEFUL_SETS)
    chart = await helm.chart({"s.yaml": stateful(keep=False, service="b")}, version="1.1.0")
    assert "its volumes would be deleted with it" in await refused(helm, first, chart)
    assert await uid(helm, "db", STATEFUL_SETS) == before


async def test_force_replaces_a_set_whose_volumes_stay(helm: Helm) -> None:
    first = await helm.install(await helm.chart({"s.yaml": stateful()}))
    before = await uid(helm, "db", STATEFUL_SETS)
    chart = await helm.chart({"s.yaml": stateful(service="b")}, version="1.1.0")
    await helm.upgrade(first, chart, force=True)
    assert await uid(helm, "db", STATEFUL_SETS) != before


async def test_force_spares_what_is_to_be_kept(helm: Helm) -> None:
    kept = deployment().replace(
        "{name: web}", "{name: web, annotations: {helm.sh/resource-policy: keep}}"
    )
    chart = await helm.chart({"d.yaml": kept})
    first = await helm.install(chart, {"app": "a"})
    assert "resource-policy: keep" in await refused(helm, first, chart, {"app": "b"})


async def test_force_names_no_secrets_content(helm: Helm) -> None:
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s,"
        " annotations: {helm.sh/resource-policy: keep}}\ntype: {{ .Values.type }}\n"
        "stringData: {k: planted-value}\n"
    )
    chart = await helm.chart({"s.yaml": text})
    first = await helm.install(chart, {"type": "Opaque"})
    told = await refused(helm, first, chart, {"type": "example.com/other"})
    assert "planted-value" not in told
    assert "force does not replace it" in told


async def test_a_deletion_that_hangs_ends_at_the_timeout(helm: Helm) -> None:
    """A finalizer that nobody clears."""
    held = deployment().replace("{name: web}", "{name: web, finalizers: [example.com/held]}")
    chart = await helm.chart({"d.yaml": held})
    first = await helm.install(chart, {"app": "a"})
    with pytest.raises(ReleaseFailed, match="Deployment web: deleted to be created anew") as caught:
        await helm.upgrade(first, chart, {"app": "b"}, force=True, timeout=SOON / 30)
    await helm.kube.patch(DEPLOYMENTS, "web", helm.namespace, {"metadata": {"finalizers": None}})
    await helm.upgrade(caught.value.revision, chart, {"app": "b"})
    assert (await helm.statuses())[-1] == "3 deployed"


@pytest.mark.parametrize(
    ("policy", "given", "stored", "rendered"),
    [
        (ValuesPolicy.RESET, {"b": 3}, {"b": 3}, {"a": 0, "b": 3, "new": 1}),
        (ValuesPolicy.RESET, {}, {}, {"a": 0, "b": 0, "new": 1}),
        # Over the chart's values as they were, as Helm has it: `new` is not there.
        (ValuesPolicy.REUSE, {"b": 3}, {"a": 1, "b": 3}, {"a": 1, "b": 3}),
        (ValuesPolicy.REUSE, {}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        # Nor does a null take away what the old values had put under the new.
        (ValuesPolicy.REUSE, {"b": None}, {"a": 1}, {"a": 1, "b": 2}),
        (ValuesPolicy.REUSE_WHEN_EMPTY, {}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "new": 1}),
        (ValuesPolicy.REUSE_WHEN_EMPTY, {"b": 3}, {"b": 3}, {"a": 0, "b": 3, "new": 1}),
    ],
)
async def test_values_of_the_revision_before_as_the_policy_says(
    helm: Helm, policy: ValuesPolicy, given: Any, stored: Any, rendered: Any
) -> None:
    text = "{{ range $k, $v := .Values }}{{ $k }}={{ $v }} {{ end }}"
    first = await helm.install(
        await helm.chart({"c.yaml": config_map("c", v=text)}, {"a": 0, "b": 0}), {"a": 1, "b": 2}
    )
    newer = await helm.chart(
        {"c.yaml": config_map("c", v=text)}, {"a": 0, "b": 0, "new": 1}, version="1.1.0"
    )
    await helm.upgrade(first, newer, given, values_policy=policy)
    data = await helm.data("c")
    assert data
    assert data["v"].split() == [f"{key}={value}" for key, value in rendered.items()]
    assert ((await helm.stored(2))["release"].get("config") or {}) == stored
    assert (await helm.stored(1))["release"]["config"] == {"a": 1, "b": 2}


UNKNOWN = (
    deployment(", unheardOf: {deep: 1}").replace("image: app:1", "image: app:1, neither: [this]"),
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: v}\nwhat: 1\n",
)


async def test_unknown_fields_are_refused_unless_that_is_switched_off(helm: Helm) -> None:
    chart = await helm.chart({f"{n}.yaml": text for n, text in enumerate(UNKNOWN)})
    with pytest.raises(ReleaseFailed, match="what"):
        await helm.install(chart, {"app": "a"})
    failed = await helm.engine.get(helm.ref())
    assert failed
    first = await helm.install(
        chart, {"app": "a"}, base=failed.base, disable_openapi_validation=True
    )
    live, secret = await helm.live("web", DEPLOYMENTS), await helm.live("s", SECRETS)
    assert live
    assert secret
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "app:1"
    assert secret["data"] == {"k": "dg=="}
    assert "unheardOf" in (await helm.stored(2))["release"]["manifest"]
    second = await helm.upgrade(first, chart, {"app": "a"}, disable_openapi_validation=True)
    again = await helm.live("web", DEPLOYMENTS)
    assert again
    assert again["metadata"]["generation"] == live["metadata"]["generation"]
    with pytest.raises(ReleaseFailed, match="what"):
        await helm.upgrade(second, chart, {"app": "a"})


async def test_a_wrong_type_is_refused_all_the_same(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment(", minReadySeconds: [1], unheardOf: 1")})
    with pytest.raises(ReleaseFailed, match="minReadySeconds"):
        await helm.install(chart, {"app": "a"}, disable_openapi_validation=True)


MARKED = {
    "c.yaml": config_map("c"),
    "s.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n",
    "d.yaml": deployment(),
}
HOOK = config_map("h").replace(
    "  name: h\n", "  name: h\n  annotations: {helm.sh/hook: post-install}\n"
)


async def owned(helm: Helm, over: Revision | None, chart: Chart, owner: str = "") -> Revision:
    """Install or upgrade with an owner put on every object."""
    verb = helm.engine.upgrade if over else helm.engine.install
    return await verb(
        helm.ref(),
        chart=chart,
        values=b'{"app": "a"}',
        base=over.base if over else Base(),
        why="",
        deadline=SOON,
        object_annotations={OWNER: owner} if owner else {},
        options=ActionOptions(),
    )


async def marks(helm: Helm) -> dict[str, str | None]:
    """Read who owns each object."""
    objects = {"c": CONFIG_MAPS, "s": SERVICES, "web": DEPLOYMENTS, "h": CONFIG_MAPS}
    found = {name: await helm.live(name, kind) for name, kind in objects.items()}
    return {
        name: (one["metadata"].get("annotations") or {}).get(OWNER) if one else ""
        for name, one in found.items()
    }


async def test_every_object_is_marked_and_the_manifest_is_not(helm: Helm) -> None:
    chart = await helm.chart(MARKED | {"h.yaml": HOOK})
    first = await owned(helm, None, chart, "ns:helmrelease/web")
    mark = "ns:helmrelease/web"
    assert await marks(helm) == {"c": mark, "s": mark, "web": mark, "h": None}
    stored = await helm.stored(1)
    assert OWNER not in json.dumps(stored["release"])
    second = await owned(helm, first, chart, "ns:helmrelease/other")
    assert (await marks(helm))["web"] == "ns:helmrelease/other"
    await owned(helm, second, chart)
    assert await marks(helm) == {"c": None, "s": None, "web": None, "h": None}


async def versions(helm: Helm) -> list[str]:
    """Read the version of what nobody but us writes, and what else counts changes."""
    maps = await helm.live("c"), await helm.live("s", SERVICES)
    web = await helm.live("web", DEPLOYMENTS)
    assert web
    found = [one["metadata"]["resourceVersion"] for one in maps if one]
    return [*found, str(web["metadata"]["generation"])]


async def test_marking_the_same_again_writes_nothing(helm: Helm) -> None:
    """Objects stay in the version that they have."""
    chart = await helm.chart(MARKED)
    first = await owned(helm, None, chart, "me")
    before = await versions(helm)
    await owned(helm, first, chart, "me")
    assert await versions(helm) == before


async def test_marks_cost_no_look_at_what_is_remembered(helm: Helm) -> None:
    """Counted where no controller writes: his writes cost a look whatever is marked."""
    chart = await helm.chart({name: MARKED[name] for name in ("c.yaml", "s.yaml")})
    first = await owned(helm, None, chart, "me")
    second = await owned(helm, first, chart, "me")
    cost = helm.engine.last_cost
    assert cost
    unmarked = await helm.upgrade(second, chart, {"app": "a"})
    await helm.upgrade(unmarked, chart, {"app": "a"})
    assert helm.engine.last_cost
    assert cost.api_requests == helm.engine.last_cost.api_requests


async def test_the_claim_tells_of_volumes_and_tests(helm: Helm) -> None:
    hook = config_map("t").replace(
        "  name: t\n", "  name: t\n  annotations: {helm.sh/hook: test}\n"
    )
    templates = {"p.yaml": claim(), "s.yaml": stateful(), "t.yaml": hook}
    first = await helm.install(await helm.chart(templates), {"mode": "ReadWriteOnce"})
    told = {name: first.annotations.get(f"helmward.dev/{name}") for name in ("volumes", "tests")}
    assert told == {"volumes": "data,disk-db", "tests": "1"}
    second = await helm.upgrade(
        first, await helm.chart({"c.yaml": config_map("c")}, version="2.0.0")
    )
    assert not {"helmward.dev/volumes", "helmward.dev/tests"} & second.annotations.keys()
    third = await helm.rollback(second, 1)
    assert third.annotations["helmward.dev/volumes"] == "data,disk-db"
    assert third.annotations["helmward.dev/tests"] == "1"
