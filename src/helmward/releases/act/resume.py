"""Resume: the wait of a revision whose writer is gone, to the end."""

from helmward.engine import ActionOptions
from helmward.errors import Conflict
from helmward.model import ReleaseOptions, Revision
from helmward.releases.act.hands import Hands, Task, allowed


async def resume(hands: Hands, task: Task, pending: Revision) -> Revision:
    """Make sure that the writer stays gone, then wait in his place to his deadline.

    No new revision is made.

    Raises:
        NotReady, ReleaseFailed: the revision is recorded as failed.
        Conflict: the writer lives after all, or somebody else was faster.
    """
    await bury_writer(hands, pending)
    options = resuming(task.desired.options, pending)
    revision = await hands.engine.resume(
        pending.release,
        base=pending.base,
        writer=hands.writer,
        why="",  # It goes on saying why it was made.
        object_annotations=task.object_annotations,
        options=options,
        deadline=allowed(options.timeout),
        on_phase=task.on_phase,
    )
    hands.storage.saw(revision)
    return revision


def resuming(asked: ReleaseOptions, pending: Revision) -> ActionOptions:
    """Return how a wait goes on; that of a rollback has the options of rollbacks."""
    rollback = asked.rollback if pending.failed_digest else None
    return ActionOptions(
        timeout=rollback.timeout if rollback else asked.timeout,
        wait=True,
        max_history=asked.max_history,
        disable_hooks=rollback.disable_hooks if rollback else False,
        disable_openapi_validation=asked.disable_openapi_validation or bool(rollback),
    )


async def bury_writer(hands: Hands, pending: Revision) -> None:
    """Make sure that whoever claims a revision writes no more.

    Raises:
        Conflict: he lives.
    """
    foreign = pending.session and pending.session != hands.session
    if foreign and not await hands.sessions.kill(pending.session, by=hands.session):
        raise Conflict(f"the writer of revision {pending.number} lives: {pending.session}")
