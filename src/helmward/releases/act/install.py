"""Install: the first revision of a release."""

from helmward.model import Base, Revision
from helmward.releases.act.hands import Hands, Task
from helmward.releases.act.upgrade import write


async def install(hands: Hands, task: Task, base: Base) -> Revision:
    """Write the first revision, or the next one where a history was left behind.

    If cancelled, the revision is recorded as failed, never left pending.

    Raises:
        ChartRejected, ValuesInvalid: the chart does not render with these values.
        ReleaseFailed, NamespaceUnready, AccessDenied: the API server said no.
        Conflict: somebody else wrote first; nothing was written.
        EngineLost: the engine went away; the next turn observes what it left.
    """
    return await write(hands, task, base, hands.engine.install, first=True)
