"""Unlock: a pending revision whose writer is gone becomes a failed one."""

from datetime import timedelta
from typing import Final

from helmward.errors import Conflict
from helmward.model import Revision
from helmward.releases.act.hands import Hands, Task

DEADLINE: Final = timedelta(seconds=30)


async def unlock(hands: Hands, task: Task, pending: Revision) -> Revision:
    """Make sure that the writer stays gone, then mark its revision failed.

    The mark is a compare-and-swap on the revision that was observed.

    Raises:
        Conflict: the writer lives after all, or somebody else was faster.
    """
    foreign = pending.session and pending.session != hands.session
    if foreign and not await hands.sessions.kill(pending.session, by=hands.session):
        raise Conflict(f"the writer of revision {pending.number} lives: {pending.session}")
    revision = await hands.engine.unlock(
        pending.release, base=pending.base, why=task.why, deadline=DEADLINE
    )
    hands.storage.saw(revision)
    return revision
