"""From a decision to its verb."""

from typing import Final

from helmward.model import (
    Adopt,
    Base,
    Compare,
    Correct,
    Decision,
    Drift,
    Forget,
    Install,
    Likeness,
    Look,
    Observed,
    Render,
    Resume,
    Revision,
    Rollback,
    Sweep,
    Test,
    Uninstall,
    Unlock,
    Upgrade,
)
from helmward.releases.act.adopt import adopt, compare
from helmward.releases.act.drift import look
from helmward.releases.act.hands import Hands, Task
from helmward.releases.act.hold import forget, hold
from helmward.releases.act.install import install
from helmward.releases.act.render import render, sweep
from helmward.releases.act.resume import resume
from helmward.releases.act.rollback import rollback
from helmward.releases.act.test import test
from helmward.releases.act.uninstall import uninstall
from helmward.releases.act.unlock import unlock
from helmward.releases.act.upgrade import upgrade

VERBS: Final[dict[type, str]] = {
    Install: "install",
    Upgrade: "upgrade",
    Rollback: "rollback",
    Test: "test",
    Resume: "resume",
    Unlock: "unlock",
    Adopt: "adopt",
    Compare: "compare",
    Render: "render",
    Sweep: "sweep",
    Look: "look",
    Correct: "correct",
    Uninstall: "uninstall",
    Forget: "forget",
}
LOOKS: Final = (Compare, Render, Sweep, Forget)
"""What makes no change to a release, and so no event."""
HOLDS: Final = (Install, Upgrade, Adopt, Rollback, Resume)
"""What must not happen without the finalizer: it would be left behind."""

Result = Revision | Likeness | Drift | None


async def perform(hands: Hands, task: Task, decision: Decision) -> Result:
    """Perform one decision once; return what it wrote or found, if anything.

    Raises whatever the verb raises; a decision without a verb is a bug.
    """
    if isinstance(decision, HOLDS):
        await hold(hands, task.declared)
    newest = task.observed.newest
    base = newest.base if newest else Base()
    match decision:
        case Forget():
            await forget(hands, task)
        case Uninstall():
            target = _target(task.observed, decision)
            await uninstall(hands, task, decision.release, target.base if target else Base())
        case Install():
            return await install(hands, task, base)
        case Upgrade():
            return await upgrade(hands, task, base)
        case Rollback():
            return await rollback(hands, task, decision, base)
        case Test():
            return await test(hands, task, base)
        case Render():
            await render(hands, task)
        case _ if newest:
            return await _with_newest(hands, task, decision, newest)
        case _:
            raise AssertionError(f"no verb for {decision}")
    return None


async def _with_newest(hands: Hands, task: Task, decision: Decision, newest: Revision) -> Result:
    match decision:
        case Unlock():
            return await unlock(hands, task, newest)
        case Resume():
            return await resume(hands, task, newest)
        case Compare():
            return await compare(hands, task, newest)
        case Adopt():
            return await adopt(hands, task, newest)
        case Look() | Correct():
            return await look(hands, task, decision, newest)
        case Sweep():
            await sweep(hands, newest)
        case _:
            raise AssertionError(f"no verb for {decision}")
    return None


def _target(observed: Observed, decision: Uninstall) -> Revision | None:
    for one in (observed.newest, observed.former):
        if one and one.release == decision.release:
            return one
    return None
