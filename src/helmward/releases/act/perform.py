"""From a decision to its verb."""

from helmward.model import (
    Base,
    Decision,
    Forget,
    Install,
    Observed,
    Revision,
    Uninstall,
    Unlock,
    Upgrade,
)
from helmward.releases.act.hands import Hands, Task
from helmward.releases.act.hold import forget, hold
from helmward.releases.act.install import install
from helmward.releases.act.uninstall import uninstall
from helmward.releases.act.unlock import unlock
from helmward.releases.act.upgrade import upgrade

VERBS = {
    Install: "install",
    Upgrade: "upgrade",
    Unlock: "unlock",
    Uninstall: "uninstall",
    Forget: "forget",
}


async def perform(
    hands: Hands, task: Task, decision: Decision, observed: Observed
) -> Revision | None:
    """Perform one decision once; return the revision that it wrote, if it wrote one.

    Raises whatever the verb raises; a decision without a verb is a bug.
    """
    newest = observed.newest
    base = newest.base if newest else Base()
    match decision:
        case Forget():
            await forget(hands, task.declared)
        case Unlock() if newest:
            return await unlock(hands, task, newest)
        case Uninstall():
            target = _target(observed, decision)
            await uninstall(hands, task, decision.release, target.base if target else Base())
        case Install():
            await hold(hands, task.declared)
            return await install(hands, task, base)
        case Upgrade():
            await hold(hands, task.declared)
            return await upgrade(hands, task, base)
        case _:
            raise AssertionError(f"no verb for {decision}")
    return None


def _target(observed: Observed, decision: Uninstall) -> Revision | None:
    for one in (observed.newest, observed.former):
        if one and one.release == decision.release:
            return one
    return None
