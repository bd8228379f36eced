"""The story of `helmward demo`, act by act.

Called by the command. What is started here is ended by the block that started
it, in the reverse order, whatever happens.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from helmward.demo.cluster import pods_ready, ready
from helmward.demo.display import Display
from helmward.demo.loss import LOST, lose_an_object
from helmward.demo.stage import PATIENCE, Stage, performed, staged
from helmward.demo.verify import Expected, problems
from helmward.errors import ConfigInvalid

LOG_LINES: Final = 15

FIRST: Final = (
    Expected("shop", "storefront", "shop-storefront", 1, 2, "Good morning!"),
    Expected("shop", "cart", "shop-cart", 1, 1, "Good morning!"),
    Expected("payments", "ledger", "ledger", 1, 1, "Paid in full."),
)
SECOND: Final = (replace(FIRST[0], revision=2, replicas=3, greeting="Good evening!"), *FIRST[1:])
THIRD: Final = (replace(SECOND[0], mended=LOST), *SECOND[1:])
CHANGE: Final = "storefront: one pod more, and it is evening"


async def play(*, once: bool) -> int:
    """Show it all; with `once` return 0 if the end state is right, else stay until cancelled.

    Returns 1 as soon as an act does not come to its end, having said why.
    """
    if not shutil.which("git"):
        raise ConfigInvalid("the demo needs the program `git` (Debian: apt-get install git)")
    with tempfile.TemporaryDirectory(prefix="helmward-demo-") as folder:
        async with Display() as display, staged(Path(folder), display) as stage:
            try:
                return await _perform(stage, once=once)
            except asyncio.CancelledError:
                display.wait_for("ending Helmward, then its control plane")
                raise
            except Exception:
                _show_log(stage)
                raise


async def _perform(stage: Stage, *, once: bool) -> int:
    """Play all acts while Helmward runs."""
    async with performed(stage):
        for begin, end in ((_first_act, FIRST), (_second_act, SECOND), (lose_an_object, THIRD)):
            if not await _act(stage, begin, end):
                _show_log(stage)
                return 1
        pods = sum(one.replicas for one in SECOND)
        stage.display.say(
            "done",
            "as expected",
            f"{len(SECOND)} releases, {pods} pods; Helm's "
            "own storage and the live objects agree with git",
        )
        if not once:
            _invite(stage)
            await asyncio.Event().wait()
    return 0


async def _first_act(stage: Stage) -> None:
    """Helmward finds the commit by itself: it was there before it started."""


async def _second_act(stage: Stage) -> None:
    """Change a value in git."""
    file = stage.repository.folder / "storefront.yaml"
    changed = file.read_text().replace("replicas: 2", "replicas: 3").replace("morning", "evening")
    commit = await stage.repository.commit({file.name: changed}, CHANGE)
    stage.display.say("do", "git commit", f'{commit} "{CHANGE}"')


async def _act(
    stage: Stage,
    begin: Callable[[Stage], Awaitable[None]],
    end: tuple[Expected, ...],
) -> bool:
    """Begin an act and wait for its end; say what is wrong if that does not come."""
    try:
        async with asyncio.timeout(PATIENCE):
            await begin(stage)
            stage.display.wait_for("waiting for " + ", ".join(map(str, end)))
            await stage.cluster.until(lambda: all(_has_come(stage, one) for one in end))
    except TimeoutError:
        stage.display.say("bad", "given up", f"not there after {PATIENCE:.0f}s")
    stage.display.wait_for("")
    wrong = [line for one in end for line in await problems(stage.cluster.kube, one)]
    for line in wrong:
        stage.display.say("bad", "wrong", line)
    return not wrong


def _has_come(stage: Stage, expected: Expected) -> bool:
    """Tell whether a HelmRelease is Ready at its revision, with all its pods."""
    release = stage.cluster.releases.store.get(expected.namespace, expected.name)
    workload = stage.cluster.workloads.store.get(expected.namespace, expected.release)
    if not (release and workload and ready(release)):
        return False
    enough = pods_ready(workload) == (expected.replicas, expected.replicas)
    return enough and release["status"].get("releaseRevision") == expected.revision


def _invite(stage: Stage) -> None:
    """Say how to look around, and how to end it."""
    kubectl, folder = stage.kubectl, stage.repository.folder
    for line in (
        "",
        "Look around, in another terminal:",
        "",
        f"  export KUBECONFIG={stage.plane.kubeconfig}",
        f"  {kubectl} get helmreleases --all-namespaces",
        f"  {kubectl} -n shop get deployments,pods,configmaps",
        f"  {kubectl} -n shop describe helmrelease storefront",
        f"  {kubectl} -n shop delete configmap {LOST}",
        "",
        f"Or change a file in {folder} and commit it: what follows is told here.",
        "Ctrl-C ends the demo and removes all of it.",
        "",
    ):
        stage.display.plain(line)


def _show_log(stage: Stage) -> None:
    """Show the end of Helmward's log: its folder goes away."""
    lines = stage.log.read_text(errors="replace").splitlines() if stage.log.exists() else []
    stage.display.plain(f"\nThe last lines of Helmward's log ({len(lines)} in all):")
    for line in lines[-LOG_LINES:]:
        stage.display.plain(f"  {line}")
