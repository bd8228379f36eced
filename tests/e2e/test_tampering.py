"""Somebody runs helm, or edits Helm's records: it is told as drift, and put right in every mode."""

from pathlib import Path

import pytest

from helmward.kube.resources import SECRETS
from helmward.model import DriftMode
from tests.support.helm_command import HelmCommand
from tests.support.operator import Releases
from tests.support.plane import Plane
from tests.support.stories import colour, forget_history, history, reaches

MODES = pytest.mark.parametrize("mode", ["warn", "enabled"])


@pytest.fixture
def helm(plane: Plane, namespace: str) -> HelmCommand:
    """What somebody has on his own machine."""
    return HelmCommand(plane.kubeconfig, namespace)


async def two_revisions(v1: Releases, mode: str = "warn") -> None:
    """Release red, then green."""
    for one in ("red", "green"):
        await v1.apply("web", values={"colour": one}, driftDetection={"mode": mode})
        await v1.ready("web")


async def drifted(v1: Releases, *words: str) -> None:
    """Wait until the condition and an event tell what was done, and all is well."""
    told = await v1.says("web", "DriftCorrected", *words, kind="Drifted")
    assert told["status"] == "False"
    await v1.tells("web", words[0])
    await v1.ready("web")


@MODES
async def test_helm_upgrade_is_told_and_brought_back(
    helm: HelmCommand, v1: Releases, release: str, charts: Path, mode: str
) -> None:
    await two_revisions(v1, mode)
    chart = str(charts / "app-1.0.0.tgz")
    await helm("upgrade", release, chart, "--set=colour=black", "--force-conflicts")
    await reaches(v1, release, ["1 superseded", "2 superseded", "3 superseded", "4 deployed"])
    await drifted(v1, "revision 3 by another tool at 2", "Upgrade complete", "with revision 4")
    assert await colour(v1, release) == "green"


@MODES
async def test_helm_rollback_is_told_and_brought_back(
    helm: HelmCommand, v1: Releases, release: str, mode: str
) -> None:
    await two_revisions(v1, mode)
    await helm("rollback", release, "1", "--force-conflicts")
    await reaches(v1, release, ["1 superseded", "2 superseded", "3 superseded", "4 deployed"])
    await drifted(v1, "revision 3 by another tool at 2", "Rollback to 1", "with revision 4")
    assert await colour(v1, release) == "green"


@MODES
async def test_helm_uninstall_is_told_and_brought_back(
    helm: HelmCommand, v1: Releases, release: str, mode: str
) -> None:
    await two_revisions(v1, mode)
    await helm("uninstall", release)
    # Seen half way, or at its end.
    await drifted(v1, "revision 2 was ", "by another tool", "; brought back with revision 1")
    assert await colour(v1, release) == "green"
    assert await history(v1, release) == ["1 deployed"]


async def test_helm_uninstall_that_keeps_the_history_is_told(
    helm: HelmCommand, v1: Releases, release: str
) -> None:
    await two_revisions(v1)
    await helm("uninstall", release, "--keep-history")
    await drifted(v1, "revision 2 was marked uninstalled by another tool", "Uninstall")
    assert await colour(v1, release) == "green"


async def test_records_that_are_deleted_are_told(v1: Releases, release: str) -> None:
    """The objects are still there: they are taken into a new first revision."""
    await two_revisions(v1)
    await forget_history(v1, release)
    await drifted(v1, "revision 2 was removed by another tool; brought back with revision 1")
    assert await history(v1, release) == ["1 deployed"]


async def test_the_newest_record_alone_that_is_deleted_is_told(v1: Releases, release: str) -> None:
    await two_revisions(v1)
    await v1.kube.delete(SECRETS, f"sh.helm.release.v1.{release}.v2", v1.namespace)
    await drifted(v1, "revision 2 was removed by another tool: 1 is left")
    assert await history(v1, release) == ["1 superseded", "2 deployed"]


async def test_a_record_that_loses_its_label_is_told(v1: Releases, release: str) -> None:
    """Without it no Helm finds the record any more."""
    await two_revisions(v1)
    await relabel(v1, release, owner=None)
    await drifted(v1, "revision 2 was removed by another tool: 1 is left")


async def test_a_record_that_is_marked_failed_is_told(v1: Releases, release: str) -> None:
    await two_revisions(v1)
    await relabel(v1, release, status="failed")
    await drifted(v1, "revision 2 was marked failed by another tool", "with revision 3")
    assert await colour(v1, release) == "green"


async def test_what_nobody_looks_for_is_put_right_all_the_same(
    helm: HelmCommand, v1: Releases, release: str
) -> None:
    """The mode is about objects. Records that are not ours were always brought back."""
    await two_revisions(v1, DriftMode.DISABLED)
    await helm("rollback", release, "1", "--force-conflicts")
    await reaches(v1, release, ["1 superseded", "2 superseded", "3 superseded", "4 deployed"])
    await v1.tells("web", "revision 3 by another tool")
    await v1.ready("web")
    assert not await v1.condition("web", "Drifted")


async def relabel(v1: Releases, release: str, **labels: str | None) -> None:
    """Change labels of the record of revision 2."""
    name = f"sh.helm.release.v1.{release}.v2"
    await v1.kube.patch(SECRETS, name, v1.namespace, {"metadata": {"labels": labels}})
