"""Test: Helm's tests of a deployed revision."""

from helmward.engine import ActionOptions
from helmward.model import Base, Revision
from helmward.releases.act.hands import Hands, Task, allowed


async def test(hands: Hands, task: Task, base: Base) -> Revision:
    """Run the tests; the outcome is noted with the revision, no new one is made.

    Raises:
        TestsFailed: with the revision that notes it.
    """
    asked = task.desired.options
    policy = asked.test
    revision = await hands.engine.test(
        task.desired.release,
        base=base,
        writer=hands.writer,
        why=task.why,
        options=ActionOptions(
            timeout=policy.timeout,
            cleanup=policy.cleanup,
            disable_openapi_validation=asked.disable_openapi_validation,
        ),
        deadline=allowed(policy.timeout),
        on_phase=task.on_phase,
    )
    hands.storage.saw(revision)
    return revision
