"""Hooks, and kinds that are new to the cluster."""

import json
import secrets

import pytest

from helmward.errors import NotFound, ReleaseFailed
from helmward.kube.resources import CRDS, Resource
from helmward.model import Status
from tests.support.helm import Helm, config_map
from tests.support.wait import until

JOBS = Resource("batch", "v1", "jobs", "Job")


def hooked(name: str, events: str, policy: str = "", weight: int = 0, **data: str) -> str:
    """Write a ConfigMap that is a hook."""
    marks = f'    helm.sh/hook: "{events}"\n    helm.sh/hook-weight: "{weight}"\n'
    if policy:
        marks += f'    helm.sh/hook-delete-policy: "{policy}"\n'
    return config_map(name, **data).replace(
        f"  name: {name}\n", f"  name: {name}\n  annotations:\n{marks}"
    )


def job(name: str, events: str, policy: str = "") -> str:
    """Write a Job hook that the plane lets run to its end."""
    deletes = f', helm.sh/hook-delete-policy: "{policy}"' if policy else ""
    return (
        f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n"
        f'  annotations: {{helm.sh/hook: "{events}"{deletes}}}\n'
        "spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never,"
        " containers: [{name: main, image: i}]}}}\n"
    )


async def test_hooks_run_around_the_objects(helm: Helm) -> None:
    templates = {
        "c.yaml": config_map("c"),
        "before.yaml": hooked("before", "pre-install", v="1"),
        "after.yaml": hooked("after", "post-install,post-upgrade", v="{{ .Release.Revision }}"),
    }
    chart = await helm.chart(templates)
    first = await helm.install(chart)
    assert await helm.data("before") == {"v": "1"}
    assert await helm.data("after") == {"v": "1"}
    second = await helm.upgrade(first, chart)
    assert await helm.data("after") == {"v": "2"}
    stored = await helm.stored(2)
    runs = {hook["name"]: hook["last_run"]["phase"] for hook in stored["release"]["hooks"]}
    assert runs["after"] == "Succeeded"
    await helm.uninstall(second)


async def test_a_hook_left_by_a_former_run_is_applied_over(helm: Helm) -> None:
    chart = await helm.chart({"h.yaml": hooked("h", "pre-install", "hook-failed", v="new")})
    first = await helm.install(chart)
    await helm.uninstall(first)
    assert await helm.data("h") == {"v": "new"}
    await helm.install(chart)


async def test_a_job_is_waited_for_and_deleted_as_it_asks(helm: Helm) -> None:
    chart = await helm.chart({"j.yaml": job("j", "pre-install,pre-upgrade", "hook-succeeded")})
    first = await helm.install(chart)
    assert await helm.live("j", JOBS) is None
    await helm.upgrade(first, chart)


async def test_a_job_is_replaced_before_it_runs_again(helm: Helm) -> None:
    chart = await helm.chart({"j.yaml": job("j", "pre-install,pre-upgrade")})
    first = await helm.install(chart)
    before = await helm.live("j", JOBS)
    await helm.upgrade(first, chart)
    after = await helm.live("j", JOBS)
    assert before
    assert after
    assert before["metadata"]["uid"] != after["metadata"]["uid"]


async def test_a_hook_that_fails_is_named_with_its_cause(helm: Helm) -> None:
    late = (
        job("late", "pre-install")
        .replace("backoffLimit: 0", "activeDeadlineSeconds: 1")
        .replace("containers:", "nodeSelector: {nowhere: x}, containers:")
    )
    chart = await helm.chart({"j.yaml": late, "c.yaml": config_map("c")})
    with pytest.raises(ReleaseFailed, match="hook Job/late: DeadlineExceeded") as caught:
        await helm.install(chart)
    assert caught.value.revision.status == Status.FAILED
    assert "hook Job/late" in caught.value.revision.description
    assert await helm.data("c") is None


async def test_a_hook_that_the_server_refuses_is_named(helm: Helm) -> None:
    chart = await helm.chart({"h.yaml": hooked("Bad_Name", "pre-install")})
    with pytest.raises(ReleaseFailed, match="hook ConfigMap/Bad_Name"):
        await helm.install(chart)


async def test_hooks_can_be_left_out(helm: Helm) -> None:
    chart = await helm.chart({"h.yaml": hooked("Bad_Name", "pre-install")})
    await helm.install(chart, disable_hooks=True)


def crd(kind: str) -> str:
    """Write a CustomResourceDefinition of an open schema."""
    plural = kind.lower() + "s"
    return json.dumps(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.test.helmward.dev"},
            "spec": {
                "group": "test.helmward.dev",
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {
                            "openAPIV3Schema": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                            }
                        },
                    }
                ],
            },
        }
    )


def new_kind() -> str:
    return "Thing" + secrets.token_hex(3)


def custom(kind: str) -> str:
    return (
        f"apiVersion: test.helmward.dev/v1\nkind: {kind}\nmetadata: {{name: t}}\nspec: {{a: 1}}\n"
    )


async def test_a_kind_that_came_later_is_found_without_a_restart(helm: Helm) -> None:
    """The memory of what is served would say for ever that it is fresh."""
    kind = new_kind()
    chart = await helm.chart({"t.yaml": custom(kind)})
    with pytest.raises(ReleaseFailed, match=kind):
        await helm.install(chart)
    definition = json.loads(crd(kind))
    await helm.kube.create(CRDS, definition)

    async def served() -> bool:
        try:
            listed = json.loads(await helm.kube.raw("GET", "/apis/test.helmward.dev/v1"))
        except NotFound:
            return False
        return kind in {one["kind"] for one in listed["resources"]}

    await until(served)
    revision = await helm.install(chart)
    assert revision.status == Status.DEPLOYED
    await helm.uninstall(revision)
    await helm.kube.delete(CRDS, definition["metadata"]["name"])


async def test_a_charts_own_kinds_come_before_its_objects(helm: Helm) -> None:
    kind = new_kind()
    chart = await helm.chart({"t.yaml": custom(kind)}, files={"crds/thing.yaml": crd(kind)})
    revision = await helm.install(chart)
    again = await helm.install(await helm.chart({"c.yaml": config_map("c")}, name="b"), name="b")
    assert again.status == Status.DEPLOYED
    await helm.upgrade(revision, chart)
    await helm.kube.delete(CRDS, json.loads(crd(kind))["metadata"]["name"])


async def test_a_release_whose_kinds_are_gone_can_be_uninstalled(helm: Helm) -> None:
    kind = new_kind()
    templates = {"t.yaml": custom(kind), "c.yaml": config_map("c")}
    chart = await helm.chart(templates, files={"crds/thing.yaml": crd(kind)})
    revision = await helm.install(chart)
    name = json.loads(crd(kind))["metadata"]["name"]
    await helm.kube.delete(CRDS, name)

    async def gone() -> bool:
        found, _ = await helm.kube.list(CRDS)
        return name not in {one["metadata"]["name"] for one in found}

    await until(gone)
    await helm.engine.invalidate(discovery=True)
    await helm.uninstall(revision)
    assert await helm.data("c") is None
    assert await helm.statuses() == []
