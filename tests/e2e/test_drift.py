"""Somebody changes objects of a release: they are put right, or it is told, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from helmward.apis import V1
from helmward.errors import NotFound
from helmward.kube.resources import CONFIG_MAPS, Resource
from helmward.model import DRIFT_DETECTION, DriftMode
from tests.support.kubectl import Kubectl
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.stories import colour, history
from tests.support.wait import until

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
ENABLED: dict[str, Any] = {"driftDetection": {"mode": "enabled"}}


@pytest.fixture
def kubectl(plane: Plane, namespace: str) -> Kubectl:
    return Kubectl(plane.kubeconfig, namespace)


async def becomes(v1: Releases, release: str, wanted: str) -> None:
    """Wait until the first ConfigMap has a colour."""

    async def is_so() -> bool:
        return await colour(v1, release) == wanted

    await until(is_so, within=20)


async def paint(v1: Releases, release: str, wanted: str, *, by: str = "painter") -> None:
    """Change the colour of the first ConfigMap as another field manager does."""
    await change(v1, release, {"data": {"colour": wanted}}, by=by)


async def change(
    v1: Releases, release: str, content: dict[str, Any], *, by: str = "painter"
) -> None:
    """Take fields of the first ConfigMap."""
    metadata = {"name": f"{release}-0", "namespace": v1.namespace} | content.pop("metadata", {})
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **content}
    await v1.kube.apply(document, field_manager=by, force=True)


async def drifted(v1: Releases, status: str, *words: str, name: str = "web") -> dict[str, Any]:
    """Wait until the condition says so."""
    told = await v1.says(name, *words, kind="Drifted")
    assert told["status"] == status, told
    return told


# Put right


async def test_a_deleted_object_comes_back(v1: Releases, release: str) -> None:
    """At once, and without a new revision."""
    await v1.apply("web", values={"colour": "red"}, **ENABLED)
    await v1.ready("web")
    await v1.kube.delete(CONFIG_MAPS, f"{release}-0", v1.namespace)
    await becomes(v1, release, "red")
    await drifted(v1, "False", "DriftCorrected", f"ConfigMap {v1.namespace}/{release}-0: deleted")
    await v1.tells("web", "deleted")
    assert await history(v1, release) == ["1 deployed"]
    await v1.ready("web")


async def test_an_edited_field_is_put_back_and_its_editor_named(
    v1: Releases, release: str, kubectl: Kubectl
) -> None:
    await v1.apply("web", values={"colour": "red"}, **ENABLED)
    await v1.ready("web")
    patch = '{"data":{"colour":"by hand","own":"kept"}}'
    await kubectl("patch", "configmap", f"{release}-0", "--type=merge", f"--patch={patch}")
    await becomes(v1, release, "red")
    told = await drifted(v1, "False", "DriftCorrected", '/data/colour "red" -> "by hand"')
    assert "by kubectl-patch (Update) at " in told["message"]
    assert "/data/own" not in told["message"]
    kept = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)
    assert kept["data"]["own"] == "kept"
    assert await history(v1, release) == ["1 deployed"]


async def test_a_removed_field_is_put_back(v1: Releases, release: str) -> None:
    await v1.apply("web", values={"colour": "red"}, **ENABLED)
    await v1.ready("web")
    patch = {"data": {"colour": None}}
    await v1.kube.patch(CONFIG_MAPS, f"{release}-0", v1.namespace, patch)
    await becomes(v1, release, "red")
    await drifted(v1, "False", "DriftCorrected", '/data/colour "red" removed')


async def test_what_changed_while_nobody_ran_is_put_right(
    plane: Plane, releases: Releases, release: str
) -> None:
    """One object deleted, one edited; the watch has seen neither."""
    v1 = releases.of("app", resource=V1.resource)
    async with running(settings_for(plane.kubeconfig, drift=DriftMode.ENABLED)):
        await v1.apply("web", values={"colour": "red", "objects": 2})
        await v1.ready("web")
    await v1.kube.delete(CONFIG_MAPS, f"{release}-1", v1.namespace)
    await paint(v1, release, "by hand")
    async with running(settings_for(plane.kubeconfig, drift=DriftMode.ENABLED)):
        await becomes(v1, release, "red")
        await exists(v1, f"{release}-1")
        await v1.clear()


async def test_what_a_rollback_brought_back_is_kept(v1: Releases, release: str) -> None:
    """What is asked for failed; what is there is relied on all the same."""
    rollback = {"rollback": {"enable": True}} | ENABLED
    await v1.apply("web", values={"colour": "red"}, **rollback)
    await v1.ready("web")
    await v1.apply("web", values={"colour": "blue", "refused": True}, **rollback)
    await v1.says("web", "RolledBack", "revision 3")
    await paint(v1, release, "by hand")
    await becomes(v1, release, "red")
    await drifted(v1, "False", "DriftCorrected")
    assert (await v1.condition("web", "Ready"))["reason"] == "RolledBack"
    assert len(await history(v1, release)) == 3


async def test_what_is_in_force_is_kept_while_its_chart_cannot_be_had(
    v1: Releases, release: str
) -> None:
    """A wrong version in the spec is no reason to leave the release to itself."""
    await v1.apply("web", values={"colour": "red"}, **ENABLED)
    await v1.ready("web")
    await v1.apply("web", values={"colour": "red"}, chart={"version": "9.9.9"}, **ENABLED)
    await v1.says("web", "9.9.9")
    await paint(v1, release, "by hand")
    await becomes(v1, release, "red")
    await drifted(v1, "False", "DriftCorrected")
    assert (await v1.condition("web", "Ready"))["status"] == "False"


# Told only


async def test_drift_is_told_and_told_as_gone_when_it_is_mended(v1: Releases, release: str) -> None:
    """The default: the release stays Ready, since it was released as asked for."""
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    await paint(v1, release, "by hand")
    words = f'ConfigMap {v1.namespace}/{release}-0: /data/colour "red" -> "by hand" by painter'
    await drifted(v1, "True", "DriftDetected", words)
    await v1.tells("web", words)
    await v1.ready("web")
    assert await colour(v1, release) == "by hand"
    await paint(v1, release, "red")
    await drifted(v1, "False", "DriftGone")


async def test_a_deletion_is_told_until_somebody_makes_it_anew(v1: Releases, release: str) -> None:
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    before = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)
    await v1.kube.delete(CONFIG_MAPS, f"{release}-0", v1.namespace)
    await drifted(v1, "True", "DriftDetected", "deleted")
    kept = {name: before["metadata"][name] for name in ("name", "labels", "annotations")}
    await v1.kube.create(CONFIG_MAPS, {"metadata": kept, "data": before["data"]}, v1.namespace)
    await drifted(v1, "False", "DriftGone")


async def test_an_upgrade_ends_what_was_told(v1: Releases, release: str) -> None:
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    await paint(v1, release, "by hand")
    await drifted(v1, "True", "DriftDetected")
    await v1.apply("web", values={"colour": "green"})
    await becomes(v1, release, "green")
    await drifted(v1, "False", "DriftGone")


async def test_what_was_told_is_put_right_once_that_is_wanted(v1: Releases, release: str) -> None:
    """Also by annotation, for those whose spec is not theirs to write."""
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    await paint(v1, release, "by hand")
    await drifted(v1, "True", "DriftDetected")
    await v1.annotate("web", **{DRIFT_DETECTION: "enabled"})
    await becomes(v1, release, "red")
    await drifted(v1, "False", "DriftCorrected")


async def test_drift_is_known_again_after_a_restart(
    plane: Plane, releases: Releases, release: str
) -> None:
    """What the status tells is neither lost nor told as gone before it was looked at."""
    v1 = releases.of("app", resource=V1.resource)
    async with running(settings_for(plane.kubeconfig)):
        await v1.apply("web", values={"colour": "red"})
        await v1.ready("web")
        await paint(v1, release, "by hand")
        before = await drifted(v1, "True", "DriftDetected")
    async with running(settings_for(plane.kubeconfig)):
        await v1.annotate("web", **{DRIFT_DETECTION: "enabled"})
        await becomes(v1, release, "red")
        after = await drifted(v1, "False", "DriftCorrected")
        assert after["message"] == before["message"]
        await v1.clear()


# Left alone


async def test_nobody_looks_where_that_is_not_wanted(v1: Releases, release: str) -> None:
    """Another release, whose change is told, shows that there was time to look."""
    await v1.apply("web", values={"colour": "red"}, driftDetection={"mode": "disabled"})
    await v1.apply("other", values={"colour": "red"})
    await v1.ready("web")
    await v1.ready("other")
    await paint(v1, release, "by hand")
    await paint(v1, f"{v1.namespace}-other", "by hand")
    await drifted(v1, "True", "DriftDetected", name="other")
    assert not await v1.condition("web", "Drifted")
    assert await colour(v1, release) == "by hand"


async def test_fields_that_may_differ_are_left_as_they_are(v1: Releases, release: str) -> None:
    """Also while another field of the same object is put right."""
    rule = {"paths": ["/data/colour"], "target": {"kind": "ConfigMap", "name": ".*-0"}}
    await v1.apply(
        "web",
        values={"colour": "red", "objects": 2},
        driftDetection={"mode": "enabled", "ignore": [rule]},
    )
    await v1.ready("web")
    await paint(v1, release, "by hand")
    await change(v1, release, {"data": {"version": "by hand"}}, by="x")
    told = await drifted(v1, "False", "DriftCorrected", "/data/version")
    assert "/data/colour" not in told["message"]
    found = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)
    assert found["data"] == {"colour": "by hand", "version": "1.0.0"}


async def test_a_rule_that_is_taken_back_leaves_nothing_behind(v1: Releases, release: str) -> None:
    """The watch has nothing new to tell; the policy has."""
    rule = {"paths": ["/data/colour"]}
    await v1.apply(
        "web", values={"colour": "red"}, driftDetection={"mode": "enabled", "ignore": [rule]}
    )
    await v1.ready("web")
    await paint(v1, release, "by hand")
    await v1.apply("web", values={"colour": "red"}, **ENABLED)
    await becomes(v1, release, "red")


@pytest.mark.parametrize("word", [DRIFT_DETECTION, "helm.toolkit.fluxcd.io/driftDetection"])
async def test_an_object_that_says_so_is_left_alone(v1: Releases, release: str, word: str) -> None:
    await v1.apply("web", values={"colour": "red", "objects": 2}, **ENABLED)
    await v1.ready("web")
    await change(v1, release, {"metadata": {"annotations": {word: "disabled"}}}, by="x")
    await paint(v1, release, "by hand")
    await v1.kube.delete(CONFIG_MAPS, f"{release}-1", v1.namespace)
    await drifted(v1, "False", "DriftCorrected", "deleted")
    assert await colour(v1, release) == "by hand"


async def test_a_suspended_release_is_put_right_when_it_goes_on(v1: Releases, release: str) -> None:
    await v1.apply("web", values={"colour": "red"}, **ENABLED)
    await v1.ready("web")
    await v1.annotate("web", suspend="true")
    await v1.says("web", "suspended", kind="Suspended")
    await paint(v1, release, "by hand")
    await v1.annotate("web", suspend=None)
    await becomes(v1, release, "red")


async def test_a_selector_that_cannot_be_read_is_named(v1: Releases, release: str) -> None:
    """Nobody looks then: it is not known what is to be left alone. The release is Ready."""
    rule = {"paths": ["/data"], "target": {"labelSelector": "app in ("}}
    await v1.apply("web", driftDetection={"mode": "enabled", "ignore": [rule]})
    await v1.ready("web")
    await paint(v1, release, "by hand")
    told = await drifted(v1, "Unknown", "CannotLook", "labelSelector")
    assert "spec.driftDetection.ignore[0].target" in told["message"]
    await v1.ready("web")
    assert await colour(v1, release) == "by hand"


# Fights


@asynccontextmanager
async def a_rival(v1: Releases, release: str) -> AsyncIterator[Callable[[], int]]:
    """Let somebody paint the first ConfigMap black whenever it is not; tells how often he did."""
    strokes = 0

    async def paints() -> None:
        nonlocal strokes
        while True:
            if await colour(v1, release) not in {"black", None}:
                await paint(v1, release, "black", by="rival")
                strokes += 1
            await asyncio.sleep(0.02)

    task = asyncio.create_task(paints())
    try:
        yield lambda: strokes
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_fight_is_told_and_the_rest_goes_on(v1: Releases, release: str) -> None:
    """Whoever is on the other side is named; a second object is put right meanwhile."""
    await v1.apply("web", values={"colour": "red", "objects": 2}, **ENABLED)
    await v1.ready("web")
    async with a_rival(v1, release) as strokes:
        told = await drifted(v1, "True", "Contested", "/data/colour", "by rival (Apply)")
        assert strokes() <= 5
        await v1.tells("web", "by rival")
        await v1.kube.delete(CONFIG_MAPS, f"{release}-1", v1.namespace)
        await exists(v1, f"{release}-1")
        assert await colour(v1, release) == "black"
        assert "next at " in told["message"]
        await v1.ready("web")
    await v1.apply("web", values={"colour": "green", "objects": 2}, **ENABLED)
    await becomes(v1, release, "green")
    await drifted(v1, "False", "DriftGone")


async def exists(v1: Releases, name: str) -> None:
    """Wait until a ConfigMap is there."""

    async def there() -> bool:
        try:
            await v1.kube.get(CONFIG_MAPS, name, v1.namespace)
        except NotFound:
            return False
        return True

    await until(there, within=20)
