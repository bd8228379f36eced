"""When a removal has to be approved before anything goes; pure.

Called by `prune`. Asked for is what nobody takes back: too much at once, or
what takes along more than its own name says.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from helmward.gitops.build import ObjectId
from helmward.gitops.facts import (
    Facts,
    called,
    is_definition,
    is_helm_release,
    is_namespace,
)
from helmward.gitops.inventory import Inventory, Item
from helmward.settings import PruneSettings

TOKEN: Final = 10
"""Letters of what an approval has to say."""
SHOWN: Final = 5
"""How many names a reason lists; the rest is counted."""
_VOLUMES: Final = frozenset(("PersistentVolume", "PersistentVolumeClaim"))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a removal is measured by."""

    settings: PruneSettings
    facts: Facts = field(default_factory=dict)
    inventory: Inventory = field(default_factory=dict)
    asked: Collection[ObjectId] = ()
    """What all repositories of this process ask for."""
    filled: Collection[str] = ()
    """The paths that ask for anything now."""


def brake(going: Sequence[Item], around: Circumstances) -> str:
    """Say why the removal has to be approved; empty: it has not."""
    return "; ".join(why for reason in REASONS for why in reason(going, around))


def token_of(going: Sequence[Item], facts: Facts) -> str:
    """Return a name for exactly these objects; one that was made anew is another."""
    text = "\n".join(sorted(f"{item.id} {facts[item.id].uid}" for item in going))
    return hashlib.sha256(text.encode()).hexdigest()[:TOKEN]


def too_many(going: Sequence[Item], around: Circumstances) -> Iterator[str]:
    """More than a share of all objects and more than a few."""
    count, total, settings = len(going), len(around.inventory), around.settings
    if count > settings.count and count > settings.share * total:
        yield (
            f"{count} of {total} objects would be removed, more than {settings.share:.0%} and"
            f" more than {settings.count}"
        )


def emptied_path(going: Sequence[Item], around: Circumstances) -> Iterator[str]:
    """A path that has nothing left, however little it had: an empty folder is rarely meant."""
    for path in sorted({item.path for item in going if not item.found} - set(around.filled)):
        yield f"nothing would be left of {f'path {path}' if path else 'the repository'}"


def only_found(going: Sequence[Item], _: Circumstances) -> Iterator[str]:
    """What no record knows of, but its mark says that it is ours."""
    if names := [str(item.id) for item in going if item.found]:
        yield f"only their marks say that they are of this repository: {_some(names)}"


def takes_others(going: Sequence[Item], _: Circumstances) -> Iterator[str]:
    """A namespace, or the definition of a kind."""
    if names := [item.id.name for item in going if is_namespace(item.id)]:
        yield f"everything in a namespace goes with it: {_some(names)}"
    if names := [item.id.name for item in going if is_definition(item.id)]:
        yield f"all objects of a kind go with its definition: {_some(names)}"


def takes_volumes(going: Sequence[Item], around: Circumstances) -> Iterator[str]:
    """What has data in it, or owns volumes, as the release of a HelmRelease may."""
    owning = [(item.id, around.facts[item.id].volumes) for item in going]
    if names := [f"{found} ({volumes})" for found, volumes in owning if volumes]:
        yield f"PersistentVolumeClaims go with it: {_some(names)}"
    if names := [str(item.id) for item in going if item.id.kind in _VOLUMES]:
        yield f"what is stored in a volume goes with it: {_some(names)}"


def shared_release(going: Sequence[Item], around: Circumstances) -> Iterator[str]:
    """A HelmRelease that git has in another API version: who owns the release uninstalls it."""
    others = {called(found) for found in around.asked if is_helm_release(found)}
    twins = [
        str(item.id) for item in going if is_helm_release(item.id) and called(item.id) in others
    ]
    if twins:
        yield (
            "git has a HelmRelease of the same name in another API version, and the release"
            f" would be uninstalled with the old one: {_some(twins)}"
        )


REASONS: Final = (
    too_many,
    emptied_path,
    only_found,
    takes_others,
    takes_volumes,
    shared_release,
)


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
