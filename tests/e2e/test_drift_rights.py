"""Drift where the operator may not do all that it needs, or knows less than it wrote itself."""

from pathlib import Path
from typing import Any

from helmward.apis import V1
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import KINDS, OBJECTS, DriftMode
from tests.e2e.test_checks import ALL_BUT_WATCHING_CONFIG_MAPS, SOON
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.rights import a_rule, bound, kubeconfig_as
from tests.support.stories import colour, noted
from tests.support.wait import until

ALL_BUT_WRITING_CONFIG_MAPS = (
    a_rule(["*"], ["*"], ["get", "list", "watch"]),
    a_rule([""], ["secrets", "events"], ["*"]),
    a_rule(["coordination.k8s.io", "flux.weave.works", "helm.fluxcd.io"], ["*"], ["*"]),
)
ENABLED: dict[str, Any] = {"driftDetection": {"mode": "enabled"}}


async def paint(v1: Releases, release: str, wanted: str) -> None:
    patch = {"data": {"colour": wanted}}
    await v1.kube.patch(CONFIG_MAPS, f"{release}-0", v1.namespace, patch)


async def becomes(v1: Releases, release: str, wanted: str) -> None:
    async def is_so() -> bool:
        return await colour(v1, release) == wanted

    await until(is_so, within=20)


async def test_what_may_not_be_watched_is_looked_at_at_each_check(
    plane: Plane, releases: Releases, release: str, tmp_path: Path
) -> None:
    v1 = releases.of("app", resource=V1.resource)
    user = f"no-watch-{v1.namespace}"
    async with bound(v1.kube, user, *ALL_BUT_WATCHING_CONFIG_MAPS):
        kubeconfig = kubeconfig_as(user, plane.kubeconfig, tmp_path)
        async with running(settings_for(str(kubeconfig), check=SOON)):
            await v1.apply("web", values={"colour": "red"}, **ENABLED)
            await v1.ready("web")
            await paint(v1, release, "by hand")
            await becomes(v1, release, "red")
            await v1.kube.delete(CONFIG_MAPS, f"{release}-0", v1.namespace)
            await becomes(v1, release, "red")
            await v1.clear()


async def test_what_may_not_be_looked_at_is_told_with_the_reason(
    plane: Plane, releases: Releases, release: str, tmp_path: Path
) -> None:
    """A look is a dry run of a write. It is tried again later, and the release stays Ready."""
    v1 = releases.of("app", resource=V1.resource)
    user = f"no-write-{v1.namespace}"
    async with running(settings_for(plane.kubeconfig)):
        await v1.apply("web", values={"colour": "red"}, **ENABLED)
        await v1.ready("web")
    async with bound(v1.kube, user, *ALL_BUT_WRITING_CONFIG_MAPS):
        kubeconfig = kubeconfig_as(user, plane.kubeconfig, tmp_path)
        async with running(settings_for(str(kubeconfig))):
            await v1.ready("web")
            await paint(v1, release, "by hand")
            told = await v1.says("web", "CannotLook", "cannot patch", kind="Drifted")
            assert told["status"] == "Unknown"
            await v1.ready("web")
    async with running(settings_for(plane.kubeconfig)):
        await becomes(v1, release, "red")
        await v1.clear()


async def test_a_release_of_an_older_helmward_is_looked_at_as_a_whole_once(
    plane: Plane, releases: Releases, release: str
) -> None:
    """Its record does not tell its objects; after that it does, and what differs is found."""
    v1 = releases.of("app", resource=V1.resource)
    async with running(settings_for(plane.kubeconfig)):
        await v1.apply("web", values={"colour": "red", "objects": 2})
        await v1.ready("web")
    name = f"sh.helm.release.v1.{release}.v1"
    patch = {"metadata": {"annotations": {KINDS: None, OBJECTS: None}}}
    await v1.kube.patch(SECRETS, name, v1.namespace, patch)
    await paint(v1, release, "by hand")
    async with running(settings_for(plane.kubeconfig)):
        await v1.says("web", "DriftDetected", "/data/colour", kind="Drifted")
        await until(lambda: _tells_its_objects(v1, release), within=10)
    async with running(settings_for(plane.kubeconfig, drift=DriftMode.ENABLED)):
        await becomes(v1, release, "red")
        await v1.says("web", "DriftCorrected", kind="Drifted")
        await v1.clear()


async def _tells_its_objects(v1: Releases, release: str) -> bool:
    return {KINDS, OBJECTS} <= (await noted(v1, release)).keys()
