"""The third act: somebody deletes an object of a release, and it comes back.

Called by the story. Deletes as anyone with kubectl could; that it comes back is
the operator's doing, and how soon is told by the narrator.
"""

from typing import Final

from helmward.demo.cluster import condition
from helmward.demo.stage import Stage
from helmward.kube.resources import CONFIG_MAPS

NAMESPACE: Final = "shop"
RELEASE: Final = "storefront"
LOST: Final = "shop-storefront"


async def lose_an_object(stage: Stage) -> None:
    """Delete the storefront's ConfigMap; return when it is back and its HelmRelease says so."""
    cluster, display = stage.cluster, stage.display
    display.say("do", "kubectl delete", f"configmap {LOST}, behind Helmward's back")
    gone = await cluster.kube.delete(CONFIG_MAPS, LOST, NAMESPACE)
    display.wait_for(f"waiting for ConfigMap {LOST} to come back")
    await cluster.until(lambda: _is_back(stage, gone["details"]["uid"]) and _is_told(stage))


def _is_back(stage: Stage, gone: str) -> bool:
    """Tell whether another object stands where the deleted one did."""
    found = stage.cluster.configs.store.get(NAMESPACE, LOST)
    return found is not None and found["metadata"]["uid"] != gone


def _is_told(stage: Stage) -> bool:
    """Tell whether the HelmRelease says what was put right."""
    release = stage.cluster.releases.store.get(NAMESPACE, RELEASE)
    return release is not None and LOST in condition(release, "Drifted").get("message", "")
