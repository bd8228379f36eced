"""Resume: the wait of a revision whose writer is gone, to the end."""

from helmward.engine import ActionOptions
from helmward.errors import Conflict
from helmward.model import Revision
from helmward.releases.act.hands import Hands, Task


async def resume(hands: Hands, task: Task, pending: Revision) -> Revision:
    """Make sure that the writer stays gone, then wait in his place to his deadline.

    No new revision is made.

    Raises:
        NotReady, ReleaseFailed: the revision is recorded as failed.
        Conflict: the writer lives after all, or somebody else was faster.
    """
    await bury_writer(hands, pending)
    revision = await hands.engine.resume(
        pending.release,
        base=pending.base,
        writer=hands.writer,
        why="",  # It goes on saying why it was made.
        object_annotations=task.object_annotations,
        options=ActionOptions(
            timeout=task.desired.timeout, wait=True, max_history=task.desired.options.max_history
        ),
        deadline=task.deadline,
        on_phase=task.on_phase,
    )
    hands.storage.saw(revision)
    return revision


async def bury_writer(hands: Hands, pending: Revision) -> None:
    """Make sure that whoever claims a revision writes no more.

    Raises:
        Conflict: he lives.
    """
    foreign = pending.session and pending.session != hands.session
    if foreign and not await hands.sessions.kill(pending.session, by=hands.session):
        raise Conflict(f"the writer of revision {pending.number} lives: {pending.session}")
