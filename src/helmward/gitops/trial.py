"""What an apply of one step would change: a dry run, beside what is there.

Called by `apply`. Writes nothing.
"""

from collections.abc import Collection
from typing import Final

from helmward.errors import Invalid, NamespaceUnready, NotFound
from helmward.gitops import anew
from helmward.gitops.cluster import Cluster, look_up
from helmward.gitops.fields import fields_digest
from helmward.gitops.plan import Step
from helmward.gitops.policies import Policy, is_forced, policy_of
from helmward.gitops.rehearsal import Change, Verb, changes_nothing
from helmward.gitops.single import Document, Found, leaves_alone, rehearse, what_is
from helmward.gitops.stored import without_note
from helmward.gitops.takeover import forecast

_NO_DRY_RUN: Final = "does not support dry run"
"""What the API server says of a webhook that would act on a rehearsal as well."""

Tried = tuple[Change, Found | None]
"""What would change, and what an apply that follows need not look up again."""


async def try_step(cluster: Cluster, step: Step, coming: Collection[str]) -> Tried:
    """Say what an apply of a step would change; the plan brings the namespaces `coming`.

    Most objects of a first sync are not there: so the dry run comes first.
    """
    if step.resource is None:
        return _change(step, Verb.LATER), None
    try:
        merged = await _dry_run(cluster, step)
    except NamespaceUnready:
        if step.id.namespace not in coming:
            raise
        return _change(step, Verb.LATER), None
    except NotFound:
        if not step.defined_by:
            raise
        return _change(step, Verb.LATER), None
    except Invalid as error:
        return await _refused(cluster, step, error)
    if merged is not None and not merged["metadata"].get("resourceVersion"):
        return _compared(step, None, merged)
    return _compared(step, await look_up(cluster, step), merged)


async def _dry_run(cluster: Cluster, step: Step) -> Document | None:
    """Return what an apply would make of an object; None: only an apply can tell."""
    if policy_of(step.manifest.object) is Policy.ONCE:
        return None
    try:
        return await rehearse(cluster, step)
    except Invalid as error:
        if _NO_DRY_RUN not in str(error):
            raise
        return None


async def _refused(cluster: Cluster, step: Step, error: Invalid) -> Tried:
    """Find out whether the API server would be asked at all, or could be made to agree.

    Of an object of kubectl's, only what remains after a take-over can tell.
    """
    live = await look_up(cluster, step)
    found = what_is(live)
    if leaves_alone(step, found):
        return _compared(step, live, None)
    immutable = found.exists and anew.is_immutable(error)
    forced = immutable and is_forced(step.manifest.object)
    if forced:
        await anew.try_out(cluster, step)
    elif not found.foreign:
        raise anew.advised(error) if immutable else error
    return _change(step, Verb.CHANGE, live=live, anew=forced), found


def _compared(step: Step, live: Document | None, merged: Document | None) -> Tried:
    found = what_is(live)
    fields = fields_digest(live["metadata"]) if live else ""
    if leaves_alone(step, found):
        return _change(step, Verb.IGNORED, fields=fields, live=live, merged=live), found
    if live is None:
        return _change(step, Verb.CREATE, merged=merged), found
    if merged is not None and found.foreign:
        merged = forecast(live, merged)
    if merged is None or found.foreign or not changes_nothing(live, merged):
        return _change(step, Verb.CHANGE, live=live, merged=merged), found
    return _change(step, Verb.NONE, fields=fields, live=live, merged=merged), found


def _change(  # noqa: PLR0913 - a change's own fields
    step: Step,
    verb: Verb,
    *,
    fields: str = "",
    anew: bool = False,
    live: Document | None = None,
    merged: Document | None = None,
) -> Change:
    shown, planned = (without_note(one) if one else None for one in (live, merged))
    return Change(step.id, step.manifest.place, verb, fields, anew, shown, planned)
