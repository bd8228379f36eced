"""Unlock: a pending revision whose writer is gone becomes a failed one."""

from datetime import timedelta
from typing import Final

from helmward.model import Revision
from helmward.releases.act.hands import Hands, Task
from helmward.releases.act.resume import bury_writer

DEADLINE: Final = timedelta(seconds=30)


async def unlock(hands: Hands, task: Task, pending: Revision) -> Revision:
    """Make sure that the writer stays gone, then mark its revision failed.

    The mark is a compare-and-swap on the revision that was observed.

    Raises:
        Conflict: the writer lives after all, or somebody else was faster.
    """
    await bury_writer(hands, pending)
    revision = await hands.engine.unlock(
        pending.release, base=pending.base, why=task.why, deadline=DEADLINE
    )
    hands.storage.saw(revision)
    return revision
