"""What goes when git no longer has it, and what stops that; pure.

Called by `loop` with what `remove` has found out of the live objects. Whatever
could not be read removes nothing: that an object is gone from git has to be
seen, in a commit of its own path that was built whole.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from helmward.gitops.build import ObjectId
from helmward.gitops.inventory import Inventory, Item
from helmward.gitops.plan import rank
from helmward.gitops.policies import IGNORE
from helmward.gitops.scope import Scope
from helmward.settings import PruneSettings

TOKEN: Final = 10
"""Letters of what an approval has to say."""
SHOWN: Final = 10

NEVER: Final = frozenset(("ComponentStatus", "Endpoints", "EndpointSlice"))
"""Kinds that are nobody's to remove."""
KEEPING: Final = frozenset(("true", "sync_only"))
DISABLED: Final = "kustomize.toolkit.fluxcd.io/prune"
HELM_RELEASES: Final = frozenset(("flux.weave.works", "helm.fluxcd.io"))


class Why(StrEnum):
    """What becomes of an object that git has no more."""

    GOES = "goes"
    GONE = "is gone already"
    ANOTHERS = "belongs to another daemon or was made anew by hand"
    OWNED = "has an owner, which it goes with"
    ASKED_TO_STAY = "asks to stay"
    KIND = "is of a kind that is never removed"
    SCOPE = "is outside of the limits of the settings"
    OFF = "stays: pruning is off"


@dataclass(frozen=True, slots=True)
class Fact:
    """What an object is now."""

    uid: str
    annotations: Mapping[str, str]
    mark: str = ""
    """Its label of Flux v1; empty without one."""
    ours: bool = False
    """Whether a field of it is ours."""
    owned: bool = False
    """Whether it has ownerReferences."""
    volumes: str = ""
    """PersistentVolumeClaims of its release, if it is a HelmRelease."""


Facts = Mapping[ObjectId, Fact]
"""Of the objects that are there."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes, what is forgotten, what stays for the time being, and what stands in the way."""

    objects: tuple[Item, ...] = ()
    """In the order in which they go: what needs others goes before them."""
    forgotten: frozenset[ObjectId] = frozenset()
    """Not ours any more, or never to be removed: they leave the inventory."""
    kept: tuple[ObjectId, ...] = ()
    """Not in git any more, and still in the inventory."""
    braked: str = ""
    """Why nothing goes until somebody says so; empty: nothing stands in the way."""
    token: str = ""
    """What an approval has to say; of another set of objects it is another."""
    waiting: tuple[Item, ...] = ()
    """What would go, were it not for the brake."""


def orphans(
    inventory: Inventory, asked: Collection[ObjectId], good: Collection[str]
) -> tuple[Item, ...]:
    """Return the items that git has no more.

    `asked` is what all repositories of this process ask for, ignored objects
    included; `good` are the paths that were built whole from the newest commit.
    Items of a path that is not in the settings any more count as well.
    """
    return tuple(
        item
        for found, item in sorted(inventory.items())
        if found not in asked and item.path in good
    )


def removals(  # noqa: PLR0913 (what is known, by name)
    settings: PruneSettings,
    candidates: Sequence[Item],
    facts: Facts,
    *,
    inventory: Inventory,
    asked: Collection[ObjectId],
    marks: Mapping[ObjectId, Collection[str]],
    scope: Scope,
    approved: str = "",
) -> Removal:
    """Decide about the candidates; `marks` are what our marks of them would be."""
    fates = {
        item: fate(item, facts.get(item.id), marks.get(item.id, ()), scope) for item in candidates
    }
    forgotten = frozenset(
        item.id for item, why in fates.items() if why in (Why.GONE, Why.ANOTHERS, Why.KIND)
    )
    going = tuple(sorted((i for i, why in fates.items() if why is Why.GOES), key=_last_first))
    staying = tuple(
        i.id for i, why in fates.items() if i.id not in forgotten and why is not Why.GOES
    )
    if not settings.enabled or settings.dry:
        kept = tuple(sorted((*staying, *(item.id for item in going))))
        return Removal(forgotten=forgotten, kept=kept, waiting=going if settings.dry else ())
    why = brake(settings, going, facts, inventory, asked)
    token = _token(going)
    if why and approved != token:
        return Removal((), forgotten, staying, why, token, going)
    return Removal(going, forgotten, staying)


def fate(  # noqa: PLR0911 (one for each rule)
    item: Item, fact: Fact | None, marks: Collection[str], scope: Scope
) -> Why:
    """Return what becomes of one object; the first rule that fits counts."""
    if fact is None:
        return Why.GONE
    if item.id.kind in NEVER:
        return Why.KIND
    if scope.objection(item.id, item.api_version):
        return Why.SCOPE
    if fact.mark not in marks and (fact.mark or not fact.ours):
        return Why.ANOTHERS
    if fact.owned:
        return Why.OWNED
    if item.keep or asks_to_stay(fact.annotations):
        return Why.ASKED_TO_STAY
    return Why.GOES


def asks_to_stay(annotations: Mapping[str, str]) -> bool:
    """Tell whether annotations say that an object is never to be collected."""
    ignored = any(annotations.get(key) in KEEPING for key in IGNORE)
    return ignored or annotations.get(DISABLED, "").lower() == "disabled"


def brake(
    settings: PruneSettings,
    going: Sequence[Item],
    facts: Facts,
    inventory: Inventory,
    asked: Collection[ObjectId],
) -> str:
    """Say why the removal has to be approved; empty: it has not.

    More than a share of all objects and more than a few; a path that has
    nothing left at all; what takes others with it: Namespaces, definitions of
    kinds, HelmReleases with volumes.
    """
    reasons = [
        *_too_many(settings, len(going), len(inventory)),
        *_emptied(going, inventory, asked),
        *_taking_others(going, facts),
    ]
    return "; ".join(reasons)


def _too_many(settings: PruneSettings, count: int, total: int) -> Iterable[str]:
    if count > settings.count and count > settings.share * total:
        yield (
            f"{count} of {total} objects would be removed, more than {settings.share:.0%} and"
            f" more than {settings.count}"
        )


def _emptied(
    going: Sequence[Item], inventory: Inventory, asked: Collection[ObjectId]
) -> Iterable[str]:
    """Name the paths of which nothing is left: an empty folder is rarely meant."""
    left = {item.path for found, item in inventory.items() if found in asked}
    for path in sorted({item.path for item in going} - left):
        yield f"nothing would be left of {f'path {path}' if path else 'the repository'}"


def _taking_others(going: Sequence[Item], facts: Facts) -> Iterable[str]:
    for item in going:
        if (item.id.group, item.id.kind) == ("", "Namespace"):
            yield f"{item.id} takes everything in it along"
        elif item.id.kind == "CustomResourceDefinition":
            yield f"{item.id} takes all objects of its kind along"
        elif volumes := facts[item.id].volumes:
            yield f"the release of {item.id} owns PersistentVolumeClaims ({volumes})"


def _last_first(item: Item) -> tuple[int, ObjectId]:
    return (-rank(item.id), item.id)


def _token(going: Sequence[Item]) -> str:
    """Return a name for exactly these objects."""
    text = "\n".join(sorted(str(item.id) for item in going))
    return hashlib.sha256(text.encode()).hexdigest()[:TOKEN]
