"""Look and correct: whether objects of a revision are as it has them, and put right if not."""

import base64
from collections.abc import Iterable
from typing import Final

from helmward.model import KINDS, OBJECTS, Correct, Drift, Look, ObjectRef, Revision
from helmward.releases.act.hands import Hands, Task
from helmward.releases.awake.inventory import SHORT, identity_of

DOUBTED: Final = b"\xff" * SHORT
"""Stands for the fields of an object that is not as it should be: no object has these."""


async def look(hands: Hands, task: Task, decision: Look | Correct, newest: Revision) -> Drift:
    """Look at objects, and put them right if that was decided; no revision is made.

    Where a revision does not tell which objects it has, that is written down.

    Raises:
        Conflict: the revision moved on.
    """
    drift = await hands.engine.drift(
        newest.release,
        base=newest.base,
        objects=decision.objects,
        ignore=task.desired.ignore,
        correct=isinstance(decision, Correct),
        writer=hands.writer,
        object_annotations=task.object_annotations,
    )
    if drift.objects and OBJECTS not in newest.annotations:
        await _note(hands, newest, drift)
    return drift


async def _note(hands: Hands, newest: Revision, drift: Drift) -> None:
    """Write down which objects there are, so that it is known after a restart."""
    differing = (one.object for one in drift.found if not one.corrected)
    objects = doubted(drift.objects, differing)
    noted = await hands.engine.annotate(
        newest.release,
        base=newest.base,
        annotations={KINDS: drift.kinds, OBJECTS: objects},
        writer=hands.writer,
    )
    hands.storage.saw(noted)


def doubted(objects: str, differing: Iterable[ObjectRef]) -> str:
    """Mark objects in an inventory so that they are looked at again after a restart.

    The inventory was taken as they are now, and they are not as they should be.
    """
    doubts = set(map(identity_of, differing))
    packed = base64.urlsafe_b64decode(objects + "=" * (-len(objects) % 4))
    entries = (packed[at : at + 2 * SHORT] for at in range(0, len(packed), 2 * SHORT))
    marked = (one[:SHORT] + DOUBTED if one[:SHORT] in doubts else one for one in entries)
    return base64.urlsafe_b64encode(b"".join(marked)).decode().rstrip("=")
