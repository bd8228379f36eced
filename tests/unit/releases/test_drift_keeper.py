"""What is known of drift between two looks, and how it is told."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from helmward.model import (
    Desired,
    Divergence,
    Drift,
    DriftMode,
    DriftState,
    IgnoreRule,
    ObjectRef,
    Observed,
)
from helmward.releases.drift import Keeper, News, listed
from tests.support.builders import KEY, NOW, a_desired, a_revision, an_observed, commands
from tests.support.drift import CONFIG, WEB, Seen, a_change, deleted, scaled

ENABLED: dict[str, Any] = {"drift_mode": DriftMode.ENABLED}
CHECK = timedelta(minutes=3)
NOTED: dict[str, Any] = {"kinds": "v1/ConfigMap", "objects": "AAAA"}


@dataclass
class Shop:
    """One release whose objects are looked after."""

    now: datetime = NOW
    watch: Seen = field(default_factory=Seen)
    desired: Desired = field(default_factory=a_desired)
    revision: Any = field(default_factory=lambda: a_revision(**NOTED))

    def __post_init__(self) -> None:
        self.keeper = Keeper(self.watch, interval=CHECK, now=lambda: self.now)

    @property
    def observed(self) -> Observed:
        return self.keeper.observe(self.desired, an_observed(newest=self.revision))

    def found(self, *found: Divergence, looked: tuple[ObjectRef, ...] = ()) -> News:
        objects = frozenset(looked or (one.object for one in found))
        drift = Drift(self.revision.number, found)
        return self.keeper.take(self.desired, self.revision, objects, drift)

    def fight(self) -> list[News]:
        return [self.found(scaled(corrected=True)) for _ in range(4)]

    def state(self) -> str:
        return self.told[0]

    @property
    def told(self) -> tuple[str, str, int]:
        standing = self.keeper.standing(self.desired, an_observed(newest=self.revision))
        assert standing is not None
        return standing.state, standing.message, standing.objects


def test_what_was_found_is_told_until_a_look_finds_it_mended() -> None:
    shop = Shop()
    assert shop.told == (DriftState.NONE, "", 0)
    assert shop.found(scaled(), deleted()).detected == (scaled(), deleted())
    assert shop.told == (DriftState.DETECTED, listed([scaled(), deleted()]), 2)
    shop.found(looked=(WEB,))
    assert shop.told == (DriftState.DETECTED, listed([deleted()]), 1)
    shop.found(looked=(CONFIG,))
    assert shop.told == (DriftState.NONE, "", 0)


def test_what_is_found_again_is_no_news() -> None:
    """Else each look would make an event."""
    shop = Shop()
    shop.found(scaled())
    assert shop.found(scaled()) == News()
    more = scaled(changes=(a_change(live="7"),))
    assert shop.found(more).detected == (more,)


def test_what_was_put_right_is_told_until_something_else_is_found() -> None:
    shop, mended = Shop(desired=a_desired(**ENABLED)), deleted(corrected=True)
    assert shop.found(mended) == News((mended,), (mended,))
    assert shop.told == (DriftState.CORRECTED, "ConfigMap shop/web: deleted", 0)
    shop.found(looked=(CONFIG,))
    assert shop.state() == DriftState.CORRECTED
    shop.found(scaled(problem="forbidden"))
    assert shop.state() == DriftState.DETECTED


def test_a_fight_names_who_is_on_the_other_side() -> None:
    shop = Shop(desired=a_desired(**ENABLED))
    assert [len(one.contested) for one in shop.fight()] == [0, 0, 0, 1]
    state, message, objects = shop.told
    assert (state, objects) == (DriftState.CONTESTED, 1)
    assert "/spec/replicas 1 -> 5 by kubectl-scale" in message
    assert shop.observed.left_alone == {WEB}
    assert shop.keeper.pause(KEY) == 30


def test_a_fight_does_not_hide_what_else_differs() -> None:
    shop = Shop(desired=a_desired(**ENABLED))
    shop.fight()
    shop.found(deleted(problem="forbidden"))
    state, message, objects = shop.told
    assert (state, objects) == (DriftState.CONTESTED, 2)
    assert message.endswith("; ConfigMap shop/web: deleted, forbidden")


ENDS = [
    pytest.param({"desired": a_desired(**ENABLED, generation=2)}, id="another spec"),
    pytest.param({"revision": a_revision(2, **NOTED)}, id="another revision"),
    pytest.param({"now": NOW + timedelta(hours=1, seconds=30)}, id="an hour of quiet"),
]


@pytest.mark.parametrize("change", ENDS)
def test_what_ends_a_fight(change: dict[str, Any]) -> None:
    shop = Shop(desired=a_desired(**ENABLED))
    shop.fight()
    for name, value in change.items():
        setattr(shop, name, value)
    assert shop.state() != DriftState.CONTESTED
    assert not shop.observed.left_alone


def test_a_new_revision_starts_from_nothing() -> None:
    """It wrote every object anew."""
    shop = Shop()
    shop.found(scaled())
    shop.revision = a_revision(2, **NOTED)
    assert shop.told == (DriftState.NONE, "", 0)
    assert shop.observed.drift == Drift(2)


def test_another_policy_looks_at_everything_once() -> None:
    """What was ignored is no news to the watch."""
    shop = Shop()
    shop.found(scaled())
    assert not shop.observed.unknown_objects
    shop.desired = a_desired(ignore=(IgnoreRule(("/data",)),), generation=2)
    assert shop.observed.unknown_objects
    assert shop.state() == DriftState.DETECTED
    shop.keeper.take(shop.desired, shop.revision, frozenset(), Drift(1))
    assert not shop.observed.unknown_objects
    assert shop.state() == DriftState.NONE


def test_other_values_alone_look_at_nothing() -> None:
    shop = Shop()
    assert not shop.observed.unknown_objects
    shop.desired = a_desired(generation=2)
    assert not shop.observed.unknown_objects


def test_what_cannot_be_noted_is_looked_at_once() -> None:
    """A huge release has no list of its objects, and must not be looked at for ever."""
    shop = Shop(watch=Seen(is_unknown=True), revision=a_revision())
    assert shop.observed.unknown_objects
    shop.keeper.take(shop.desired, shop.revision, frozenset(), Drift(1))
    assert not shop.observed.unknown_objects


def test_what_the_watch_cannot_name_is_looked_at_each_time() -> None:
    shop = Shop(watch=Seen(is_unknown=True))
    shop.keeper.take(shop.desired, shop.revision, frozenset(), Drift(1))
    assert shop.observed.unknown_objects


def test_what_nobody_may_watch_is_looked_at_at_each_periodic_check() -> None:
    """They come a little early; any other turn looks at nothing."""
    shop = Shop(watch=Seen(unseen=("Deployment.apps",)))
    assert shop.observed.unknown_objects
    shop.keeper.take(shop.desired, shop.revision, frozenset(), Drift(1))
    shop.now += timedelta(minutes=2)
    assert not shop.observed.unknown_objects
    shop.now += timedelta(seconds=45)
    assert shop.observed.unknown_objects


def test_who_could_not_look_looks_again_later() -> None:
    shop = Shop(watch=Seen({WEB}))
    assert shop.keeper.fail(shop.desired, shop.revision, "forbidden") is True
    assert shop.keeper.fail(shop.desired, shop.revision, "forbidden") is False
    assert shop.told == (DriftState.UNSEEN, "forbidden", 0)
    assert not shop.observed.suspects
    assert shop.keeper.pause(KEY) == 60
    shop.now += timedelta(seconds=60)
    assert shop.observed.suspects == {WEB}
    shop.found(looked=(WEB,))
    assert shop.told == (DriftState.NONE, "", 0)


def test_one_object_that_cannot_be_looked_at_is_told() -> None:
    shop = Shop()
    assert shop.found(Divergence(WEB, problem="forbidden")).detected == ()
    assert shop.told == (DriftState.UNSEEN, "Deployment shop/web: forbidden", 0)
    assert shop.observed.left_alone == {WEB}


NOBODY = [
    pytest.param({"deleting": True}, id="deleted"),
    pytest.param({"commands": commands(suspend=True)}, id="suspended"),
    pytest.param({"drift_mode": DriftMode.DISABLED}, id="disabled"),
]


@pytest.mark.parametrize("asked", NOBODY)
def test_where_nobody_looks(asked: dict[str, Any]) -> None:
    shop = Shop(watch=Seen({WEB}, is_unknown=True), desired=a_desired(**asked))
    assert not shop.observed.suspects
    assert not shop.observed.unknown_objects


@pytest.mark.parametrize(
    "revision", [a_revision(2, "failed"), a_revision(2, "pending-upgrade"), a_revision(owner="")]
)
def test_what_is_not_in_force_or_not_ours_is_not_looked_at(revision: Any) -> None:
    shop = Shop(watch=Seen({WEB}), revision=revision)
    assert not shop.observed.suspects
    assert shop.keeper.standing(shop.desired, an_observed(newest=revision)) is None


def test_nothing_is_called_well_before_it_is_in_sight() -> None:
    """After a restart what the status says stands until the watch has seen everything."""
    shop = Shop(watch=Seen(is_ready=False))
    assert shop.keeper.standing(shop.desired, an_observed(newest=shop.revision)) is None
    shop.found(scaled())
    assert shop.state() == DriftState.DETECTED


def test_nobody_looks_is_told_too() -> None:
    shop = Shop(desired=a_desired(drift_mode=DriftMode.DISABLED))
    assert shop.told == (DriftState.OFF, "", 0)


def test_what_is_gone_is_forgotten() -> None:
    shop = Shop()
    shop.found(scaled())
    shop.keeper.forget(KEY)
    assert shop.state() == DriftState.NONE
