"""Uninstall: a release's objects, its hooks and its history."""

from helmward.engine import ActionOptions
from helmward.errors import Conflict
from helmward.model import ORPHANED, Base, ReleaseRef
from helmward.releases.act.hands import Hands, Task


async def uninstall(hands: Hands, task: Task, release: ReleaseRef, base: Base) -> None:
    """Delete the release; one that is absent is a success.

    Neither its chart nor its repository is needed.

    Raises:
        ReleaseFailed: a hook failed, or an object could not be deleted.
        Conflict: somebody else wrote first, or the CRD is being deleted, with
            which no release goes.
    """
    if task.desired.deleting:
        await _kind_stays(hands)
    if task.declared.gone:
        base = await _mark_orphan(hands, task, release, base)
    await hands.engine.uninstall(
        release,
        base=base,
        writer=hands.writer,
        why=task.why,
        options=ActionOptions(
            timeout=task.desired.timeout,
            disable_openapi_validation=task.desired.options.disable_openapi_validation,
        ),
        deadline=task.deadline,
        on_phase=task.on_phase,
    )
    hands.storage.saw_removed(release)


async def _mark_orphan(hands: Hands, task: Task, release: ReleaseRef, base: Base) -> Base:
    """Write down that the release is to go: without its HelmRelease nothing else says so.

    Raises:
        Conflict: somebody else wrote first.
    """
    newest = task.observed.newest
    if newest is None or newest.base != base or newest.orphaned:
        return base
    marked = await hands.engine.annotate(
        release, base=base, annotations={ORPHANED: task.declared.uid}, writer=hands.writer
    )
    hands.storage.saw(marked)
    return marked.base


async def _kind_stays(hands: Hands) -> None:
    """Ask the API server itself: a watch may tell of the HelmRelease before it does of its CRD."""
    if not await hands.kind_stays():
        raise Conflict("the CRD is being deleted, and the HelmRelease only with it")
