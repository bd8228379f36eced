"""Uninstall: a release's objects, its hooks and its history."""

from helmward.engine import ActionOptions
from helmward.model import Base, ReleaseRef
from helmward.releases.act.hands import Hands, Task


async def uninstall(hands: Hands, task: Task, release: ReleaseRef, base: Base) -> None:
    """Delete the release; one that is absent is a success.

    Neither its chart nor its repository is needed.

    Raises:
        ReleaseFailed: a hook failed, or an object could not be deleted.
        Conflict: somebody else wrote first.
    """
    await hands.engine.uninstall(
        release,
        base=base,
        writer=hands.writer,
        why=task.why,
        options=ActionOptions(timeout=task.desired.timeout),
        deadline=task.deadline,
        on_phase=task.on_phase,
    )
    hands.storage.saw_removed(release)
