"""Workloads whose pods meet the fate that a test wants, and actions that wait for them."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from helmward.kube.resources import Resource
from helmward.model import Chart, Revision
from tests.support.helm import Helm, Values

PODS = Resource("", "v1", "pods", "Pod")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
JOBS = Resource("batch", "v1", "jobs", "Job")
LONG = timedelta(minutes=10)
NEVER = "never-ready"
"""The fate of pods that run and become ready only by `make_ready`."""


def deployment(name: str = "web", fate: str = NEVER, **more: str) -> str:
    """Write a template of a Deployment; a fate is the plane's, or empty."""
    annotations = {"devplane.helmward.dev/pod": fate, **more}
    lines = "".join(f'        {key}: "{value}"\n' for key, value in annotations.items() if value)
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n"
        f"  replicas: 1\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n"
        f"    metadata:\n      labels: {{app: {name}}}\n"
        + (f"      annotations:\n{lines}" if lines else "")
        + "    spec:\n      containers: [{name: main, image: registry.invalid/app:1}]\n"
    )


@dataclass
class Waiting:
    """An action that has reached its wait."""

    task: asyncio.Task[Revision]
    pending: Revision


async def begin(
    helm: Helm,
    chart: Chart,
    *,
    over: Revision | None = None,
    values: Values = None,
    name: str = "web",
    **options: Any,
) -> Waiting:
    """Start an install or upgrade and return it once it waits."""
    waits = asyncio.Event()

    def on_phase(phase: str, _detail: str) -> None:
        if phase == "waiting":
            waits.set()

    how: dict[str, Any] = {"wait": True, "timeout": LONG, "deadline": 2 * LONG, **options}
    if over:
        action = helm.upgrade(over, chart, values, on_phase=on_phase, **how)
    else:
        action = helm.install(chart, values, name=name, on_phase=on_phase, **how)
    task = asyncio.create_task(action)
    reached = asyncio.create_task(waits.wait())
    async with asyncio.timeout(20):
        await asyncio.wait({task, reached}, return_when=asyncio.FIRST_COMPLETED)
    if not reached.done():
        reached.cancel()
        await task
    pending = await helm.engine.get(helm.ref(name))
    assert pending is not None
    return Waiting(task, pending)


async def pods_of(helm: Helm, app: str) -> list[dict[str, Any]]:
    """List the pods of a Deployment, by its label."""
    found, _ = await helm.kube.list(PODS, helm.namespace)
    return [dict(pod) for pod in found if pod["metadata"].get("labels", {}).get("app") == app]


async def make_ready(helm: Helm, app: str = "web") -> None:
    """Play the kubelet of pods that would never be ready by themselves."""
    for pod in await pods_of(helm, app):
        if pod.get("status", {}).get("phase") != "Running":
            continue
        conditions = [
            {**one, "status": "True"} if one["type"] in {"Ready", "ContainersReady"} else one
            for one in pod["status"]["conditions"]
        ]
        statuses = [{**one, "ready": True} for one in pod["status"]["containerStatuses"]]
        status = {**pod["status"], "conditions": conditions, "containerStatuses": statuses}
        await helm.kube.replace_status(PODS, pod["metadata"]["name"], helm.namespace, status)


async def runs(helm: Helm, app: str = "web") -> bool:
    """Tell whether a pod of the Deployment runs."""
    return any(pod.get("status", {}).get("phase") == "Running" for pod in await pods_of(helm, app))


async def ended(waiting: Waiting) -> None:
    """Cancel what a test no longer needs."""
    waiting.task.cancel()
    await asyncio.gather(waiting.task, return_exceptions=True)
