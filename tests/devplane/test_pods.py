"""Pods meet the fate that their annotations ask for, and tell of it as a kubelet would."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.devplane.api import Api
from tests.support.plane import Plane
from tests.support.wait import until

eventually = partial(until, within=20)
PREFIX = "devplane.helmward.dev"


@pytest.fixture
def api(plane: Plane) -> Api:
    return Api.of(Path(plane.kubeconfig))


class Pod:
    """A pod of one container, in a namespace of its own, told what is to become of it."""

    def __init__(self, api: Api, namespace: str, restart: str = "Always", **fate: str) -> None:
        annotations = {f"{PREFIX}/{key.replace('_', '-')}": text for key, text in fate.items()}
        container = {"name": "main", "image": "example.invalid/main:1"}
        spec = {"containers": [container], "restartPolicy": restart}
        self.api, self.uid = api, ""
        self.pods = f"/api/v1/namespaces/{namespace}/pods"
        self.events = f"/api/v1/namespaces/{namespace}/events"
        body = {"metadata": {"name": "one", "annotations": annotations}, "spec": spec}
        self.api.create(self.pods, body)

    @property
    def status(self) -> Any:
        return self.api.get(f"{self.pods}/one")["status"]

    @property
    def container(self) -> Any:
        return (self.status.get("containerStatuses") or [{"state": {}}])[0]

    @property
    def waits_for(self) -> str:
        return str(self.container["state"].get("waiting", {}).get("reason"))

    def warnings(self) -> set[str]:
        events = self.api.get(self.events)["items"]
        return {event["reason"] for event in events if event["type"] == "Warning"}

    def log(self, query: str = "") -> tuple[int, str]:
        return self.api.send("GET", f"{self.pods}/one/log?{query}")


@pytest.fixture(autouse=True)
async def _account(api: Api, namespace: str) -> None:
    """A new namespace takes pods once it has its account."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    await eventually(lambda: api.call("GET", path)[0] == 200)


@pytest.mark.parametrize(
    ("fate", "reason"),
    [
        ("image-missing", "ImagePullBackOff"),
        ("invalid-image", "InvalidImageName"),
        ("config-error", "CreateContainerConfigError"),
        ("crash-loops", "CrashLoopBackOff"),
        ("out-of-memory", "CrashLoopBackOff"),
    ],
)
async def test_a_pod_can_be_told_to_get_stuck(
    api: Api, namespace: str, fate: str, reason: str
) -> None:
    pod = Pod(api, namespace, pod=fate)

    await eventually(lambda: pod.waits_for == reason)
    assert not pod.container["ready"]
    ready = next(each for each in pod.status["conditions"] if each["type"] == "Ready")
    assert ready["status"] == "False"


async def test_a_crash_loop_goes_on(api: Api, namespace: str) -> None:
    """It is restarted again and again, and remembers how it ended last."""
    pod = Pod(api, namespace, pod="crash-loops", exit_code="3")

    await eventually(lambda: pod.waits_for == "CrashLoopBackOff")
    first = pod.container["restartCount"]
    await eventually(lambda: pod.container["restartCount"] >= first + 2)
    await eventually(lambda: pod.waits_for == "CrashLoopBackOff")
    ended = pod.container["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (3, "Error")
    await eventually(lambda: "BackOff" in pod.warnings())


async def test_a_pod_can_run_out_of_memory(api: Api, namespace: str) -> None:
    pod = Pod(api, namespace, pod="out-of-memory")

    await eventually(lambda: pod.waits_for == "CrashLoopBackOff")
    ended = pod.container["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")


async def test_a_pod_can_run_and_never_be_ready(api: Api, namespace: str) -> None:
    pod = Pod(api, namespace, pod="never-ready")

    await eventually(lambda: "Unhealthy" in pod.warnings())
    assert "running" in pod.container["state"]
    assert not pod.container["ready"]


async def test_a_pod_can_be_slow(api: Api, namespace: str) -> None:
    pod = Pod(api, namespace, ready_after="3s")

    await eventually(lambda: pod.status.get("phase") == "Running")
    since = {each["type"]: each["lastTransitionTime"] for each in pod.status["conditions"]}
    waited = datetime.fromisoformat(since["Ready"]) - datetime.fromisoformat(since["PodScheduled"])
    assert waited >= timedelta(seconds=2)  # these times are in whole seconds


async def test_a_job_fails_with_its_pod(api: Api, namespace: str) -> None:
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    container = {"name": "main", "image": "example.invalid/main:1"}
    template = {
        "metadata": {"annotations": {f"{PREFIX}/pod": "fails"}},
        "spec": {"containers": [container], "restartPolicy": "Never"},
    }
    body = {"metadata": {"name": "one"}, "spec": {"backoffLimit": 0, "template": template}}
    api.create(jobs, body)

    def conditions() -> set[str]:
        return {each["type"] for each in api.get(f"{jobs}/one")["status"].get("conditions", [])}

    await eventually(lambda: "Failed" in conditions())


@pytest.mark.parametrize(("fate", "code"), [({}, 1), ({"exit_code": "42"}, 42)])
async def test_a_pod_can_be_told_to_fail(
    api: Api, namespace: str, fate: dict[str, str], code: int
) -> None:
    pod = Pod(api, namespace, restart="Never", pod="fails", **fate)

    await eventually(lambda: pod.status.get("phase") == "Failed")
    assert pod.container["state"]["terminated"]["exitCode"] == code


async def test_a_log_says_what_the_pod_was_told_to_say(api: Api, namespace: str) -> None:
    pod = Pod(api, namespace, log="one\ntwo\nthree")

    await eventually(lambda: pod.status.get("phase") == "Running")
    assert pod.log() == (200, "one\ntwo\nthree\n")
    assert pod.log("tailLines=2") == (200, "two\nthree\n")
    assert pod.log("previous=true")[0] == 400


async def test_a_crash_leaves_its_log(api: Api, namespace: str) -> None:
    pod = Pod(api, namespace, pod="crash-loops", log="cannot open the database")

    await eventually(lambda: pod.waits_for == "CrashLoopBackOff")
    assert pod.log("previous=true") == (200, "cannot open the database\n")


async def test_what_never_ran_has_no_log(api: Api, namespace: str) -> None:
    pod = Pod(api, namespace, pod="invalid-image", log="never written")

    await eventually(lambda: pod.waits_for == "InvalidImageName")
    status, answer = pod.log()
    assert status == 400
    assert "is waiting to start: InvalidImageName" in answer
