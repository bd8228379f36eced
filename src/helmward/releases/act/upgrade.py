"""Upgrade: the next revision of a release."""

from collections.abc import Awaitable, Callable
from typing import Any

from helmward.model import Base, Revision
from helmward.releases.act.hands import Hands, Task


async def upgrade(hands: Hands, task: Task, base: Base) -> Revision:
    """Write the next revision.

    If cancelled, the revision is recorded as failed, never left pending.
    Raises what `install` raises.
    """
    return await write(hands, task, base, hands.engine.upgrade, first=False)


async def write(
    hands: Hands, task: Task, base: Base, verb: Callable[..., Awaitable[Any]], *, first: bool
) -> Revision:
    """Perform a verb that makes a revision, and remember the revision it made."""
    desired = task.desired
    revision: Revision = await verb(
        desired.release,
        chart=desired.chart,
        values=desired.values,
        base=base,
        writer=hands.writer,
        why=task.why,
        annotations=task.annotations,
        object_annotations=task.object_annotations,
        options=task.options(hands.session, first=first),
        deadline=task.deadline,
        on_phase=task.on_phase,
    )
    hands.storage.saw(revision)
    return revision
