"""Render and sweep: a look before a release moves, and one after a writer was lost."""

from helmward.model import Revision
from helmward.releases.act.hands import Hands, Task


async def render(hands: Hands, task: Task) -> None:
    """Render what is asked for and write nothing.

    Raises:
        ChartRejected, ValuesInvalid: it does not render.
    """
    desired = task.desired
    assert desired.chart is not None  # noqa: S101  # only what is deleted has none
    await hands.engine.template(
        desired.release, chart=desired.chart, values=desired.values, deadline=desired.timeout
    )


async def sweep(hands: Hands, newest: Revision) -> None:
    """Delete what writers of broken revisions made late.

    Raises:
        Conflict: the newest revision moved on.
    """
    await hands.engine.sweep(newest.release, base=newest.base, writer=hands.writer)
