"""What somebody else did to the records of a release: written over, removed, marked. Pure.

`loop` asks before it performs a verb that brings back what was there. Who did
it nobody notes down: what is known is that it was not this HelmRelease.
"""

from collections.abc import Iterable
from typing import Final

from helmward.model import (
    Adopt,
    Compare,
    Correct,
    Decision,
    Declared,
    Forget,
    Look,
    Observed,
    Render,
    Revision,
    Status,
    Sweep,
    Test,
    Told,
)
from helmward.releases.decide.facts import whose

LEAVES: Final = (Adopt, Compare, Correct, Forget, Look, Render, Sweep, Test)
"""What brings no release back."""
UNINSTALLED: Final = frozenset({Status.UNINSTALLED, Status.UNINSTALLING})
IN_FORCE: Final = frozenset({Status.DEPLOYED, Status.PENDING_INSTALL, Status.PENDING_UPGRADE})


def tampering(
    declared: Declared, observed: Observed, decision: Decision, done: Iterable[Decision]
) -> str:
    """Say what was done to a release that was in sync, if a verb is about to put that right."""
    if isinstance(decision, LEAVES) or not all(isinstance(one, LEAVES) for one in done):
        return ""
    if declared.deleting or observed.former:
        return ""
    newest, told = observed.newest, declared.told
    settled = told.release_name == declared.release.name and _was_settled(told)
    if newest and newest.owner != declared.key.owner:
        return _written(newest) if settled or _over_ours(declared, observed) else ""
    return (_removed(told, newest) or _marked(told, newest)) if settled else ""


def _over_ours(declared: Declared, observed: Observed) -> bool:
    return any(one.owner == declared.key.owner for one in observed.history)


def _written(newest: Revision) -> str:
    """Say who wrote a revision; an uninstall writes into one that was there."""
    if newest.status in UNINSTALLED:
        return f"revision {newest.number} was marked {newest.status} by another tool{_when(newest)}"
    return f"revision {newest.number} by {whose(newest)}{_when(newest)}"


def _removed(told: Told, newest: Revision | None) -> str:
    if newest is None:
        return f"revision {told.revision} was removed by another tool"
    if newest.number < told.revision:
        return f"revision {told.revision} was removed by another tool: {newest.number} is left"
    return ""


def _marked(told: Told, newest: Revision | None) -> str:
    if newest is None or newest.number != told.revision or newest.outcome:
        return ""
    if newest.status in IN_FORCE:
        return ""
    return f"revision {newest.number} was marked {newest.status} by another tool{_when(newest)}"


def _was_settled(told: Told) -> bool:
    """Whether the last turn left the release as it is to stay."""
    ready = next((one for one in told.conditions if one.type == "Ready"), None)
    settled = ready is not None and (ready.status == "True" or ready.reason == "RolledBack")
    return settled and told.revision > 0


def _when(revision: Revision) -> str:
    at = f" at {revision.modified:%Y-%m-%dT%H:%M:%SZ}" if revision.modified else ""
    return f"{at}: {revision.description}" if revision.description else at
