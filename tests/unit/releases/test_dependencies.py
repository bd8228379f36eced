"""Who depends on whom, who is ready, and who is woken."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helmward.model import (
    Condition,
    Declared,
    Dependency,
    Key,
    Nothing,
    Observed,
    Refuse,
    Told,
    Wait,
)
from helmward.releases.dependencies import Graph
from helmward.releases.order import Order
from tests.support.builders import KEY, NOW, a_declared, an_observed

LATER = "helm.fluxcd.io/v1"
READY = Told(generation=1, conditions=(Condition("Ready", "True", "InSync", ""),))
FAILED = Told(generation=1, conditions=(Condition("Ready", "False", "InstallFailed", "secret"),))
WORKING = Told(generation=1, conditions=(Condition("Ready", "Unknown", "Installing", ""),))
SUSPENDED = Condition("Suspended", "True", "Suspended", "")


def on(name: str, **more: Any) -> Dependency:
    return Dependency("spec.dependsOn[0]", "shop", name, **more)


def one(name: str, *steps: str | Dependency, api: str = KEY.api, **more: Any) -> Declared:
    depends_on = tuple(on(step) if isinstance(step, str) else step for step in steps)
    return a_declared(key=Key(api, "shop", name), depends_on=depends_on, **more)


class World:
    """HelmReleases, their order, and who was woken."""

    def __init__(self, *declared: Declared) -> None:
        self.all = list(declared)
        self.woken: list[str] = []
        self.let_go: list[str] = []
        self.graph = Graph(self.named, self.depending, lambda one: one.told)
        self.order = Order(
            self.graph,
            lambda key: self.woken.append(key.name),
            lambda key: self.let_go.append(key.name),
        )

    def named(self, path: str) -> list[Declared]:
        return [one for one in self.all if str(one.key) == path]

    def depending(self, path: str) -> list[Declared]:
        return [one for one in self.all if any(step.path == path for step in one.depends_on)]

    def become(self, new: Declared) -> None:
        """Replace a HelmRelease, or add one, as a watch tells it."""
        old = next((one for one in self.all if one.key == new.key), None)
        self.all = [*(one for one in self.all if one.key != new.key), new]
        self.order.changed(old, new)

    def go(self, name: str) -> None:
        old = self.named(f"shop/{name}")[0]
        self.all.remove(old)
        self.order.changed(old, None)

    def waits(self, *names: str, reason: str = "DependencyNotReady") -> None:
        for name in names:
            self.order.rest(Key(KEY.api, "shop", name), Wait("waits", reason=reason))

    def seen(self, declared: Declared, now: Any = NOW, **more: Any) -> Observed:
        return self.order.seen(an_observed(now=now), declared, more.get("judged"))


STATES: list[tuple[str, list[Declared], str]] = [
    ("missing", [], "is not there"),
    ("new", [one("db")], "is not ready yet"),
    ("ready", [one("db", told=READY)], ""),
    ("at work", [one("db", told=WORKING)], "is not ready yet"),
    ("failed", [one("db", told=FAILED)], "is not ready: InstallFailed"),
    ("ready in an older generation", [one("db", told=READY, generation=2)], "is not ready yet"),
    ("failed in an older generation", [one("db", told=FAILED, generation=2)], "is not ready yet"),
    ("deleted", [one("db", told=READY, deleting=True)], "is being deleted"),
    (
        "suspended and ready",
        [one("db", told=replace(READY, conditions=(*READY.conditions, SUSPENDED)))],
        "",
    ),
    (
        "suspended and failed",
        [one("db", told=replace(FAILED, conditions=(*FAILED.conditions, SUSPENDED)))],
        "is suspended and not ready",
    ),
    (
        "suspended before its newest generation",
        [one("db", told=replace(READY, conditions=(*READY.conditions, SUSPENDED)), generation=2)],
        "is suspended and not ready",
    ),
    ("one of two ready", [one("db", told=FAILED), one("db", api=LATER, told=READY)], ""),
    (
        "one of two deleted",
        [one("db", told=READY, deleting=True), one("db", api=LATER, told=READY)],
        "",
    ),
    (
        "none of two ready",
        [one("db", told=FAILED), one("db", api=LATER)],
        "is not ready: InstallFailed",
    ),
]


@pytest.mark.parametrize(
    ("there", "trouble"), [pytest.param(*row, id=name) for name, *row in STATES]
)
def test_whether_a_helm_release_is_ready(there: list[Declared], trouble: str) -> None:
    """Only the reason is told of it: its message is for those who may read it."""
    web = one("web", "db")
    expected = (f"HelmRelease shop/db {trouble}",) if trouble else ()
    assert World(web, *there).graph.unready(web) == expected


@pytest.mark.parametrize("how", [{"ready": False}, {"expression": "dep.status.x == 1"}])
def test_one_that_has_only_to_be_there(how: dict[str, Any]) -> None:
    """An expression is asked later, by who can."""
    web = one("web", on("db", **how))
    assert World(web, one("db", told=FAILED)).graph.unready(web) == ()
    assert World(web).graph.unready(web) == ("HelmRelease shop/db is not there",)
    gone = one("db", told=READY, deleting=True)
    assert World(web, gone).graph.unready(web) == ("HelmRelease shop/db is being deleted",)


CYCLES: list[tuple[str, list[Declared], dict[str, str]]] = [
    ("a chain", [one("a", "b"), one("b", "c"), one("c")], {"a": "", "b": "", "c": ""}),
    (
        "two",
        [one("a", "b"), one("b", "a")],
        {"a": "shop/a -> shop/b -> shop/a", "b": "shop/b -> shop/a -> shop/b"},
    ),
    (
        "a member, and one who merely depends on it",
        [one("a", "b"), one("b", "a"), one("outside", "a")],
        {"a": "shop/a -> shop/b -> shop/a", "outside": ""},
    ),
    (
        "who is depended on, and is none",
        [one("x"), one("a", "b", "x"), one("b", "a")],
        {"x": "", "a": "shop/a -> shop/b -> shop/a"},
    ),
    (
        "of two ways the shorter",
        [one("a", "b", "d"), one("b", "c"), one("c", "a"), one("d", "a")],
        {"a": "shop/a -> shop/d -> shop/a", "b": "shop/b -> shop/c -> shop/a -> shop/b"},
    ),
    (
        "a diamond",
        [one("a", "b", "c"), one("b", "d"), one("c", "d"), one("d")],
        {"a": "", "d": ""},
    ),
    (
        "over two generations",
        [one("a", "b"), one("b", "a", api=LATER)],
        {"a": "shop/a -> shop/b -> shop/a"},
    ),
    (
        "broken by one that goes",
        [one("a", "b"), one("b", "a", deleting=True)],
        {"a": ""},
    ),
    (
        "other kinds make none",
        [one("a", on("a", api_version="v1", kind="Secret"), "b"), one("b")],
        {"a": ""},
    ),
]


@pytest.mark.parametrize(("there", "ways"), [pytest.param(*row, id=name) for name, *row in CYCLES])
def test_the_way_on_which_one_depends_on_itself(
    there: list[Declared], ways: dict[str, str]
) -> None:
    graph = World(*there).graph
    assert {name: graph.cycle(_find(there, name)) for name in ways} == ways


def _find(there: list[Declared], name: str) -> Declared:
    return next(one for one in there if one.key.name == name)


def test_a_long_chain_is_walked_once() -> None:
    """Each step costs the same, however many ways lead to it."""
    layers = [
        one(f"{layer}-{at}", *(f"{layer + 1}-{step}" for step in range(4)))
        for layer in range(30)
        for at in range(4)
    ]
    first = replace(layers[0], depends_on=(*layers[0].depends_on, on("0-0")))
    assert World(*layers[1:], first).graph.cycle(first) == "shop/0-0 -> shop/0-0"


DEPENDENTS: list[tuple[str, list[Declared], list[str]]] = [
    ("nobody", [], []),
    ("those that name it", [one("a", "db"), one("b", "db"), one("c", "a")], ["a", "b"]),
    ("nobody who is needed by it", [one("a", "x"), one("x", "db")], ["x"]),
    (
        "nobody while its namesake stays",
        [one("a", "db"), one("db", api=LATER)],
        [],
    ),
    (
        "those that name it when its namesake goes too",
        [one("a", "db"), one("db", api=LATER, deleting=True)],
        ["a"],
    ),
]


@pytest.mark.parametrize(
    ("there", "names"), [pytest.param(*row, id=name) for name, *row in DEPENDENTS]
)
def test_who_goes_before(there: list[Declared], names: list[str]) -> None:
    db = one("db", deleting=True)
    assert [one.key.name for one in World(db, *there).graph.dependents(db)] == names


def test_members_of_a_cycle_do_not_wait_for_each_other_to_go() -> None:
    """Else nobody would begin."""
    a, b = one("a", "b", deleting=True), one("b", "a", deleting=True)
    graph = World(a, b).graph
    assert (graph.dependents(a), graph.dependents(b)) == ([], [])


def test_dependents_that_go_are_waited_for_and_others_for_a_moment() -> None:
    db = one("db", deleting=True)
    going, staying = one("a", "db", deleting=True), one("b", "db")
    world = World(db, going, staying)
    first = world.seen(db)
    grace = NOW + timedelta(seconds=3)
    assert (first.dependents, first.dependents_until) == (("shop/a", "shop/b"), grace)
    later = world.seen(db, now=grace)
    assert (later.dependents, later.dependents_until) == (("shop/a",), None)
    assert world.order.left_behind(db) == ["shop/b"]


def test_the_moment_is_not_begun_anew_at_each_look() -> None:
    db = one("db", deleting=True)
    world = World(db, one("b", "db"))
    world.seen(db)
    again = world.seen(db, now=NOW + timedelta(seconds=2))
    assert again.dependents_until == NOW + timedelta(seconds=3)
    world.order.forget(db.key)
    anew = world.seen(db, now=NOW + timedelta(seconds=60))
    assert anew.dependents_until == NOW + timedelta(seconds=63)


def test_what_is_seen_of_one_that_depends() -> None:
    web = one("web", "db", on("key", api_version="v1", kind="Secret"))
    world = World(web)
    before = world.seen(web)
    assert (before.unready, before.unjudged) == (("HelmRelease shop/db is not there",), True)
    after = world.seen(web, judged=("Secret shop/key is not there",))
    assert not after.unjudged
    assert after.unready == ("HelmRelease shop/db is not there", "Secret shop/key is not there")


# Waking


def test_our_own_word_wakes_who_waits() -> None:
    """Before the watch brings it back; who does not wait is not looked at."""
    db = one("db")
    world = World(db, one("web", "db"), one("calm", "db"), one("stranger"))
    world.waits("web", "stranger")
    world.order.reported(db, Told(), READY)
    assert world.woken == ["web"]


def test_a_word_that_says_the_same_wakes_nobody() -> None:
    db = one("db")
    world = World(db, one("web", "db"))
    world.waits("web")
    world.order.reported(db, Told(), WORKING)
    world.order.reported(db, READY, replace(READY, revision=7))
    assert world.woken == []


def test_who_waited_and_waits_no_more_is_left_alone() -> None:
    db = one("db")
    world = World(db, one("web", "db"))
    world.waits("web")
    world.order.rest(world.all[1].key, Nothing("in sync"))
    world.order.reported(db, Told(), READY)
    assert (world.woken, world.let_go) == ([], ["web"])


def test_coming_and_going_wake_who_waits() -> None:
    world = World(one("web", "db"))
    world.waits("web")
    world.become(one("db"))
    world.go("db")
    assert world.woken == ["web", "web"]


def test_what_an_expression_reads_wakes_at_any_change() -> None:
    db = one("db")
    world = World(db, one("web", on("db", expression="dep.status.x == 1")), one("calm", "db"))
    world.waits("web", "calm")
    world.become(replace(db, resource_version="2"))
    assert world.woken == ["web"]


def test_a_cycle_wakes_its_members_when_it_closes_and_when_it_breaks() -> None:
    world = World(one("a"), one("b", "a"))
    world.become(one("a", "b"))
    assert sorted(world.woken) == ["a", "b"]
    for name in "ab":
        world.order.rest(Key(KEY.api, "shop", name), Refuse("DependencyCycle", ""))
    world.woken.clear()
    world.become(one("b"))
    assert sorted(world.woken) == ["a", "b"]


def test_the_last_dependent_wakes_what_goes_after_it() -> None:
    world = World(one("db", deleting=True), one("web", "db"))
    world.become(one("web", "db", deleting=True))
    assert world.woken == ["db"]
    world.go("web")
    assert world.woken == ["db", "db"]


def test_one_that_depends_no_more_wakes_what_goes_after_it() -> None:
    world = World(one("db", deleting=True), one("web", "db"))
    world.become(one("web"))
    assert world.woken == ["db"]
