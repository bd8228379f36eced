"""The store: a diff that misses nothing, and indexes that agree with it."""

from hypothesis import given
from hypothesis import strategies as st

from helmward.runtime import EventType, Store
from helmward.runtime.store import Change, Item, Name


def an_item(
    name: str = "a", *, uid: str = "u1", version: str = "1", value: str | None = "v"
) -> Item[str]:
    return Item(("ns", name), uid, version, value)


def test_put_tells_added_then_modified() -> None:
    """Subscribers get old and new."""
    store: Store[str] = Store()

    assert store.put(an_item(value="v1")) == (Change(EventType.ADDED, None, "v1"),)
    assert store.put(an_item(version="2", value="v2")) == (Change(EventType.MODIFIED, "v1", "v2"),)
    assert store.get("ns", "a") == "v2"


def test_the_same_version_is_no_change() -> None:
    """A relist of what is known wakes nobody."""
    store: Store[str] = Store()
    store.put(an_item())

    assert store.put(an_item()) == ()


def test_another_uid_is_a_deletion_and_an_addition() -> None:
    """Deleted and created again while nobody watched: it is another object."""
    store: Store[str] = Store()
    store.put(an_item(value="old"))

    assert store.put(an_item(uid="u2", version="9", value="new")) == (
        Change(EventType.DELETED, "old", None),
        Change(EventType.ADDED, None, "new"),
    )


def test_an_unreadable_version_leaves_the_last_good_one() -> None:
    """A broken edit of a HelmRelease must not look like its deletion."""
    store: Store[str] = Store()
    store.put(an_item(value="good"))

    assert store.put(an_item(version="2", value=None)) == ()
    assert store.replace({("ns", "a"): an_item(version="3", value=None)}) == []
    assert store.get("ns", "a") == "good"


def test_an_object_that_was_never_readable_is_absent() -> None:
    """Nobody is told of what cannot be read."""
    store: Store[str] = Store()
    store.put(an_item(value=None))

    assert len(store) == 0
    assert store.remove(("ns", "a")) == ()


def test_an_index_follows_changes() -> None:
    """It finds what refers to a thing, and no more what did."""
    store: Store[str] = Store()
    store.put(an_item("early", value="x"))
    store.add_index("letters", lambda value: value)
    store.put(an_item("late", value="xy"))
    store.put(an_item("early", version="2", value="z"))

    assert store.by_index("letters", "x") == ["xy"]
    assert store.by_index("letters", "z") == ["z"]
    store.remove(("ns", "late"))
    assert store.by_index("letters", "y") == []


items = st.builds(
    an_item,
    st.sampled_from("abcd"),
    uid=st.sampled_from(["u1", "u2"]),
    version=st.sampled_from("123"),
    value=st.one_of(st.none(), st.sampled_from(["x", "y", "xy"])),
)
worlds = st.lists(items, max_size=4).map(lambda found: {item.name: item for item in found})


@given(st.lists(worlds, min_size=1, max_size=6))
def test_the_changes_tell_the_whole_story(story: list[dict[Name, Item[str]]]) -> None:
    """Who only listens knows the same as who looks, and so does an index."""
    store: Store[str] = Store()
    store.add_index("letters", lambda value: value)
    heard: list[str] = []
    for world in story:
        for change in store.replace(world):
            if change.old is not None:
                heard.remove(change.old)
            if change.new is not None:
                heard.append(change.new)
        assert sorted(heard) == sorted(store.list())
        assert {name for name, _ in store._items.items()} <= set(world)
        for letter in "xy":
            expected = sorted(value for value in store if letter in value)
            assert sorted(store.by_index("letters", letter)) == expected
