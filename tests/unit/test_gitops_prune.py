"""What is removed, and what stops that: every rule, and the order between them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from helmward.gitops.build import ObjectId
from helmward.gitops.inventory import Item
from helmward.gitops.prune import Fact, Removal, Why, fate, orphans, removals
from helmward.gitops.scope import EVERYTHING, Scope
from helmward.settings import PruneSettings

MARK = "sha256.ours"
ON = PruneSettings(enabled=True)


def an_item(kind: str = "ConfigMap", name: str = "a", **fields: Any) -> Item:
    group = fields.pop("group", "")
    namespace = fields.pop("namespace", "shop")
    return Item(ObjectId(group, kind, namespace, name), "v1", **fields)


def a_fact(**fields: Any) -> Fact:
    return replace(Fact("uid", {}, mark=MARK, ours=True), **fields)


def decided(
    items: Sequence[Item],
    *,
    settings: PruneSettings = ON,
    facts: Any = None,
    inventory: Sequence[Item] = (),
    approved: str = "",
) -> Removal:
    """Decide about items that are all as we left them, unless facts say otherwise."""
    known = {one.id: a_fact() for one in items} | (facts or {})
    return removals(
        settings,
        items,
        known,
        inventory={one.id: one for one in (*items, *inventory)},
        asked={one.id for one in inventory},
        marks={one.id: {MARK} for one in items},
        scope=EVERYTHING,
        approved=approved,
    )


def others(count: int) -> list[Item]:
    """Return items that git still has."""
    return [an_item(name=f"other{n}") for n in range(count)]


@pytest.mark.parametrize(
    ("item", "fact", "expected"),
    [
        (an_item(), a_fact(), Why.GOES),
        (an_item(), None, Why.GONE),
        (an_item("Endpoints"), a_fact(), Why.KIND),
        (an_item("EndpointSlice", group="discovery.k8s.io"), a_fact(), Why.KIND),
        (an_item("ComponentStatus", namespace=""), a_fact(), Why.KIND),
        (an_item(), a_fact(mark="sha256.theirs"), Why.ANOTHERS),
        (an_item(), a_fact(mark="", ours=True), Why.GOES),
        (an_item(), a_fact(mark="", ours=False), Why.ANOTHERS),
        (an_item(), a_fact(mark=MARK, ours=False), Why.GOES),
        (an_item(), a_fact(owned=True), Why.OWNED),
        (an_item(keep=True), a_fact(), Why.ASKED_TO_STAY),
        (an_item(), a_fact(annotations={"fluxcd.io/ignore": "true"}), Why.ASKED_TO_STAY),
        (an_item(), a_fact(annotations={"fluxcd.io/ignore": "sync_only"}), Why.ASKED_TO_STAY),
        (an_item(), a_fact(annotations={"flux.weave.works/ignore": "true"}), Why.ASKED_TO_STAY),
        (an_item(), a_fact(annotations={"fluxcd.io/ignore": "false"}), Why.GOES),
        (
            an_item(),
            a_fact(annotations={"kustomize.toolkit.fluxcd.io/prune": "disabled"}),
            Why.ASKED_TO_STAY,
        ),
    ],
)
def test_the_fate_of_an_object(item: Item, fact: Fact | None, expected: Why) -> None:
    assert fate(item, fact, {MARK}, EVERYTHING) is expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(namespaces=("other",)), Why.SCOPE),
        (Scope(namespaces=("shop",)), Why.GOES),
        (Scope(excluded=("v1/ConfigMap",)), Why.SCOPE),
    ],
)
def test_outside_of_the_limits_nothing_goes(scope: Scope, expected: Why) -> None:
    assert fate(an_item(), a_fact(), {MARK}, scope) is expected


def test_another_ones_object_is_another_ones_before_all_else() -> None:
    """Also if it asks to stay: it is not for us to remember."""
    fact = a_fact(mark="sha256.theirs", owned=True, annotations={"fluxcd.io/ignore": "true"})
    assert fate(an_item(), fact, {MARK}, EVERYTHING) is Why.ANOTHERS


def test_orphans_are_what_no_repository_asks_for_of_paths_that_were_read() -> None:
    items = [an_item(name=name, path=path) for name, path in (("a", "x"), ("b", "x"), ("c", "y"))]
    inventory = {one.id: one for one in items}
    assert orphans(inventory, {items[0].id}, {"x"}) == (items[1],)


def test_what_needs_others_goes_before_them() -> None:
    """In the reverse of the order in which they came."""
    kinds = [("ConfigMap", ""), ("ServiceAccount", ""), ("Deployment", "apps"), ("Widget", "x.io")]
    items = [an_item(kind, group=group) for kind, group in kinds]
    removal = decided(items, inventory=others(20))
    assert [one.id.kind for one in removal.objects] == [
        *("Widget", "Deployment", "ConfigMap", "ServiceAccount")
    ]


def test_switched_off_all_is_kept_and_remembered() -> None:
    removal = decided([an_item()], settings=PruneSettings(), inventory=others(20))
    assert (removal.objects, removal.kept) == ((), (an_item().id,))
    assert not removal.forgotten


def test_a_dry_run_says_what_would_go() -> None:
    settings = PruneSettings(enabled=True, dry=True)
    removal = decided([an_item()], settings=settings, inventory=others(20))
    assert (removal.objects, removal.waiting) == ((), (an_item(),))


def test_what_is_not_ours_any_more_is_forgotten() -> None:
    theirs, gone, ours = (an_item(name=name) for name in ("theirs", "gone", "ours"))
    facts = {theirs.id: a_fact(mark="sha256.theirs"), gone.id: None}
    known = {key: fact for key, fact in facts.items() if fact}
    removal = removals(
        ON,
        [theirs, gone, ours],
        known | {ours.id: a_fact()},
        inventory={one.id: one for one in [theirs, gone, ours, *others(9)]},
        asked={one.id for one in others(9)},
        marks={one.id: {MARK} for one in [theirs, gone, ours]},
        scope=EVERYTHING,
    )
    assert removal.forgotten == {theirs.id, gone.id}
    assert removal.objects == (ours,)


@pytest.mark.parametrize(
    ("going", "left", "braked"),
    [(3, 0, False), (3, 1, False), (4, 4, False), (4, 3, True), (5, 4, True), (50, 51, False)],
)
def test_more_than_a_share_and_more_than_a_few(going: int, left: int, braked: bool) -> None:
    items = [an_item(name=f"c{n}") for n in range(going)]
    removal = decided(items, inventory=[*others(left), an_item(name="stays", path="")][: left or 1])
    if left:
        assert bool(removal.braked) is braked


@pytest.mark.parametrize(
    ("settings", "braked"),
    [
        (PruneSettings(enabled=True, share=0.1, count=1), True),
        (PruneSettings(enabled=True, share=0.9, count=1), False),
        (PruneSettings(enabled=True, share=0.1, count=9), False),
    ],
)
def test_share_and_number_are_settings(settings: PruneSettings, braked: bool) -> None:
    items = [an_item(name=f"c{n}") for n in range(4)]
    removal = decided(items, settings=settings, inventory=others(6))
    assert bool(removal.braked) is braked


@pytest.mark.parametrize(
    ("item", "fact", "words"),
    [
        (an_item("Namespace", namespace=""), a_fact(), "takes everything in it along"),
        (
            an_item("CustomResourceDefinition", group="apiextensions.k8s.io", namespace=""),
            a_fact(),
            "takes all objects of its kind along",
        ),
        (
            an_item("HelmRelease", group="flux.weave.works"),
            a_fact(volumes="data-db-0"),
            "owns PersistentVolumeClaims (data-db-0)",
        ),
        (
            an_item("HelmRelease", group="helm.fluxcd.io"),
            a_fact(volumes="it cannot be told which"),
            "owns PersistentVolumeClaims (it cannot be told which)",
        ),
    ],
)
def test_what_takes_others_along_is_asked_about(item: Item, fact: Fact, words: str) -> None:
    removal = decided([item], facts={item.id: fact}, inventory=others(20))
    assert words in removal.braked
    assert (removal.objects, removal.waiting) == ((), (item,))
    assert decided(
        [item], facts={item.id: fact}, inventory=others(20), approved=removal.token
    ).objects == (item,)


def test_a_helm_release_without_volumes_goes_by_itself() -> None:
    item = an_item("HelmRelease", group="helm.fluxcd.io")
    assert decided([item], inventory=others(20)).objects == (item,)


def test_a_path_of_which_nothing_is_left_is_asked_about() -> None:
    items = [an_item(name="a", path="x")]
    assert decided(items, inventory=others(20)).braked == "nothing would be left of path x"


def test_an_approval_counts_for_exactly_these_objects() -> None:
    items = [an_item(name=f"c{n}") for n in range(6)]
    first = decided(items, inventory=others(1))
    more = decided([*items, an_item(name="more")], inventory=others(1), approved=first.token)
    assert first.braked
    assert more.braked
    assert more.token != first.token
    assert decided(items, inventory=others(1), approved=first.token).objects
