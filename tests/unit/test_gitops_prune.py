"""What is removed, and what has to stay: every rule, and the order between them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from helmward.errors import AccessDenied
from helmward.gitops.build import ObjectId
from helmward.gitops.facts import Fact, Facts
from helmward.gitops.fates import RULES, Case, Why, among_others, fate
from helmward.gitops.inventory import Item
from helmward.gitops.prune import Removal, orphans, removals, worth_a_look
from helmward.gitops.scope import EVERYTHING, Scope
from helmward.settings import PruneSettings

MARK = "sha256.ours"
FORBIDDEN = AccessDenied("forbidden")
OFF = PruneSettings()
ON = PruneSettings(enabled=True)
DRY = PruneSettings(enabled=True, dry=True)


def an_item(kind: str = "ConfigMap", name: str = "a", **fields: Any) -> Item:
    group = fields.pop("group", "")
    namespace = fields.pop("namespace", "shop")
    return Item(ObjectId(group, kind, namespace, name), "v1", **fields)


def a_namespace(name: str = "shop", **fields: Any) -> Item:
    return an_item("Namespace", name, namespace="", **fields)


def a_definition(name: str = "cars.x.io", **fields: Any) -> Item:
    group = "apiextensions.k8s.io"
    return an_item("CustomResourceDefinition", name, namespace="", group=group, **fields)


def a_fact(**fields: Any) -> Fact:
    return replace(Fact("uid", {}, mark=MARK, ours=True), **fields)


def others(count: int = 20, namespace: str = "elsewhere") -> list[Item]:
    """Return items that git still has."""
    return [an_item(name=f"other{n}", namespace=namespace) for n in range(count)]


def decided(  # noqa: PLR0913 - what a test may want to be otherwise
    items: Sequence[Item],
    *,
    settings: PruneSettings = ON,
    facts: Facts | None = None,
    inventory: Sequence[Item] | None = None,
    asked: Sequence[ObjectId] = (),
    approved: str = "",
    scope: Scope = EVERYTHING,
) -> Removal:
    """Decide about items that are all as we left them, unless facts say otherwise."""
    known = others() if inventory is None else inventory
    return removals(
        settings,
        items,
        {one.id: a_fact() for one in items} if facts is None else facts,
        inventory={one.id: one for one in (*items, *known)},
        asked={*(one.id for one in known), *asked},
        marks={one.id: {MARK} for one in items},
        scope=scope,
        filled={""},
        approved=approved,
    )


def asking(key: str, word: str) -> Fact:
    return a_fact(annotations={key: word})


@pytest.mark.parametrize(
    ("item", "fact", "expected"),
    [
        (an_item(), a_fact(), Why.GOES),
        (an_item(), None, Why.GONE),
        (an_item(), Fact(trouble=FORBIDDEN), Why.UNKNOWN),
        (an_item("Endpoints"), a_fact(), Why.KIND),
        (an_item("EndpointSlice", group="discovery.k8s.io"), a_fact(), Why.KIND),
        (an_item("ComponentStatus", namespace=""), a_fact(), Why.KIND),
        (an_item(), a_fact(mark="sha256.theirs"), Why.ANOTHERS),
        (an_item(), a_fact(mark="", ours=True), Why.GOES),
        (an_item(), a_fact(mark="", ours=False), Why.ANOTHERS),
        (an_item(), a_fact(mark=MARK, ours=False), Why.GOES),
        (an_item(), a_fact(owned=True), Why.OWNED),
        (an_item(), a_fact(deleting=True), Why.LEAVING),
        (an_item(keep=True), a_fact(), Why.ASKED_TO_STAY),
        (an_item(), asking("fluxcd.io/ignore", "true"), Why.ASKED_TO_STAY),
        (an_item(), asking("fluxcd.io/ignore", "sync_only"), Why.ASKED_TO_STAY),
        (an_item(), asking("flux.weave.works/ignore", "true"), Why.ASKED_TO_STAY),
        (an_item(), asking("flux.weave.works/ignore", "sync_only"), Why.ASKED_TO_STAY),
        (an_item(), asking("fluxcd.io/ignore", "false"), Why.GOES),
        (an_item(), asking("kustomize.toolkit.fluxcd.io/prune", "disabled"), Why.ASKED_TO_STAY),
        (an_item(), asking("kustomize.toolkit.fluxcd.io/prune", "Disabled"), Why.ASKED_TO_STAY),
        (an_item(), asking("kustomize.toolkit.fluxcd.io/prune", "enabled"), Why.GOES),
        (an_item(), asking("kustomize.toolkit.fluxcd.io/reconcile", "disabled"), Why.ASKED_TO_STAY),
        (an_item(), asking("kustomize.toolkit.fluxcd.io/ssa", "Ignore"), Why.ASKED_TO_STAY),
    ],
)
def test_the_fate_of_an_object(item: Item, fact: Fact | None, expected: Why) -> None:
    assert fate(Case(item, fact, {MARK})) is expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(namespaces=("other",)), Why.SCOPE),
        (Scope(namespaces=("shop",)), Why.GOES),
        (Scope(excluded=("v1/ConfigMap",)), Why.SCOPE),
    ],
)
def test_outside_of_the_limits_nothing_goes(scope: Scope, expected: Why) -> None:
    assert fate(Case(an_item(), a_fact(), {MARK}, scope)) is expected


HITS: Mapping[str, dict[str, Any]] = {
    "beyond_reach": {"scope": Scope(namespaces=("other",))},
    "unseen": {"trouble": FORBIDDEN},
    "moved_group": {"moved": True},
    "anothers": {"mark": "sha256.theirs"},
    "owned": {"owned": True},
    "asked_to_stay": {"annotations": {"fluxcd.io/ignore": "true"}},
    "leaving": {"deleting": True},
}
"""What makes each rule answer."""


def a_case(*rules: str) -> Case:
    """Build a case in which each of the rules has an answer."""
    changes = {key: value for rule in rules for key, value in HITS[rule].items()}
    scope, moved = changes.pop("scope", EVERYTHING), changes.pop("moved", False)
    return Case(an_item(), a_fact(**changes), {MARK}, scope, moved)


@pytest.mark.parametrize(("first", "second"), list(pairwise(HITS)))
def test_the_order_of_the_rules(first: str, second: str) -> None:
    """The earlier one decides where both have an answer."""
    assert [rule.__name__ for rule in RULES] == list(HITS)
    assert fate(a_case(first, second)) is fate(a_case(first)) is not fate(a_case(second))


def test_orphans_are_what_no_repository_asks_for_of_paths_that_were_read() -> None:
    """What has moved to another path is asked for there; a path that is broken says nothing."""
    items = [an_item(name=name, path=path) for name, path in (("a", "x"), ("b", "x"), ("c", "y"))]

    assert orphans({one.id: one for one in items}, {items[0].id}, {"x"}) == (items[1],)


@pytest.mark.parametrize(("has", "asks"), [("shop", ""), ("", "shop")])
def test_a_kind_that_is_not_known_now_may_be_in_any_namespace(has: str, asks: str) -> None:
    """A group of the API that is away for a moment must not cost its objects."""
    item = an_item("Car", group="x.io", namespace=has)
    other = an_item("Car", "other", group="x.io", namespace=has)
    asked = {replace(item.id, namespace=asks)}

    assert orphans({one.id: one for one in (item, other)}, asked, {""}) == (other,)


def test_the_same_name_in_another_namespace_is_another_object() -> None:
    item = an_item()

    assert orphans({item.id: item}, {replace(item.id, namespace="other")}, {""}) == (item,)


def test_what_needs_others_goes_before_them() -> None:
    """In the reverse of the order in which they came."""
    kinds = [("ConfigMap", ""), ("ServiceAccount", ""), ("Deployment", "apps"), ("Widget", "x.io")]
    removal = decided([an_item(kind, group=group) for kind, group in kinds], inventory=others(20))

    gone = [one.id.kind for one in removal.objects]
    assert gone == ["Widget", "Deployment", "ConfigMap", "ServiceAccount"]


def test_switched_off_all_is_kept_and_nothing_looked_at() -> None:
    """Switched on later, it is known what is left to remove."""
    item = an_item()

    assert worth_a_look(OFF, [item], EVERYTHING) == ()
    removal = decided([item], settings=OFF, facts={})
    assert removal == Removal(kept={item.id: Why.OFF})


@pytest.mark.parametrize("settings", [DRY, PruneSettings(dry=True)])
def test_a_dry_run_says_what_would_go(settings: PruneSettings) -> None:
    """Also where nothing else was switched on, as fluxd has it."""
    removal = decided([an_item()], settings=settings)

    assert (removal.objects, removal.waiting, removal.braked) == ((), (an_item(),), "")


def test_what_is_beyond_reach_is_not_looked_at() -> None:
    """Its namespace may be closed to us."""
    items = [an_item(), an_item("Endpoints"), an_item(namespace="closed")]

    assert worth_a_look(ON, items, Scope(namespaces=("shop",))) == (items[0],)


def test_what_is_not_ours_any_more_is_forgotten() -> None:
    theirs, gone, ours = (an_item(name=name) for name in ("theirs", "gone", "ours"))
    facts = {theirs.id: a_fact(mark="sha256.theirs"), ours.id: a_fact()}

    removal = decided([theirs, gone, ours], facts=facts)

    assert removal.forgotten == {theirs.id, gone.id}
    assert [one.id for one in removal.objects] == [ours.id]


def test_what_stays_is_kept_with_its_reason() -> None:
    unseen, kept = an_item(name="unseen"), an_item(name="kept", keep=True)
    facts = {unseen.id: Fact(trouble=FORBIDDEN), kept.id: a_fact()}

    removal = decided([unseen, kept], facts=facts)

    assert removal == Removal(kept={unseen.id: Why.UNKNOWN, kept.id: Why.ASKED_TO_STAY})


def test_a_kind_that_has_moved_to_another_group_is_one_object() -> None:
    """Both groups serve it: to remove the old one would remove the new one."""
    old, new = an_item("Ingress", group="extensions"), an_item("Ingress", group="networking.k8s.io")

    removal = decided([old], asked=[new.id])

    assert (removal.objects, removal.forgotten) == ((), frozenset({old.id}))


def test_custom_kinds_of_one_name_are_two_objects() -> None:
    old = an_item("Gateway", group="networking.istio.io")

    removal = decided([old], asked=[replace(old.id, group="gateway.networking.k8s.io")])

    assert [one.id for one in removal.objects] == [old.id]


@pytest.mark.parametrize(
    ("outer", "inner"),
    [(a_namespace(), an_item()), (a_definition(), an_item("Car", group="x.io"))],
)
def test_what_holds_something_that_stays_stays(outer: Item, inner: Item) -> None:
    """Whether git has it, or it asks to stay, or nobody could say."""
    for why in (Why.ASKED_TO_STAY, Why.UNKNOWN, Why.OWNED):
        assert among_others({outer.id: Why.GOES, inner.id: why}, [outer.id, inner.id]) == {
            outer.id: Why.HOLDS,
            inner.id: why,
        }
    assert among_others({outer.id: Why.GOES}, [outer.id, inner.id]) == {outer.id: Why.HOLDS}


@pytest.mark.parametrize("why", [Why.GOES, Why.LEAVING])
def test_what_holds_something_that_goes_waits(why: Why) -> None:
    """A release that is being uninstalled needs its namespace."""
    outer, inner = a_namespace(), an_item()

    fates = among_others({outer.id: Why.GOES, inner.id: why}, [outer.id, inner.id])

    assert fates[outer.id] is Why.WAITS


@pytest.mark.parametrize("why", [Why.GONE, Why.ANOTHERS])
def test_what_holds_nothing_of_ours_goes(why: Why) -> None:
    outer, inner = a_namespace(), an_item()

    fates = among_others({outer.id: Why.GOES, inner.id: why}, [outer.id, inner.id])

    assert fates[outer.id] is Why.GOES


def test_a_namespace_goes_after_what_is_in_it_and_is_approved_with_it() -> None:
    """The second round, in which nothing is left in it, asks nobody again."""
    first = decided([a_namespace(), an_item()])
    assert first.braked
    assert {one.id for one in first.waiting} == {a_namespace().id, an_item().id}

    approved = decided([a_namespace(), an_item()], approved=first.token)
    assert approved.objects == (an_item(going=True),)
    assert approved.later == (a_namespace(going=True),)
    assert approved.begun == (*approved.objects, *approved.later)

    second = decided([a_namespace(going=True)])
    assert (second.objects, second.braked) == ((a_namespace(going=True),), "")


def test_what_was_begun_is_gone_on_with() -> None:
    """A refused deletion is tried again without another approval, new ones are not."""
    left = [an_item(name=f"c{n}", going=True) for n in range(5)]

    assert decided(left, inventory=others(1)).objects == tuple(left)
    more = decided([*left, a_namespace("other")], inventory=others(1))
    assert (more.objects, more.braked) == ((), "everything in a namespace goes with it: other")


def test_an_approval_counts_for_exactly_these_objects() -> None:
    items = [an_item(name=f"c{n}") for n in range(6)]
    first = decided(items, inventory=others(1))

    more = decided([*items, an_item(name="z")], inventory=others(1), approved=first.token)

    assert first.braked
    assert more.braked
    assert more.token != first.token
    assert decided(items, inventory=others(1), approved=first.token).objects


def test_an_approval_does_not_count_for_objects_that_were_made_anew() -> None:
    """It may be there for years."""
    items = [an_item(name=f"c{n}") for n in range(6)]
    first = decided(items, inventory=others(1))
    anew = {one.id: a_fact(uid="another") for one in items}

    assert decided(items, inventory=others(1), approved=first.token, facts=anew).braked


def test_a_brake_keeps_what_would_go_in_the_inventory() -> None:
    """And forgets all the same what is not there any more."""
    items = [an_item(name=f"c{n}") for n in range(6)]
    facts = {one.id: a_fact() for one in items[1:]}

    removal = decided(items, inventory=others(1), facts=facts)

    assert removal.forgotten == {items[0].id}
    assert removal.waiting == tuple(items[1:])
    assert removal.begun == ()
