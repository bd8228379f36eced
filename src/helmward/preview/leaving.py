"""What git would have no more, and what becomes of it; nothing is removed.

Called by `look`. What is ours in the cluster, the record tells that the
operator keeps.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from helmward.errors import AccessDenied, ConfigInvalid, NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.inventory import Item, Record
from helmward.gitops.marks import mark_of
from helmward.gitops.prune import Removal, orphans, removals
from helmward.gitops.record import LABELS, Records, record_name
from helmward.gitops.remove import Remover
from helmward.gitops.scope import Scope
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from helmward.preview.findings import ObjectChange, Verb
from helmward.settings import PruneSettings

WAITS: Final = "waits for an approval"
_SELECTOR: Final = ",".join(f"{key}={value}" for key, value in LABELS.items())


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the record; without one a note says why."""

    record: Record | None
    note: str = ""


async def recorded(kube: Kube, repository: str, namespace: str | None) -> Known:
    """Return the record of a repository, wherever it is unless a namespace is named.

    Raises:
        ConfigInvalid: several operators have a repository of that name.
        RecordBroken, ClusterUnavailable: as they say.
    """
    try:
        where = [namespace] if namespace else await _namespaces(kube, repository)
        if len(where) > 1:
            raise ConfigInvalid(
                f"there are records of {repository!r} in the namespaces {', '.join(where)}: say "
                "with -n which operator is meant"
            )
        record = await Records(kube, where[0], repository).load() if where else None
    except AccessDenied as error:
        return Known(None, f"what would be removed is not known: {error}")
    if record is None:
        said = f"no record of a repository {repository!r} is in the cluster"
        return Known(None, f"what would be removed is not known: {said}")
    return Known(record)


async def leaving(  # noqa: PLR0913 (what is known, by name)
    kube: Kube,
    record: Record,
    asked: Collection[ObjectId],
    *,
    paths: Collection[str],
    all_paths: bool,
    prune: PruneSettings,
    scope: Scope,
    filled: Collection[str],
) -> Removal:
    """Return what a sync would remove, and what it would keep.

    With `all_paths` these are all that the operator has: what is of another
    goes too.
    """
    inventory = record.inventory
    others = (item.path for item in inventory.values()) if all_paths else ()
    good = frozenset((*paths, *others))
    candidates = orphans(inventory, asked, good)
    if not candidates:
        return Removal()
    facts = await Remover(kube).facts(candidates)
    marks = {
        one.id: frozenset(mark_of(source, one.id) for source in record.sources)
        for one in candidates
    }
    return removals(
        prune,
        candidates,
        facts,
        inventory=inventory,
        asked=asked,
        marks=marks,
        scope=scope,
        filled=filled,
    )


def removed(removal: Removal) -> tuple[ObjectChange, ...]:
    """Return what goes, and what would if somebody approved of it."""
    going = (ObjectChange(one.id, Verb.REMOVE) for one in removal.objects)
    if not removal.braked:
        return tuple(going)
    return (*going, *(ObjectChange(one.id, Verb.REMOVE, note=WAITS) for one in removal.waiting))


def items(removal: Removal) -> tuple[Item, ...]:
    """Return the items of what `removed` says."""
    return (*removal.objects, *(removal.waiting if removal.braked else ()))


async def document(kube: Kube, item: Item) -> dict[str, Any] | None:
    """Return an object that goes; None where it is gone already."""
    try:
        resource = await kube.resource_for(item.api_version, item.id.kind)
        return await kube.get(resource, item.id.name, item.id.namespace or None)
    except NotFound:
        return None


async def _namespaces(kube: Kube, repository: str) -> list[str]:
    found, _ = await kube.list(CONFIG_MAPS, None, label_selector=_SELECTOR, metadata_only=True)
    named = (one["metadata"] for one in found)
    return sorted(one["namespace"] for one in named if one["name"] == record_name(repository))
