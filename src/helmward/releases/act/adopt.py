"""Compare and adopt: a revision that is nobody's becomes ours, as it is if that fits."""

from helmward.model import Likeness, Revision
from helmward.releases.act.hands import Hands, Task


async def compare(hands: Hands, task: Task, found: Revision) -> Likeness:
    """Look whether a revision is what is asked for, and whose its objects say they are.

    Raises:
        Conflict: it moved on.
    """
    desired = task.desired
    assert desired.chart is not None  # noqa: S101  # only what is deleted has none
    seen = await hands.engine.compare(
        found.release,
        base=found.base,
        chart=desired.chart,
        values=desired.values,
        owner_annotations=hands.antecedents,
    )
    mine = seen.owner in {"", task.declared.antecedent[1]}
    return Likeness(
        revision=found.number,
        digest=desired.digest,
        same=seen.same,
        difference=seen.difference,
        owner="" if mine or not hands.exists(seen.owner) else seen.owner,
    )


async def adopt(hands: Hands, task: Task, found: Revision) -> Revision:
    """Write into a revision's annotations that it is ours and what it holds.

    No revision is made and no object is touched.

    Raises:
        Conflict: it moved on.
    """
    revision = await hands.engine.annotate(
        found.release, base=found.base, annotations=task.annotations, writer=hands.writer
    )
    hands.storage.saw(revision)
    return revision
