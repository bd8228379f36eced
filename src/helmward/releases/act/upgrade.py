"""Upgrade: the next revision of a release."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from helmward.model import HIDDEN, Base, Revision
from helmward.redaction import REDACTOR
from helmward.releases.act.hands import Hands, Task
from helmward.values import Path, diff

EVERYTHING: Final[frozenset[Path]] = frozenset({()})

log = structlog.get_logger("helmward.releases")


async def upgrade(hands: Hands, task: Task, base: Base) -> Revision:
    """Write the next revision.

    If cancelled, the revision is recorded as failed, never left pending.
    Raises what `install` raises.
    """
    if hands.log_diffs:
        await _log_diff(hands, task)
    return await write(hands, task, base, hands.engine.upgrade, first=False)


async def _log_diff(hands: Hands, task: Task) -> None:
    """Log what of the values changes; what is, or was, from a Secret is masked."""
    newest = task.observed.newest
    content = await hands.engine.content(newest.release, newest.number) if newest else None
    if newest is None or content is None:
        return
    hidden = task.desired.hidden | _hidden(newest)
    changes = diff(content.values, task.desired.values, REDACTOR, hidden)
    log.info("values change", resource=str(task.desired.key), revision=newest.number, diff=changes)


def _hidden(revision: Revision) -> frozenset[Path]:
    """Return the places in a revision's values that came from Secrets: all, if nobody says."""
    if not revision.owner:
        return EVERYTHING
    places = json.loads(revision.annotations.get(HIDDEN, "[]"))
    return frozenset(tuple(place) for place in places)


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
