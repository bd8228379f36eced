"""HorizontalPodAutoscalers, which the plane's own controller obeys."""

from typing import Any, Final

from helmward.kube import Kube
from helmward.kube.resources import DEPLOYMENTS, Resource
from tests.support.wait import until

AUTOSCALERS: Final = Resource(
    "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"
)


def an_autoscaler(namespace: str, target: str, *, least: int = 3) -> dict[str, Any]:
    """Return one that keeps a Deployment at no less than so many pods; metrics there are none."""
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    return {
        "apiVersion": AUTOSCALERS.api_version,
        "kind": AUTOSCALERS.kind,
        "metadata": {"name": target, "namespace": namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "minReplicas": least,
            "maxReplicas": 9,
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
    }


async def scaled(kube: Kube, namespace: str, name: str, to: int) -> dict[str, Any]:
    """Wait until a Deployment has so many pods asked for; the controller looks every 15 s."""

    async def is_so() -> dict[str, Any]:
        found = await kube.get(DEPLOYMENTS, name, namespace)
        return found if found["spec"]["replicas"] == to else {}

    return dict(await until(is_so, within=60))
