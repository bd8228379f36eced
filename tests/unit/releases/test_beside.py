"""What is asked for now, and the action that is under way for what was asked before."""

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from helmward.apis import V1BETA1
from helmward.model import Declared, Key
from helmward.releases import account as told
from helmward.releases.beside import Actions
from helmward.releases.report import Meters, Reporter
from tests.support.builders import KEY, a_declared, a_desired, commands

NOBODY: Any = None


class World:
    """One HelmRelease as the watch knows it, and the actions for it."""

    def __init__(self, known: Declared | None) -> None:
        self.known = known
        meters = Meters(CollectorRegistry(), lambda: 0.0)
        reporter = Reporter(NOBODY, {KEY.api: V1BETA1}, NOBODY, meters)
        self.actions = Actions(NOBODY, reporter, self.lookup)

    def lookup(self, key: Key) -> Declared | None:
        assert key == KEY
        return self.known


async def begun(world: World) -> bool:
    """Begin an action for what is asked for in generation 1; whether it is pointless already."""
    asked = a_declared()
    announcement = told.under_way(asked, a_desired(), None, "upgrade", "because")
    async with world.actions.under_way(asked, "upgrade", announcement) as acting:
        return acting.news.is_set()


@pytest.mark.parametrize(
    ("known", "pointless"),
    [
        pytest.param(a_declared(), False, id="nothing else is asked for"),
        pytest.param(None, False, id="the kind is gone"),
        pytest.param(a_declared(generation=2), True, id="a newer spec"),
        pytest.param(a_declared(deleting=True), True, id="a deletion"),
        pytest.param(replace(a_declared(), uid="other"), True, id="another of the same name"),
        pytest.param(
            a_declared(generation=2, commands=commands(suspend=True)), False, id="suspended"
        ),
    ],
)
async def test_what_came_before_the_action_began_is_heard(
    known: Declared | None, pointless: bool
) -> None:
    """Fetching a chart takes time; what is asked for meanwhile must not wait for the old wait."""
    assert await begun(World(known)) == pointless


async def test_what_comes_while_it_runs_is_heard() -> None:
    world = World(a_declared())
    announcement = told.under_way(a_declared(), a_desired(), None, "upgrade", "because")
    async with world.actions.under_way(a_declared(), "upgrade", announcement) as acting:
        world.actions.hear(a_declared(generation=2))
        assert acting.news.is_set()
    world.actions.hear(a_declared(generation=3))


async def test_changed_sources_are_a_doubt_until_they_are_looked_at() -> None:
    """Whether they make the action pointless, the values say."""
    world = World(a_declared())
    announcement = told.under_way(a_declared(), a_desired(), None, "upgrade", "because")
    async with world.actions.under_way(a_declared(), "upgrade", announcement) as acting:
        world.actions.doubt(KEY)
        await acting.doubtful()
        assert not acting.doubts.is_set()
        assert not acting.news.is_set()
    world.actions.doubt(KEY)
