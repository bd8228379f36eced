"""What goes when git no longer has it, and what has to stay; pure.

Called by `loop` with what `remove` has found out about the live objects; when
to ask first, `brake` says. Whatever could not be read removes nothing: that an
object is gone from git has to be seen, in a commit of its own path that was
built whole.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from helmward.gitops.brake import Circumstances, brake, token_of
from helmward.gitops.build import ObjectId
from helmward.gitops.facts import Fact, Facts, called, holds, is_served_twice, takes_along
from helmward.gitops.inventory import Inventory, Item
from helmward.gitops.plan import rank
from helmward.gitops.policies import IGNORE, Policy, policy_of
from helmward.gitops.scope import EVERYTHING, Scope
from helmward.settings import PruneSettings

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


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes, what is forgotten, what stays for the time being, and what stands in the way."""

    objects: tuple[Item, ...] = ()
    """In the order in which they go: what needs others goes before them."""
    later: tuple[Item, ...] = ()
    """Namespaces and definitions that go as soon as nothing of ours is left in them."""
    forgotten: frozenset[ObjectId] = frozenset()
    """They leave the inventory; see `FORGOTTEN`."""
    kept: Mapping[ObjectId, Why] = field(default_factory=dict)
    """Not in git any more, and still in the inventory."""
    braked: str = ""
    """Why nothing goes until somebody says so; empty: nothing stands in the way."""
    token: str = ""
    """What an approval has to say; of another set of objects it is another."""
    waiting: tuple[Item, ...] = ()
    """What would go, were it not for the brake, or for a dry run."""

    @property
    def begun(self) -> tuple[Item, ...]:
        """What to note down before the first is deleted: nobody is asked twice about it."""
        return (*self.objects, *self.later)


def orphans(
    inventory: Inventory, asked: Collection[ObjectId], good: Collection[str]
) -> tuple[Item, ...]:
    """Return the items that git has no more.

    `asked` is what all repositories of this process ask for, ignored objects
    included: what has moved to another path is in it, and so is what somebody
    has changed in the cluster. `good` are the paths of whose items it is known
    that git has no more of them.

    As long as the cluster does not know a kind, its objects are asked for with
    the namespace that git says, or none: that may be any, then.
    """
    anywhere = {_without_namespace(found) for found in asked if not found.namespace}
    clusters = {_without_namespace(found) for found in asked}

    def is_asked(found: ObjectId) -> bool:
        same = anywhere if found.namespace else clusters
        return found in asked or _without_namespace(found) in same

    items = (item for _, item in sorted(inventory.items()) if item.path in good)
    return tuple(item for item in items if not is_asked(item.id))


def _without_namespace(found: ObjectId) -> ObjectId:
    return replace(found, namespace="")


def worth_a_look(
    settings: PruneSettings, candidates: Sequence[Item], scope: Scope
) -> tuple[Item, ...]:
    """Return the items whose live objects decide; the others are not asked for at all."""
    if not is_on(settings):
        return ()
    reach = (beyond_reach(Case(item, scope=scope)) for item in candidates)
    return tuple(item for item, why in zip(candidates, reach, strict=True) if why is None)


def is_on(settings: PruneSettings) -> bool:
    """Whether anything is removed, or at least said to be."""
    return settings.enabled or settings.dry


def removals(  # noqa: PLR0913 (what is known, by name)
    settings: PruneSettings,
    candidates: Sequence[Item],
    facts: Facts,
    *,
    inventory: Inventory,
    asked: Collection[ObjectId],
    marks: Mapping[ObjectId, Collection[str]],
    scope: Scope = EVERYTHING,
    filled: Collection[str] = (),
    approved: str = "",
) -> Removal:
    """Decide about the candidates.

    `marks` are what our marks of them would be, `filled` the paths that ask
    for anything now, `approved` is the token that somebody has given.
    """
    if not is_on(settings):
        return Removal(kept={item.id: Why.OFF for item in candidates})
    moved = {called(found) for found in asked if is_served_twice(found)}
    fates = {
        item.id: fate(
            Case(
                item,
                facts.get(item.id),
                marks.get(item.id, ()),
                scope,
                moved=is_served_twice(item.id) and called(item.id) in moved,
            )
        )
        for item in candidates
    }
    fates = among_others(fates, {*inventory, *asked})
    around = Circumstances(settings, facts, inventory, asked, filled)
    return _settled(sorted(candidates, key=_last_first), fates, around, approved)


def _settled(
    candidates: Sequence[Item],
    fates: Mapping[ObjectId, Why],
    around: Circumstances,
    approved: str,
) -> Removal:
    forgotten = frozenset(found for found, why in fates.items() if why in FORGOTTEN)
    going = _of(candidates, fates, Why.GOES)
    later = _of(candidates, fates, Why.WAITS)
    kept = {
        found: why for found, why in fates.items() if found not in forgotten and why is not Why.GOES
    }
    due = (*going, *later)
    if around.settings.dry:
        return Removal(forgotten=forgotten, kept=kept, waiting=due)
    new = [item for item in due if not item.going]
    why = brake(new, around)
    token = token_of(new, around.facts)
    if why and approved != token:
        return Removal(forgotten=forgotten, kept=kept, braked=why, token=token, waiting=due)
    return Removal(_begun(going), _begun(later), forgotten, kept)


def among_others(fates: Mapping[ObjectId, Why], known: Iterable[ObjectId]) -> dict[ObjectId, Why]:
    """Let what takes others along stay while one of them stays, or wait until they are gone."""
    staying = [
        found for found in known if fates.get(found) not in {Why.GOES, Why.LEAVING, *FORGOTTEN}
    ]
    leaving = [found for found, why in fates.items() if why in {Why.GOES, Why.LEAVING}]
    changed = dict(fates)
    for found in [one for one in leaving if takes_along(one) and fates[one] is Why.GOES]:
        if any(holds(found, one) for one in staying):
            changed[found] = Why.HOLDS
        elif any(holds(found, one) for one in leaving):
            changed[found] = Why.WAITS
    return changed


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


def _of(candidates: Sequence[Item], fates: Mapping[ObjectId, Why], why: Why) -> tuple[Item, ...]:
    return tuple(item for item in candidates if fates[item.id] is why)


def _begun(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(replace(item, going=True) for item in items)


def _last_first(item: Item) -> tuple[int, ObjectId]:
    return (-rank(item.id), item.id)
