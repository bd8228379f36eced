"""Release names: one holder each, undisturbed until it lets go."""

from datetime import timedelta

from helmward.model import Declared, Key, ReleaseRef, Told
from helmward.releases.names import Names
from tests.support.builders import KEY, NOW, a_declared


class World:
    """The HelmReleases that ask for the name `web`, and who owns its release."""

    def __init__(self, *declared: Declared) -> None:
        self.declared = list(declared)
        self.owners: dict[Key, str] = {}
        self.freed: list[str] = []
        self.names = Names(
            lambda _: self.declared, lambda one: self.owners.get(one.key, ""), self.freed.append
        )


def claimant(name: str, *, age: int = 0, told: Told | None = None) -> Declared:
    return a_declared(
        key=Key(KEY.api, name, "web"),
        created=NOW - timedelta(seconds=age),
        release=ReleaseRef(name, "web"),
        told=told or Told(),
    )


def test_the_older_claimant_holds() -> None:
    young, old = claimant("young"), claimant("old", age=9)
    assert World(young, old).names.holder("web") == old.key


def test_equal_age_is_settled_by_name() -> None:
    """Any two processes must come to the same answer."""
    one, other = claimant("a"), claimant("b")
    assert World(other, one).names.holder("web") == one.key


def test_whoever_owns_the_release_holds() -> None:
    """After a restart nothing else tells who was first to act."""
    young, old = claimant("young"), claimant("old", age=9)
    world = World(young, old)
    world.owners[young.key] = young.key.owner
    assert world.names.holder("web") == young.key


def test_whoever_had_the_release_holds() -> None:
    """Its release may just have been removed by hand."""
    young = claimant("young", told=Told(release_name="web", revision=3))
    assert World(claimant("old", age=9), young).names.holder("web") == young.key


def test_a_holder_is_not_disturbed_by_an_older_claimant() -> None:
    """Events may arrive in any order; what was given stays given."""
    young, old = claimant("young"), claimant("old", age=9)
    world = World(young)
    assert world.names.holder("web") == young.key
    world.declared.append(old)
    assert world.names.holder("web") == young.key


def test_a_name_let_go_is_told_and_given_to_the_next() -> None:
    young, old = claimant("young"), claimant("old", age=9)
    world = World(young, old)
    world.names.holder("web")
    world.declared.remove(old)
    world.names.keep(old.key, ())
    assert world.freed == ["web"]
    assert world.names.holder("web") == young.key


def test_what_is_kept_is_not_told() -> None:
    old = claimant("old")
    world = World(old)
    world.names.holder("web")
    world.names.keep(old.key, ["web", "else"])
    assert world.freed == []
    assert world.names.holder("web") == old.key


def test_a_name_nobody_asks_for_is_held_by_nobody() -> None:
    assert World().names.holder("web") is None
