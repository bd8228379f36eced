"""What the demo sees of the cluster: HelmReleases, their objects and Helm's own storage.

Called by the narrator and the story. Reads and watches; the only thing that it
writes is the CRDs.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final

from helmward.apis.crds import crd_documents
from helmward.apis.v1beta1 import RESOURCE
from helmward.kube import Kube, PartialObject, decode_object, decode_partial
from helmward.kube.resources import CONFIG_MAPS, CRDS, DEPLOYMENTS, SECRETS
from helmward.runtime.informer import Informer

Document = dict[str, Any]
HELM_STORAGE: Final = "owner=helm"
HELM_OBJECTS: Final = "app.kubernetes.io/managed-by=Helm"
LOOK_AGAIN: Final = 0.05


class Cluster:
    """Stores that follow the cluster while `run` runs, and a way to wait on them."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube
        self.releases: Informer[Document] = Informer(kube, RESOURCE, decode=decode_object)
        self.workloads: Informer[Document] = Informer(kube, DEPLOYMENTS, decode=decode_object)
        self.configs: Informer[Document] = Informer(
            kube, CONFIG_MAPS, decode=decode_object, label_selector=HELM_OBJECTS
        )
        self.revisions: Informer[PartialObject] = Informer(
            kube,
            SECRETS,
            decode=decode_partial,
            label_selector=HELM_STORAGE,
            metadata_only=True,
        )
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Follow the cluster until cancelled."""
        informers = (self.releases, self.workloads, self.configs, self.revisions)
        async with asyncio.TaskGroup() as group:
            for informer in informers:
                group.create_task(informer.run())
            for informer in informers:
                await informer.synced.wait()
                informer.subscribe(self._note)

    def _note(self, *_: object) -> None:
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is asked after every change."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()


async def install_crds(kube: Kube) -> list[str]:
    """Apply our CRDs, wait until they are served, and return their names."""
    names = []
    for crd in crd_documents():
        applied = await kube.apply(crd, resource=CRDS)
        names.append(applied["metadata"]["name"])
    for name in names:
        while not established(await kube.get(CRDS, name)):  # noqa: ASYNC110 (a matter of moments)
            await asyncio.sleep(LOOK_AGAIN)
    return names


def established(crd: Document) -> bool:
    """Tell whether the API server serves the kind."""
    return condition(crd, "Established").get("status") == "True"


def condition(document: Document, kind: str) -> Document:
    """Return one condition of an object, empty where it has none."""
    conditions: Iterator[Document] = iter(document.get("status", {}).get("conditions") or ())
    return next((one for one in conditions if one["type"] == kind), {})


def ready(release: Document) -> bool:
    """Tell whether a HelmRelease is Ready as its newest spec asks."""
    observed = release.get("status", {}).get("observedGeneration")
    same = observed == release["metadata"].get("generation")
    return same and condition(release, "Ready").get("status") == "True"


def pods_ready(workload: Document) -> tuple[int, int]:
    """Return how many pods of a Deployment are ready in its newest form, of how many."""
    wanted, status = workload["spec"].get("replicas", 1), workload.get("status", {})
    if status.get("observedGeneration") != workload["metadata"].get("generation"):
        return 0, wanted
    if status.get("replicas", 0) != status.get("updatedReplicas", 0):
        return min(status.get("updatedReplicas", 0), max(wanted - 1, 0)), wanted
    return status.get("readyReplicas", 0), wanted
