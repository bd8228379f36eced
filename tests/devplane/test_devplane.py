"""The control plane behaves as a real cluster does, and leaves nothing behind."""

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from helmward.devplane import DevplaneFailed, Plane, running_plane, start_plane
from tests.devplane.api import Api
from tests.support.processes import children, lives, read
from tests.support.wait import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

# As the kernel has them: fifteen letters.
COMPONENTS = {"devplane", "etcd", "kube-apiserver", "kube-controller", "kube-scheduler", "kwok"}
NAMESPACE = "/api/v1/namespaces/default"
APPS = "/apis/apps/v1/namespaces/default"
JOBS = "/apis/batch/v1/namespaces/default/jobs"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plane]:
    folder = tmp_path_factory.mktemp("shared")
    async with running_plane(folder, unsafe_no_fsync=True) as running:
        yield running


@pytest.fixture
def api(plane: Plane) -> Api:
    return Api.of(plane.kubeconfig)


eventually = partial(until, within=20)


def family(plane: int) -> dict[int, str]:
    """Return the processes of a plane, each with its name."""
    return {pid: one.name for pid in [plane, *children(plane)] if (one := read(pid))}


async def all_gone(processes: dict[int, str]) -> None:
    await eventually(lambda: not any(lives(pid) for pid in processes))


def a_pod_spec(**more: object) -> dict[str, Any]:
    return {"containers": [{"name": "main", "image": "example.invalid/main:1"}], **more}


def a_pod(name: str, *, annotations: dict[str, str] | None = None, **more: object) -> object:
    return {"metadata": {"name": name, "annotations": annotations}, "spec": a_pod_spec(**more)}


def a_workload(name: str, **more: object) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": a_pod_spec()}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template, **more}
    return {"metadata": {"name": name}, "spec": spec}


def phase(api: Api, name: str) -> str:
    return str(api.get(f"{NAMESPACE}/pods/{name}")["status"].get("phase"))


async def test_it_says_its_true_version(plane: Plane, api: Api) -> None:
    """Charts with a `kubeVersion` constraint look at it."""
    version = api.get("/version")

    assert plane.version == version["gitVersion"] == "v1.36.3"
    assert (version["major"], version["minor"]) == ("1", "36")


async def test_its_nodes_are_ready_and_take_pods(api: Api) -> None:
    for node in api.get("/api/v1/nodes")["items"]:
        conditions = {each["type"]: each["status"] for each in node["status"]["conditions"]}
        assert conditions["Ready"] == "True"
        assert "taints" not in node["spec"]


async def test_a_deployment_gets_ready_pods(api: Api) -> None:
    api.create(f"{APPS}/deployments", a_workload("web"))

    path = f"{APPS}/deployments/web"
    await eventually(lambda: api.get(path)["status"].get("readyReplicas") == 2)


async def test_a_stateful_set_gets_its_volumes(api: Api) -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    body = a_workload("db", serviceName="db", volumeClaimTemplates=[claim])
    api.create(f"{APPS}/statefulsets", body)

    path = f"{APPS}/statefulsets/db"
    await eventually(lambda: api.get(path)["status"].get("readyReplicas") == 2)


async def test_a_job_completes(api: Api) -> None:
    spec = {"template": {"spec": a_pod_spec(restartPolicy="Never")}}
    api.create(JOBS, {"metadata": {"name": "once"}, "spec": spec})

    await eventually(lambda: api.get(f"{JOBS}/once")["status"].get("succeeded") == 1)


async def test_a_pod_that_is_not_restarted_succeeds(api: Api) -> None:
    """Helm's tests are such pods, without a Job."""
    api.create(f"{NAMESPACE}/pods", a_pod("single", restartPolicy="Never"))

    await eventually(lambda: phase(api, "single") == "Succeeded")


async def test_a_pod_is_admitted_with_the_account_of_its_namespace(api: Api) -> None:
    """As in any cluster: the account appears by itself, its token is mounted."""
    api.create("/api/v1/namespaces", {"metadata": {"name": "fresh"}})

    def created() -> Any:
        status, pod = api.call("POST", "/api/v1/namespaces/fresh/pods", a_pod("main"))
        return pod if status == 201 else None

    pod = await eventually(created)
    assert pod["spec"]["serviceAccountName"] == "default"
    mounts = pod["spec"]["containers"][0]["volumeMounts"]
    assert mounts[0]["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"


async def test_a_pod_with_an_unknown_account_is_refused(api: Api) -> None:
    status, answer = api.call(
        "POST", f"{NAMESPACE}/pods", a_pod("stranger", serviceAccountName="nobody")
    )

    assert (status, answer["reason"]) == (403, "Forbidden")


async def test_rights_are_granted_not_given(api: Api) -> None:
    """A token of an account without roles may look at nothing; a made-up one is nobody's."""
    request = f"{NAMESPACE}/serviceaccounts/default/token"
    token = api.create(request, {"spec": {"expirationSeconds": 600}})["status"]["token"]

    assert api.as_bearer(token).call("GET", f"{NAMESPACE}/secrets")[0] == 403
    assert api.as_bearer("made-up").call("GET", f"{NAMESPACE}/secrets")[0] == 401


async def test_the_api_server_alone_can_be_away(plane: Plane, api: Api) -> None:
    """The rest stays what it was, and is soon at work again."""
    before = family(plane.pid)
    body = a_workload("after")

    await plane.stop_api_server()
    with pytest.raises(ConnectionRefusedError):
        api.get("/readyz")
    await plane.start_api_server()

    api.create(f"{APPS}/deployments", body)
    path = f"{APPS}/deployments/after"
    await eventually(lambda: api.get(path)["status"].get("readyReplicas") == 2)
    changed = dict(before.items() ^ family(plane.pid).items())
    assert set(changed.values()) == {"kube-apiserver"}


async def test_two_planes_share_neither_port_nor_token(plane: Plane, tmp_path: Path) -> None:
    async with running_plane(tmp_path, unsafe_no_fsync=True) as other:
        ours, theirs = Api.of(plane.kubeconfig), Api.of(other.kubeconfig)

        assert plane.server != other.server
        assert theirs.as_bearer(ours.token).call("GET", "/api/v1/nodes")[0] == 401


async def test_one_folder_is_for_one_plane(plane: Plane) -> None:
    with pytest.raises(DevplaneFailed, match="another plane runs in"):
        await start_plane(plane.folder)


async def test_the_next_run_goes_on_where_the_last_stopped(tmp_path: Path) -> None:
    """Same port, same token, same data; and between the two not one process is left."""
    async with running_plane(tmp_path, unsafe_no_fsync=True) as first:
        api = Api.of(first.kubeconfig)
        api.create(f"{NAMESPACE}/configmaps", {"metadata": {"name": "kept"}, "data": {"a": "b"}})
        processes = family(first.pid)
        assert set(processes.values()) == COMPONENTS
    assert not any(lives(pid) for pid in processes)

    async with running_plane(tmp_path, unsafe_no_fsync=True) as second:
        assert second.server == first.server
        assert api.get(f"{NAMESPACE}/configmaps/kept")["data"] == {"a": "b"}


async def test_a_part_that_dies_takes_the_plane_down_by_name(tmp_path: Path) -> None:
    plane = await start_plane(tmp_path, unsafe_no_fsync=True)
    processes = family(plane.pid)
    scheduler = next(pid for pid, name in processes.items() if name == "kube-scheduler")

    os.kill(scheduler, signal.SIGKILL)

    await all_gone(processes)
    with pytest.raises(DevplaneFailed, match="kube-scheduler died"):
        await plane.stop()


async def test_a_killed_plane_leaves_no_process(tmp_path: Path) -> None:
    plane = await start_plane(tmp_path, unsafe_no_fsync=True)
    processes = family(plane.pid)

    os.kill(plane.pid, signal.SIGKILL)

    await all_gone(processes)
    with pytest.raises(DevplaneFailed, match="ended early"):
        await plane.stop()


async def test_a_plane_dies_with_the_program_that_started_it(tmp_path: Path) -> None:
    """Even if that one is killed and can clean up nothing; also from a thread that has ended."""
    program = """
        import asyncio, pathlib, sys, threading, time
        from helmward.devplane import start_plane

        def start():
            plane = asyncio.run(start_plane(pathlib.Path(sys.argv[1]), unsafe_no_fsync=True))
            print(plane.pid, flush=True)

        thread = threading.Thread(target=start)
        thread.start()
        thread.join()
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    parent = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    processes = family(int(await parent.stdout.readline()))
    assert set(processes.values()) == COMPONENTS

    parent.kill()

    await all_gone(processes)
    await parent.wait()


async def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELMWARD_DEVPLANE", "/nowhere/devplane")

    with pytest.raises(DevplaneFailed, match="cannot run /nowhere/devplane: No such file"):
        await start_plane(tmp_path)
