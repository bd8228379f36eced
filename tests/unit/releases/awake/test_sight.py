"""The objects of one kind that are in sight: what stays as it was stays the very same."""

from dataclasses import replace

from helmward.releases.awake.inventory import GroupKind, identify
from helmward.releases.awake.seen import Seen
from helmward.releases.awake.sight import Sight
from helmward.runtime.store import EventType, Item, Name

KIND = GroupKind("", "ConfigMap")


def seen(name: str = "a", ours: bytes = b"ours", *, young: bool = False) -> Seen:
    return Seen("shop", name, "shop", "cart", ours, ours, young=young)


def item(one: Seen | None, name: str = "a") -> Item[Seen]:
    return Item(("shop", name), "uid", "1", one)


def a_sight(*names: str) -> Sight:
    sight = Sight(KIND)
    for name in names:
        sight.put(item(seen(name), name))
    return sight


def at(name: str) -> bytes:
    return identify(KIND, "shop", name)


def test_an_object_in_the_same_state_is_no_change_and_stays_settled() -> None:
    """A status update, or a list after a lost connection."""
    sight = a_sight("a")
    before = sight.find(at("a"))

    assert sight.put(item(seen())) == ()
    assert sight.find(at("a")) is before


def test_a_young_one_takes_its_place() -> None:
    """It may have been changed again without a trace: nobody has looked at it so."""
    sight = a_sight("a")
    (change,) = sight.put(item(seen(young=True)))

    assert change.type is EventType.MODIFIED
    assert sight.find(at("a")) is change.new


def test_what_cannot_be_read_stays_as_it_was() -> None:
    """It is neither gone nor changed, as far as anybody knows."""
    sight = a_sight("a")

    assert sight.put(item(None)) == ()
    assert sight.find(at("a")) is not None


def test_what_a_list_does_not_have_was_deleted_meanwhile() -> None:
    """The history was compacted away: deletions are told all the same."""
    sight = a_sight("a", "b")
    kept: dict[Name, Item[Seen]] = {("shop", "b"): item(seen("b"), "b")}
    changes = sight.replace(kept | {("shop", "c"): item(seen("c"), "c")})

    assert [(one.type, (one.new or one.old).name) for one in changes if one.new or one.old] == [  # type: ignore[union-attr]
        (EventType.DELETED, "a"),
        (EventType.ADDED, "c"),
    ]
    assert len(sight) == 2
    assert {one.name for one in sight} == {"b", "c"}


def test_what_was_not_there_cannot_go() -> None:
    """A deletion that was told twice."""
    sight = a_sight("a")
    sight.remove(("shop", "a"))

    assert sight.remove(("shop", "a")) == ()


def test_an_unchanged_item_of_another_version_is_no_change() -> None:
    """Versions are not kept."""
    sight = a_sight("a")

    assert sight.put(replace(item(seen()), version="2")) == ()
