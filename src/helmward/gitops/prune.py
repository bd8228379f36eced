"""What goes when git no longer has it, and what has to stay; pure.

Called by `loop` with what `remove` has found out about the live objects; when
to ask first, `brake` says. Whatever could not be read removes nothing: that an
object is gone from git has to be seen, in a commit of its own path that was
built whole.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from helmward.gitops.brake import Circumstances, brake, token_of
from helmward.gitops.build import ObjectId
from helmward.gitops.facts import Facts, called, is_served_twice
from helmward.gitops.fates import FORGOTTEN, Case, Why, among_others, beyond_reach, fate
from helmward.gitops.inventory import Inventory, Item
from helmward.gitops.plan import rank
from helmward.gitops.scope import EVERYTHING, Scope
from helmward.settings import PruneSettings


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
    anywhere = {_named(found) for found in asked if not found.namespace}
    somewhere = {_named(found) for found in asked}

    def is_asked(found: ObjectId) -> bool:
        same = anywhere if found.namespace else somewhere
        return found in asked or _named(found) in same

    items = (item for _, item in sorted(inventory.items()) if item.path in good)
    return tuple(item for item in items if not is_asked(item.id))


def _named(found: ObjectId) -> tuple[str, str, str]:
    return found.group, found.kind, found.name


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


def _of(candidates: Sequence[Item], fates: Mapping[ObjectId, Why], why: Why) -> tuple[Item, ...]:
    return tuple(item for item in candidates if fates[item.id] is why)


def _begun(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(replace(item, going=True) for item in items)


def _last_first(item: Item) -> tuple[int, ObjectId]:
    return (-rank(item.id), item.id)
