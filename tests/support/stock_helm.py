"""Releases as stock Helm and its users leave them: without a word of ours on them."""

import asyncio
import base64
import gzip
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from helmward.engine import Engine, EngineProcess
from helmward.errors import ReleaseFailed
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import DOMAIN, ReleaseRef, Revision
from tests.support.charts import ChartRepo
from tests.support.helm import Helm
from tests.support.operator import decoded
from tests.support.plane import Plane

ANTECEDENTS = ("helm.fluxcd.io/antecedent", "flux.weave.works/antecedent")


@dataclass(frozen=True, slots=True)
class StockHelm:
    """What people do with their own `helm`, in one namespace."""

    helm: Helm

    @property
    def kube(self) -> Kube:
        return self.helm.kube

    @property
    def namespace(self) -> str:
        return self.helm.namespace

    async def install(self, release: str, version: str = "1.0.0", **values: Any) -> None:
        """`helm install`, also where it fails; nothing on the Secret tells of us."""
        chart = await self.helm.pull("app", version)
        with suppress(ReleaseFailed):
            await self.helm.install(chart, values, name=release)
        await self._unmark(release)

    async def upgrade(self, release: str, version: str = "1.0.0", **values: Any) -> None:
        """`helm upgrade`."""
        chart = await self.helm.pull("app", version)
        await self.helm.upgrade(await self._newest(release), chart, values)

    async def rollback(self, release: str, to: int) -> None:
        """`helm rollback`."""
        await self.helm.rollback(await self._newest(release), to)

    async def uninstall(self, release: str) -> None:
        """`helm uninstall`."""
        await self.helm.uninstall(await self._newest(release))

    async def write(self, release: str, status: str, *, age: timedelta = timedelta(0)) -> int:
        """Write the next revision, with the content of the newest, and leave it in a status.

        Returns its number.
        """
        secret = await self._secret(release)
        document = decoded(secret)
        document["version"] += 1
        document["info"] |= {"status": status, "description": "by hand"}
        packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(document).encode())))
        number = int(document["version"])
        labels = {
            "name": release,
            "owner": "helm",
            "status": status,
            "version": str(number),
            "modifiedAt": _seconds_ago(age),
        }
        name = f"sh.helm.release.v1.{release}.v{number}"
        written = {
            "metadata": {"name": name, "labels": labels},
            "type": "helm.sh/release.v1",
            "data": {"release": packed.decode()},
        }
        await self.kube.create(SECRETS, written, self.namespace)
        return number

    async def grow_old(self, release: str, revision: int, age: timedelta) -> None:
        """Let a revision have been written so long ago."""
        patch = {"metadata": {"labels": {"modifiedAt": _seconds_ago(age)}}}
        name = f"sh.helm.release.v1.{release}.v{revision}"
        await self.kube.patch(SECRETS, name, self.namespace, patch)

    async def antecede(self, config_map: str, key: str, value: str) -> None:
        """Write on an object whose it is, as old operators did."""
        patch = {"metadata": {"annotations": {key: value}}}
        await self.kube.patch(CONFIG_MAPS, config_map, self.namespace, patch)

    async def versions(self, release: str) -> dict[str, str]:
        """Return the resourceVersions of the release's ConfigMaps, by name."""
        found, _ = await self.kube.list(CONFIG_MAPS, self.namespace)
        met = (one["metadata"] for one in found)
        return {one["name"]: one["resourceVersion"] for one in met if release in one["name"]}

    async def _newest(self, release: str) -> Revision:
        found = await self.helm.engine.get(ReleaseRef(self.namespace, release))
        assert found is not None, f"no release {release}"
        return found

    async def _secret(self, release: str) -> dict[str, Any]:
        number = (await self._newest(release)).number
        name = f"sh.helm.release.v1.{release}.v{number}"
        return await self.kube.get(SECRETS, name, self.namespace)

    async def _unmark(self, release: str) -> None:
        secret = await self._secret(release)
        metadata = secret["metadata"]
        ours = [one for one in metadata.get("annotations", {}) if one.startswith(f"{DOMAIN}/")]
        patch = {"metadata": {"annotations": dict.fromkeys(ours)}}
        await self.kube.patch(SECRETS, metadata["name"], self.namespace, patch)
        await self.helm.engine.invalidate(releases=True)


def _seconds_ago(age: timedelta) -> str:
    return str(int(time.time() - age.total_seconds()))


@asynccontextmanager
async def stock_helm(
    plane: Plane, kube: Kube, namespace: str, repo: ChartRepo
) -> AsyncIterator[StockHelm]:
    """Somebody's own `helm`: an engine that no operator knows of."""
    process = EngineProcess(kubeconfig=plane.kubeconfig)
    task = asyncio.create_task(process.run())
    try:
        async with asyncio.timeout(20):
            await process.ready.wait()
        yield StockHelm(Helm(Engine(process), process, repo, kube, namespace))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
