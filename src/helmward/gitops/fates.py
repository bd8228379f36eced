"""What becomes of an object that git has no more: rules, the first that answers counts; pure.

Called by `prune`, object by object.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from helmward.gitops.build import ObjectId
from helmward.gitops.facts import Fact, Whole, goes_with, takes_along
from helmward.gitops.inventory import Item
from helmward.gitops.policies import IGNORE, Policy, policy_of
from helmward.gitops.scope import EVERYTHING, Scope

NEVER: Final = frozenset(("ComponentStatus", "Endpoints", "EndpointSlice"))
"""Kinds that the cluster makes by itself."""
SYNC_ONLY: Final = "sync_only"
DISABLED: Final = "kustomize.toolkit.fluxcd.io/prune"


class Why(StrEnum):
    """What becomes of an object that git has no more."""

    GOES = "goes"
    OFF = "stays: pruning is off"
    KIND = "is of a kind that is never removed"
    SCOPE = "is outside of the limits of the settings"
    UNKNOWN = "cannot be looked at"
    GONE = "is gone already"
    MOVED = "is in git by another group of the API"
    ANOTHERS = "is somebody else's now"
    OWNED = "has an owner, which it goes with"
    ASKED_TO_STAY = "asks to stay"
    LEAVING = "is being deleted"
    HOLDS = "holds objects that stay"
    WAITS = "goes as soon as nothing of ours is left in it"


FORGOTTEN: Final = frozenset((Why.KIND, Why.GONE, Why.MOVED, Why.ANOTHERS))
"""After these an object is not ours any more: it leaves the inventory."""


@dataclass(frozen=True, slots=True)
class Case:
    """One object that git has no more, and all that decides about it by itself."""

    item: Item
    fact: Fact | None = None
    """None: it is not there."""
    marks: Collection[str] = ()
    """What its mark may be, to be ours."""
    scope: Scope = EVERYTHING
    moved: bool = False
    """Whether git has an object of its name in another group."""


def among_others(fates: Mapping[ObjectId, Why], known: Iterable[ObjectId]) -> dict[ObjectId, Why]:
    """Let what takes others along stay while one of them stays, or wait until they are gone."""
    leaving = [found for found, why in fates.items() if why in {Why.GOES, Why.LEAVING}]
    gone = {found for found, why in fates.items() if why in FORGOTTEN}.union(leaving)
    staying_in, leaving_in = _wholes(set(known) - gone), _wholes(leaving)
    changed = dict(fates)
    for found in leaving:
        whole = takes_along(found)
        if whole is None or fates[found] is not Why.GOES:
            continue
        if whole in staying_in:
            changed[found] = Why.HOLDS
        elif whole in leaving_in:
            changed[found] = Why.WAITS
    return changed


def _wholes(objects: Iterable[ObjectId]) -> set[Whole]:
    return {whole for found in objects for whole in goes_with(found)}


def fate(case: Case) -> Why:
    """Return the answer of the first rule that has one."""
    return next((why for rule in RULES if (why := rule(case))), Why.GOES)


def beyond_reach(case: Case) -> Why | None:
    """What the cluster makes itself is nobody's to remove; outside of our limits we do nothing."""
    if case.item.id.kind in NEVER:
        return Why.KIND
    return Why.SCOPE if case.scope.objection(case.item.id, case.item.api_version) else None


def unseen(case: Case) -> Why | None:
    """What cannot be looked at stays, and what is not there is gone."""
    if case.fact is None:
        return Why.GONE
    return Why.UNKNOWN if case.fact.trouble else None


def moved_group(case: Case) -> Why | None:
    """An object that the API server has in two groups is one object, and git has it."""
    return Why.MOVED if case.moved else None


def anothers(case: Case) -> Why | None:
    """A mark says whose an object is; without one, ours is where a field is ours.

    Another mark is that of another daemon or repository. Neither a mark nor a
    field of ours: somebody has deleted the object and made it anew.
    """
    fact = case.fact or Fact()
    ours = fact.mark in case.marks if fact.mark else fact.ours
    return None if ours else Why.ANOTHERS


def owned(case: Case) -> Why | None:
    """What has ownerReferences is its owner's to remove."""
    return Why.OWNED if case.fact and case.fact.owned else None


def asked_to_stay(case: Case) -> Why | None:
    """Git's last word, or the live object's own, may be that it stays."""
    annotations = case.fact.annotations if case.fact else {}
    return Why.ASKED_TO_STAY if case.item.keep or asks_to_stay(annotations) else None


def leaving(case: Case) -> Why | None:
    """What finalizers still hold is not deleted twice."""
    return Why.LEAVING if case.fact and case.fact.deleting else None


RULES: Final = (beyond_reach, unseen, moved_group, anothers, owned, asked_to_stay, leaving)


def asks_to_stay(annotations: Mapping[str, str]) -> bool:
    """Tell whether annotations say that an object is never to be removed.

    What is to be left alone altogether is not removed either.
    """
    if policy_of({"metadata": {"annotations": annotations}}) is Policy.NEVER:
        return True
    kept = any(annotations.get(key) == SYNC_ONLY for key in IGNORE)
    return kept or annotations.get(DISABLED, "").casefold() == "disabled"
