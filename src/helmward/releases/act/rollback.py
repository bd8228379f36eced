"""Rollback: the next revision, with the content of an earlier one."""

from helmward.engine import ActionOptions
from helmward.model import DIGEST, FAILED_DIGEST, OWNER, ROLLBACKS, Base, Revision, Rollback
from helmward.releases.act.hands import Hands, Task, allowed


async def rollback(hands: Hands, task: Task, decision: Rollback, base: Base) -> Revision:
    """Write the next revision with the content of `decision.to`.

    It notes what had failed and how many rollbacks there were in a row, so
    that this is known after a restart. If cancelled, it is recorded as failed.

    Raises:
        ReleaseFailed, AccessDenied: the API server said no.
        Conflict: somebody else wrote first; nothing was written.
    """
    policy = task.desired.options.rollback
    target = next(one for one in task.observed.history if one.number == decision.to)
    before = target.rollbacks if target.failed_digest == task.desired.digest else 0
    revision = await hands.engine.rollback(
        task.desired.release,
        base=base,
        writer=hands.writer,
        why=task.why,
        annotations={
            OWNER: task.desired.key.owner,
            DIGEST: target.digest,
            FAILED_DIGEST: task.desired.digest,
            ROLLBACKS: str(before + 1),
        },
        object_annotations=task.object_annotations,
        options=ActionOptions(
            timeout=policy.timeout,
            wait=policy.wait,
            max_history=task.desired.options.max_history,
            disable_hooks=policy.disable_hooks,
            force=policy.force,
            recreate=policy.recreate,
            # What was in force once was taken by the API server as it is.
            disable_openapi_validation=True,
            to_revision=decision.to,
        ),
        deadline=allowed(policy.timeout),
        on_phase=task.on_phase,
    )
    hands.storage.saw(revision)
    return revision
