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
            lambda _: self.declared,
            lambda one: self.owners.get(one.key, ""),
            lambda one: (one.release.name,),
            self.freed.append,
        )

    def holder(self) -> Key:
        """Whoever finds no rival holds the name; all others name him."""
        rivals = {one.key: self.names.rival(one) for one in self.declared}
        (holder,) = [key for key, rival in rivals.items() if rival is None]
        assert all(rival == holder for key, rival in rivals.items() if key != holder)
        return holder


def claimant(name: str, *, age: int = 0, told: Told | None = None) -> Declared:
    return a_declared(
        key=Key(KEY.api, name, "web"),
        created=NOW - timedelta(seconds=age),
        release=ReleaseRef(name, "web"),
        told=told or Told(),
    )


def test_the_older_claimant_holds() -> None:
    young, old = claimant("young"), claimant("old", age=9)
    assert World(young, old).holder() == old.key


def test_equal_age_is_settled_by_name() -> None:
    """Any two processes must come to the same answer."""
    one, other = claimant("a"), claimant("b")
    assert World(other, one).holder() == one.key


def test_whoever_owns_the_release_holds() -> None:
    """After a restart nothing else tells who was first to act."""
    young, old = claimant("young"), claimant("old", age=9)
    world = World(young, old)
    world.owners[young.key] = young.key.owner
    assert world.holder() == young.key


def test_whoever_had_the_release_holds() -> None:
    """Its release may just have been removed by hand."""
    young = claimant("young", told=Told(release_name="web", revision=3))
    assert World(claimant("old", age=9), young).holder() == young.key


def test_a_holder_is_not_disturbed_by_an_older_claimant() -> None:
    """Events may arrive in any order; what was given stays given."""
    young, old = claimant("young"), claimant("old", age=9)
    world = World(young)
    assert world.holder() == young.key
    world.declared.append(old)
    assert world.holder() == young.key


def test_a_name_let_go_is_told_and_given_to_the_next() -> None:
    young, old = claimant("young"), claimant("old", age=9)
    world = World(young, old)
    world.holder()
    world.declared.remove(old)
    world.names.keep(old.key, ())
    assert world.freed == ["web"]
    assert world.holder() == young.key


def test_what_is_kept_is_not_told() -> None:
    old = claimant("old")
    world = World(old)
    world.holder()
    world.names.keep(old.key, ["web", "else"])
    assert world.freed == []
    assert world.holder() == old.key


CLUSTER = {"flux.weave.works/v1beta1": True, "helm.fluxcd.io/v1": False}


def scopes(declared: Declared) -> tuple[str, ...]:
    """The old API's names are unique in the cluster, the new one's in a namespace."""
    release = declared.release
    return (release.name, str(release)) if CLUSTER[declared.key.api] else (str(release),)


class TwoGenerations:
    """HelmReleases of both generations; each asks for a release `web` in its namespace."""

    def __init__(self, *declared: tuple[str, str]) -> None:
        self.declared = [
            a_declared(
                key=Key(api, namespace, "web"),
                created=NOW + timedelta(seconds=number),
                release=ReleaseRef(namespace, "web"),
            )
            for number, (api, namespace) in enumerate(declared)
        ]
        self.names = Names(self.claimants, lambda _: "", scopes, lambda _: None)

    def claimants(self, name: str) -> list[Declared]:
        return [one for one in self.declared if name in scopes(one)]

    def winners(self) -> list[Key]:
        return [one.key for one in self.declared if self.names.rival(one) is None]


OLD, NEW = CLUSTER


def test_two_generations_meet_over_one_release() -> None:
    """Two resources that aim at one release, whatever their API, are rivals."""
    world = TwoGenerations((NEW, "a"), (OLD, "a"))
    assert world.winners() == [Key(NEW, "a", "web")]


def test_the_new_generation_shares_names_between_namespaces() -> None:
    world = TwoGenerations((NEW, "a"), (NEW, "b"), (OLD, "c"))
    assert len(world.winners()) == 3


def test_who_cannot_have_all_his_names_blocks_nobody() -> None:
    """The second of the old API lost the cluster's name; its namespace's stays free."""
    world = TwoGenerations((OLD, "a"), (OLD, "b"), (NEW, "b"))
    assert world.winners() == [Key(OLD, "a", "web"), Key(NEW, "b", "web")]
