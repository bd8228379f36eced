"""Waits: on watches that all share, ended early where there is no hope, noted in storage."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from helmward.engine import Engine, EngineProcess
from helmward.engine.options import User
from helmward.errors import AccessDenied, NotReady, ReleaseFailed
from helmward.kube.resources import Resource
from helmward.model import Status
from tests.support.helm import Helm, config_map
from tests.support.plane import Plane
from tests.support.tcp_proxy import TcpProxy
from tests.support.wait import until
from tests.support.workloads import (
    JOBS,
    begin,
    deployment,
    ended,
    make_ready,
    pods_of,
    runs,
)

ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
PHASE, DEADLINE = "helmward.dev/phase", "helmward.dev/deadline"


async def watches(helm: Helm, *plurals: str) -> int:
    """Count the watches that the API server serves for kinds."""
    text = (await helm.kube.raw("GET", "/metrics")).decode()
    lines = [
        line
        for line in text.splitlines()
        if line.startswith("apiserver_longrunning_requests{") and 'verb="WATCH"' in line
    ]
    return sum(
        int(float(line.rsplit(" ", 1)[1]))
        for line in lines
        for plural in plurals
        if f'resource="{plural}"' in line
    )


async def test_a_wait_ends_when_the_new_pods_are_ready(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment()})
    waiting = await begin(helm, chart)
    await until(lambda: runs(helm))
    assert not waiting.task.done()
    await make_ready(helm)
    revision = await asyncio.wait_for(waiting.task, 20)
    assert revision.status == Status.DEPLOYED
    assert revision.annotations[PHASE] == "done"


async def test_an_upgrade_that_changes_nothing_is_ready_at_once(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment(fate="")})
    first = await helm.install(chart, wait=True)
    begun = time.monotonic()
    await helm.upgrade(first, chart, wait=True)
    assert time.monotonic() - begun < 3


async def test_an_upgrade_is_not_ready_by_what_was_ready_before(helm: Helm) -> None:
    """The watch may still tell of the Deployment as it was before the upgrade."""
    chart = await helm.chart({"d.yaml": deployment(fate="{{ .Values.fate }}")})
    revision = await helm.install(chart, {"fate": ""}, wait=True)
    waiting = await begin(helm, chart, over=revision, values={"fate": "never-ready"})
    await until(lambda: runs(helm))
    assert not waiting.task.done()
    assert await helm.statuses() == ["1 deployed", "2 pending-upgrade"]
    await ended(waiting)


async def test_the_wait_is_noted_with_its_deadline(helm: Helm) -> None:
    """Another process can go on with it; before the wait and after it, it says otherwise."""
    chart = await helm.chart({"d.yaml": deployment(), "c.yaml": config_map("c")})
    before = datetime.now(UTC)
    waiting = await begin(helm, chart, timeout=timedelta(minutes=3))

    async def noted() -> bool:
        found = await helm.engine.get(helm.ref())
        return found is not None and found.annotations[PHASE] == "waiting"

    await until(noted)
    found = await helm.engine.get(helm.ref())
    assert found
    deadline = datetime.fromisoformat(found.annotations[DEADLINE])
    assert timedelta(seconds=175) < deadline - before < timedelta(seconds=200)
    stored = await helm.stored(1)
    assert stored["release"]["info"]["status"] == "pending-install"
    await ended(waiting)


async def test_without_wait_nothing_is_noted(helm: Helm) -> None:
    phases: list[str] = []
    chart = await helm.chart({"d.yaml": deployment()})
    revision = await helm.install(chart, on_phase=lambda name, _: phases.append(name))
    assert revision.annotations[PHASE] == "done"
    assert "waiting" not in phases


async def test_an_image_that_cannot_be_pulled_ends_the_wait(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment(fate="image-missing")})
    begun = time.monotonic()
    with pytest.raises(NotReady, match="ImagePullBackOff") as caught:
        await helm.install(chart, wait=True, timeout=timedelta(minutes=5))
    assert time.monotonic() - begun < 20
    cause = caught.value.cause
    assert (cause.object, cause.reason, cause.hopeless) == (
        "Deployment/web",
        "ImagePullBackOff",
        True,
    )
    assert cause.pod.startswith("web-")
    assert cause.container == "main"
    assert caught.value.revision.status == Status.FAILED
    assert "ImagePullBackOff" in caught.value.revision.description


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
async def test_the_pods_of_every_workload_are_looked_at(helm: Helm, kind: str) -> None:
    text = deployment(fate="crash-loops").replace("kind: Deployment", f"kind: {kind}")
    text = text.replace("  replicas: 1\n", "" if kind == "DaemonSet" else "  serviceName: web\n")
    with pytest.raises(NotReady, match=f"{kind}/web: .*CrashLoopBackOff"):
        await helm.install(await helm.chart({"w.yaml": text}), wait=True)


async def test_a_failing_pod_of_the_revision_before_does_not_fail_the_new_one(helm: Helm) -> None:
    """Its ReplicaSet is kept until the new pods are ready."""
    chart = await helm.chart({"d.yaml": deployment(fate="{{ .Values.fate }}")})
    first = await helm.install(chart, {"fate": "crash-loops"})

    async def crashes() -> bool:
        pods = await pods_of(helm, "web")
        return any(pod.get("status", {}).get("containerStatuses") for pod in pods)

    await until(crashes)
    waiting = await begin(helm, chart, over=first, values={"fate": "never-ready"})
    begun = time.monotonic()

    async def both() -> bool:
        return len(await pods_of(helm, "web")) == 2 and time.monotonic() - begun > 6

    await until(both, within=20)  # Longer than a hopeless workload is given.
    assert not waiting.task.done()
    await make_ready_of(helm, "never-ready")
    assert (await asyncio.wait_for(waiting.task, 20)).status == Status.DEPLOYED


async def make_ready_of(helm: Helm, fate: str) -> None:
    pods = await pods_of(helm, "web")
    fates = [pod["metadata"]["annotations"]["devplane.helmward.dev/pod"] for pod in pods]
    assert fate in fates
    await make_ready(helm)


async def test_at_the_end_of_its_time_a_wait_names_the_cause(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment()})
    with pytest.raises(ReleaseFailed, match=r"^not ready after 2s: Deployment/web: ") as caught:
        await helm.install(chart, wait=True, timeout=timedelta(seconds=2))
    assert caught.value.cause.object == "Deployment/web"
    assert not caught.value.cause.hopeless
    assert await helm.statuses() == ["1 failed"]


async def test_a_hook_that_cannot_start_fails_early_with_its_cause(helm: Helm) -> None:
    job = (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\n"
        '  annotations: {helm.sh/hook: "pre-install"}\n'
        "spec: {backoffLimit: 0, template: {metadata: {annotations: "
        '{devplane.helmward.dev/pod: "image-missing"}}, spec: {restartPolicy: Never,'
        " containers: [{name: main, image: i}]}}}\n"
    )
    with pytest.raises(ReleaseFailed, match=r"hook Job/j: pod j-.*ImagePullBackOff") as caught:
        await helm.install(await helm.chart({"j.yaml": job}))
    assert caught.value.cause.object == "Job/j"


async def test_a_hook_that_fails_tells_its_exit_code(helm: Helm) -> None:
    job = (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\n"
        '  annotations: {helm.sh/hook: "pre-install"}\n'
        "spec: {backoffLimit: 0, template: {metadata: {annotations: "
        '{devplane.helmward.dev/pod: "fails"}}, spec: {restartPolicy: Never,'
        " containers: [{name: main, image: i}]}}}\n"
    )
    with pytest.raises(ReleaseFailed, match="hook Job/j: ") as caught:
        await helm.install(await helm.chart({"j.yaml": job}))
    assert caught.value.cause.exit_code == 1
    assert await helm.live("j", JOBS) is not None


async def test_two_hundred_waits_share_a_few_watches(helm: Helm) -> None:
    """And no more goroutines than one for each action and its stream."""
    count = 200
    kinds = ("deployments", "pods")
    chart = await helm.chart({"d.yaml": deployment("{{ .Release.Name }}")})
    watches_before = await watches(helm, *kinds)
    goroutines_before = (await helm.engine.stats()).goroutines
    names = [f"w{number}" for number in range(count)]
    tasks = [
        asyncio.create_task(
            helm.install(chart, name=name, wait=True, deadline=timedelta(minutes=5))
        )
        for name in names
    ]

    async def all_wait() -> bool:
        found, _ = await helm.kube.list(Resource("", "v1", "secrets", "Secret"), helm.namespace)
        phases = [one["metadata"].get("annotations", {}).get(PHASE) for one in found]
        return phases.count("waiting") == count

    await until(all_wait, within=90, every=1)
    assert await watches(helm, *kinds) - watches_before <= len(kinds)
    goroutines = (await helm.engine.stats()).goroutines - goroutines_before
    assert goroutines < 6 * count
    requests = (await helm.engine.stats()).api_requests

    await until(lambda: every_pod_runs(helm, count), within=120, every=1)
    assert (await helm.engine.stats()).api_requests - requests < count / 4
    await asyncio.gather(*(make_ready(helm, name) for name in names[:5]))
    await asyncio.wait_for(asyncio.gather(*tasks[:5]), 30)
    for task in tasks[5:]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def every_pod_runs(helm: Helm, count: int) -> bool:
    found, _ = await helm.kube.list(Resource("", "v1", "pods", "Pod"), helm.namespace)
    running = [one for one in found if one.get("status", {}).get("phase") == "Running"]
    return len(running) == count


async def test_a_watch_that_nobody_needs_ends(helm: Helm) -> None:
    before = await watches(helm, "deployments")
    waiting = await begin(helm, await helm.chart({"d.yaml": deployment()}))

    async def count(expected: int) -> bool:
        return await watches(helm, "deployments") - before == expected

    await until(lambda: count(1))
    await ended(waiting)
    await until(lambda: count(0), within=20, every=0.5)


def impostor(helm: Helm, *rules: dict[str, Any]) -> list[tuple[Resource, dict[str, Any]]]:
    metadata = {"name": "tenant", "namespace": helm.namespace}
    role = {"metadata": metadata, "rules": list(rules)}
    group = "rbac.authorization.k8s.io"
    binding = {
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "tenant"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": f"tenant-{helm.namespace}"}],
    }
    return [(ROLES, role), (BINDINGS, binding)]


async def as_tenant(helm: Helm, *verbs: str) -> Helm:
    """Act as a user who may do all but what is not among the verbs with Deployments."""
    rules = [
        {"apiGroups": [""], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": list(verbs)},
    ]
    for resource, obj in impostor(helm, *rules):
        await helm.kube.create(resource, obj)
    return replace(helm, engine=helm.engine.acting_as(User(f"tenant-{helm.namespace}")))


async def test_who_may_not_watch_polls(helm: Helm) -> None:
    tenant = await as_tenant(helm, "get", "create", "patch", "update", "delete")
    chart = await helm.chart({"d.yaml": deployment(fate="")})
    revision = await tenant.install(chart, wait=True)
    assert revision.status == Status.DEPLOYED


async def test_who_may_not_even_read_is_told_so(helm: Helm) -> None:
    tenant = await as_tenant(helm, "create", "patch", "update", "delete")
    chart = await helm.chart({"d.yaml": deployment()})
    with pytest.raises(AccessDenied, match="cannot wait for Deployment/web"):
        await tenant.install(chart, wait=True)
    assert await helm.statuses() == ["1 failed"]


def through(plane: Plane, proxy: TcpProxy, folder: Path) -> Path:
    """Write a kubeconfig that leads through the proxy."""
    config = yaml.safe_load(Path(plane.kubeconfig).read_text())
    for cluster in config["clusters"]:
        cluster["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
        cluster["cluster"]["tls-server-name"] = "localhost"
    file = folder / "through-proxy"
    file.write_text(yaml.safe_dump(config))
    return file


@asynccontextmanager
async def behind_a_proxy(
    helm: Helm, plane: Plane, folder: Path
) -> AsyncIterator[tuple[Helm, TcpProxy]]:
    """Yield an engine of its own that reaches the API server through a proxy."""
    host, port = plane.address
    proxy = TcpProxy(host, port)
    await proxy.start()
    file = through(plane, proxy, folder)
    running = EngineProcess(kubeconfig=str(file), on_log=helm.logs.append)
    task = asyncio.create_task(running.run())
    try:
        async with asyncio.timeout(10):
            await running.ready.wait()
        yield replace(helm, engine=Engine(running), process=running), proxy
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await proxy.stop()


async def test_a_wait_outlives_its_watch(helm: Helm, plane: Plane, tmp_path: Path) -> None:
    async with behind_a_proxy(helm, plane, tmp_path) as (far, proxy):
        waiting = await begin(far, await far.chart({"d.yaml": deployment()}))
        await until(lambda: runs(helm))
        proxy.cut()
        await make_ready(helm)
        assert (await asyncio.wait_for(waiting.task, 20)).status == Status.DEPLOYED


async def test_a_wait_outlives_an_api_server_that_is_away(
    helm: Helm, plane: Plane, tmp_path: Path
) -> None:
    """What became ready meanwhile is seen when it is back."""
    async with behind_a_proxy(helm, plane, tmp_path) as (far, proxy):
        waiting = await begin(far, await far.chart({"d.yaml": deployment()}))
        await until(lambda: runs(helm))
        accepted = proxy.accepted
        proxy.freeze(new_too=True)
        proxy.cut()
        await until(lambda: proxy.accepted > accepted, within=20)
        await make_ready(helm)
        proxy.thaw()
        proxy.cut()
        assert (await asyncio.wait_for(waiting.task, 30)).status == Status.DEPLOYED
