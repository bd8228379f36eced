"""Every failure says its real cause, under the error that says who moves next."""

import asyncio
import json
from datetime import timedelta

import grpc
import pytest

from helmward.engine import User
from helmward.engine.pb import engine_pb2 as pb
from helmward.errors import (
    AccessDenied,
    ChartRejected,
    ClusterUnavailable,
    HelmwardError,
    NamespaceUnready,
    ReleaseFailed,
    ValuesInvalid,
)
from helmward.kube.resources import NAMESPACES
from helmward.model import Base
from tests.support.helm import SOON, Helm, config_map

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"replicas": {"type": "integer", "minimum": 1}},
        "required": ["replicas"],
    }
)


async def test_a_template_error_names_template_and_line(helm: Helm) -> None:
    broken = "apiVersion: v1\nkind: ConfigMap\nname: {{ .Values.a.b }}\n"
    chart = await helm.chart({"broken.yaml": broken})
    with pytest.raises(ChartRejected, match=r"app/templates/broken\.yaml:3") as caught:
        await helm.install(chart)
    assert caught.value.revision is None
    assert await helm.statuses() == []


async def test_a_template_that_fails_says_why(helm: Helm) -> None:
    chart = await helm.chart({"broken.yaml": '{{ fail "colour is required" }}'})
    with pytest.raises(ChartRejected, match="colour is required"):
        await helm.install(chart)


async def test_yaml_that_is_none_names_its_template(helm: Helm) -> None:
    chart = await helm.chart({"broken.yaml": "kind: ConfigMap\n  bad: indent\n"})
    with pytest.raises(ChartRejected, match=r"broken\.yaml"):
        await helm.install(chart)


async def test_values_that_break_the_schema_are_named(helm: Helm) -> None:
    files = {"values.schema.json": SCHEMA}
    chart = await helm.chart({"c.yaml": config_map("c")}, {"replicas": 1}, files=files)
    with pytest.raises(ValuesInvalid, match="replicas"):
        await helm.install(chart, {"replicas": "many"})
    await helm.install(chart, {"replicas": "many"}, disable_schema_validation=True)


async def test_a_chart_for_another_kubernetes_is_rejected(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("c")}, metadata={"kubeVersion": ">=9.0.0"})
    with pytest.raises(ChartRejected, match="kubeVersion"):
        await helm.install(chart)


async def test_an_object_that_the_server_refuses_is_named(helm: Helm) -> None:
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bad}\n"
        "spec: {replicas: -1, selector: {matchLabels: {a: b}},"
        " template: {metadata: {labels: {a: b}}, spec: {containers: []}}}\n"
    )
    chart = await helm.chart({"d.yaml": deployment})
    with pytest.raises(ReleaseFailed, match=r"Deployment bad: .*spec\.replicas") as caught:
        await helm.install(chart)
    assert "spec.replicas" in caught.value.revision.description


async def test_an_unknown_field_is_refused_by_the_server(helm: Helm) -> None:
    """The server validates strictly, so nothing is validated on our side."""
    chart = await helm.chart({"c.yaml": config_map("c") + "typo: here\n"})
    with pytest.raises(ReleaseFailed, match="typo"):
        await helm.install(chart)


async def test_what_a_secret_holds_is_not_in_the_message(helm: Helm) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
        "data: {password: {{ .Values.password | quote }}}\n"
    )
    chart = await helm.chart({"s.yaml": secret})
    with pytest.raises(ReleaseFailed, match="Secret s: refused") as caught:
        await helm.install(chart, {"password": "planted-secret!"})
    assert "planted" not in str(caught.value)
    assert "planted" not in caught.value.revision.description
    assert "planted" not in json.dumps(helm.logs)


async def test_a_kind_that_is_not_served_is_named(helm: Helm) -> None:
    thing = "apiVersion: nowhere.example/v1\nkind: Thing\nmetadata: {name: t}\n"
    chart = await helm.chart({"t.yaml": thing})
    with pytest.raises(ReleaseFailed, match=r"Thing t: .*nowhere\.example"):
        await helm.install(chart)


async def test_an_absent_namespace_is_named(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("c")})
    helm.namespace = "nosuch"
    with pytest.raises(NamespaceUnready, match="nosuch"):
        await helm.install(chart)


async def test_a_namespace_that_is_going_away_is_told_apart(helm: Helm) -> None:
    """Nothing can be made in it, but what is there can be uninstalled."""
    chart = await helm.chart({"c.yaml": config_map("c")})
    first = await helm.install(chart)
    blocker = {"metadata": {"name": helm.namespace, "finalizers": ["helmward.dev/test"]}}
    await helm.kube.patch(NAMESPACES, helm.namespace, None, blocker)
    await helm.kube.delete(NAMESPACES, helm.namespace)
    try:
        with pytest.raises(NamespaceUnready, match="terminated"):
            await helm.install(chart, name="third")
        found = await helm.engine.get(helm.ref())
        await helm.engine.uninstall(
            first.release, base=found.base if found else Base(), why="", deadline=SOON
        )
        assert await helm.engine.get(helm.ref()) is None
    finally:
        free = {"metadata": {"finalizers": None}}
        await helm.kube.patch(NAMESPACES, helm.namespace, None, free)


async def test_who_may_not_is_told_what(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("c")})
    nobody = helm.engine.acting_as(User("nobody"))
    with pytest.raises(AccessDenied, match=r'"nobody" cannot create resource "secrets"'):
        await nobody.install(
            helm.ref(), chart=chart, values=b"{}", base=Base(), why="", deadline=SOON
        )


IDENTITIES = [
    pb.Identity(),
    pb.Identity(operator=False),
    pb.Identity(user=pb.User()),
    pb.Identity(user=pb.User(name="  ", groups=["system:masters"])),
]


@pytest.mark.parametrize("identity", IDENTITIES, ids=["unset", "false", "empty", "blank"])
async def test_a_call_in_nobodys_name_is_refused(helm: Helm, identity: pb.Identity) -> None:
    """An empty impersonation header would silently mean the operator itself."""
    stub = await helm.process.stub()
    call = pb.Call(identity=identity, deadline_unix_ms=2_000_000_000_000)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Get(pb.GetRequest(call=call, release=pb.ReleaseRef(namespace="n", name="n")))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("deadline", "code"),
    [(0, grpc.StatusCode.INVALID_ARGUMENT), (1000, grpc.StatusCode.DEADLINE_EXCEEDED)],
)
async def test_a_call_without_a_future_is_refused(
    helm: Helm, deadline: int, code: grpc.StatusCode
) -> None:
    stub = await helm.process.stub()
    call = pb.Call(identity=pb.Identity(operator=True), deadline_unix_ms=deadline)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Stats(pb.StatsRequest(call=call))
    assert caught.value.code() == code


async def test_waiting_in_vain_is_a_failure_that_names_what_is_not_ready(helm: Helm) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
        "spec: {nodeSelector: {nowhere: x}, containers: [{name: main, image: i}]}\n"
    )
    phases: list[str] = []
    with pytest.raises(ReleaseFailed, match="not ready after 1s: Pod/p: ") as caught:
        await helm.install(
            await helm.chart({"p.yaml": pod}),
            wait=True,
            timeout=timedelta(seconds=1),
            on_phase=lambda name, _: phases.append(name),
        )
    assert "waiting" in phases
    assert caught.value.revision.status == "failed"


async def test_waiting_ends_when_all_is_ready(helm: Helm) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
        "spec: {containers: [{name: main, image: i}]}\n"
    )
    chart = await helm.chart({"p.yaml": pod, "c.yaml": config_map("c")})
    revision = await helm.install(chart, wait=True, timeout=timedelta(seconds=20))
    assert revision.status == "deployed"


async def test_an_api_server_that_is_away_is_not_the_charts_fault(
    helm: Helm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many at once, none of them hangs."""
    chart = await helm.chart({"c.yaml": config_map("c")})
    nowhere = helm.repo.folder / "kubeconfig"
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}
    nowhere.write_text(
        json.dumps(
            {
                "clusters": [cluster],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "users": [{"name": "u", "user": {}}],
                "current-context": "c",
            }
        )
    )
    monkeypatch.setattr(helm.process, "_kubeconfig", str(nowhere))
    assert helm.process.pid
    helm.process._process.terminate()  # type: ignore[union-attr]
    await helm.another_process()
    chart = await helm.pull("app")
    answers = await asyncio.gather(
        *(helm.install(chart, name=f"web-{n}") for n in range(4)), return_exceptions=True
    )
    assert all(isinstance(one, ClusterUnavailable) for one in answers), answers
    with pytest.raises(HelmwardError):
        await helm.engine.get(helm.ref())
