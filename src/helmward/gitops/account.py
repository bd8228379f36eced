"""What a sync means for the inventory and for the report; pure.

Called by `loop`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from helmward.gitops.apply import Outcome
from helmward.gitops.build import Manifest, ObjectId
from helmward.gitops.fates import asks_to_stay
from helmward.gitops.inventory import Inventory, Item
from helmward.gitops.paths import Standing
from helmward.gitops.plan import Plan, Step
from helmward.gitops.policies import annotations_of
from helmward.gitops.rehearsal import Rehearsal, Verb
from helmward.gitops.report import PathReport
from helmward.gitops.union import Union

SLICE: Final = 100
"""Objects that are rehearsed and applied at a time."""
DIGEST: Final = 32
"""Letters of a manifest's digest that are kept."""


def stale(plan: Plan, known: Inventory) -> frozenset[ObjectId]:
    """Name the objects whose manifest is not the one that was applied last."""
    return frozenset(step.id for step in plan.steps if not _is_current(step, known))


def foreseen(united: Union, known: Inventory, due: Collection[ObjectId]) -> dict[ObjectId, Item]:
    """Return the inventory with all that is about to be applied.

    Whoever is stopped in between knows what may be there.
    """
    steps = (step for step in united.plan.steps if step.id in due and step.id not in known)
    return {**known, **{one.id: replace(_item(one, united, ""), digest="") for one in steps}}


def slices(plan: Plan, due: Collection[ObjectId]) -> Iterator[frozenset[ObjectId]]:
    """Yield what is due, a few at a time and in the order of the plan.

    What was done of it stands when the time is up, however much it is.
    """
    ordered = [step.id for step in plan.steps if step.id in due]
    for start in range(0, len(ordered), SLICE):
        yield frozenset(ordered[start : start + SLICE])


def changed_items(
    united: Union, known: Inventory, rehearsal: Rehearsal, outcome: Outcome
) -> dict[ObjectId, Item]:
    """Return the inventory after a rehearsal and what was applied of it."""
    items = {key: _asked(item, united.owners.get(key)) for key, item in known.items()}
    steps = {step.id: step for step in united.plan.steps}
    found = {id(step.manifest): step for step in united.plan.steps}
    for change in rehearsal.changes:
        if change.verb is Verb.NONE:
            items[change.id] = _item(steps[change.id], united, change.fields)
        elif change.verb is Verb.IGNORED and _is_foreseen(items.get(change.id)):
            # It asks to be left alone, and was never ours.
            del items[change.id]
    for one in outcome.applied:
        # Of a kind that came meanwhile the namespace is known only now.
        step = found[id(one.manifest)]
        items[one.id] = replace(_item(step, united, one.fields), id=one.id)
    return items


def paths_report(standings: Sequence[Standing], united: Union) -> tuple[PathReport, ...]:
    """Say how each path stands."""
    counts: dict[str, int] = {}
    for path in united.owners.values():
        counts[path] = counts.get(path, 0) + 1
    return tuple(_path_report(one, united, counts.get(one.path, 0)) for one in standings)


def _path_report(standing: Standing, united: Union, objects: int) -> PathReport:
    error = standing.trouble or united.clashes.get(standing.path)
    return PathReport(
        standing.path,
        united.commits.get(standing.path, ""),
        objects,
        str(error) if error else "",
        error.reason if error else "",
    )


def _is_foreseen(item: Item | None) -> bool:
    return item is not None and not (item.digest or item.fields or item.found)


def _asked(item: Item, path: str | None) -> Item:
    """Return an item with the path that asks for it now; what is asked for does not go."""
    if path is None or (item.path == path and not item.going):
        return item
    return replace(item, path=path, going=False)


def _is_current(step: Step, known: Inventory) -> bool:
    item = known.get(step.id)
    return item is not None and item.digest == step.manifest.digest[:DIGEST]


def _item(step: Step, united: Union, fields: str) -> Item:
    return Item(
        step.id,
        step.manifest.api_version.rpartition("/")[2],
        united.owners.get(step.id, ""),
        step.manifest.digest[:DIGEST],
        fields,
        _stays(step.manifest),
    )


def _stays(manifest: Manifest) -> bool:
    annotations = annotations_of(manifest.object)
    return asks_to_stay({str(key): str(value) for key, value in annotations.items()})
