"""When what was read is outdated, and what is kept of it."""

import pytest

from helmward.kube.resources import CONFIG_MAPS
from helmward.runtime.tracking import OVERHEAD, Content, Contents, News, Reading, Ref

ABSENT = ""


@pytest.mark.parametrize(
    ("read", "news", "outdated"),
    [
        pytest.param("10", News("11"), True, id="changed since"),
        pytest.param("10", News("10"), False, id="the very version"),
        pytest.param("10", News("9"), False, id="a watch that lags behind"),
        pytest.param("9", News("10"), True, id="compared as numbers"),
        pytest.param("10", News("11", deleted=True), True, id="deleted since"),
        pytest.param("10", News("9", deleted=True), False, id="deleted before, and made anew"),
        pytest.param(ABSENT, News("5"), True, id="appeared"),
        pytest.param(ABSENT, News("5", deleted=True), False, id="still absent"),
        pytest.param("a", News("b"), True, id="versions without an order differ"),
        pytest.param("a", News("a"), False, id="versions without an order are equal"),
    ],
)
def test_news_outdate_what_was_read_before(read: str, news: News, outdated: bool) -> None:
    assert Reading(read, era=1).outdated_by(news) == outdated


def a_ref(name: str) -> Ref:
    return Ref(CONFIG_MAPS, "default", name)


def content(size: int) -> Content:
    return Content(Reading("1", 1), {"k": b"x" * (size - OVERHEAD - 1)})


def test_what_was_not_asked_for_longest_goes_first() -> None:
    """Memory has a bound, whatever HelmReleases refer to."""
    kept = Contents(room=3000)
    for name in ("a", "b", "c"):
        kept.put(a_ref(name), content(1000))
    kept.get(a_ref("a"))
    kept.put(a_ref("d"), content(1000))

    assert [name for name in "abcd" if kept.get(a_ref(name))] == ["a", "c", "d"]
    assert kept.size == 3000


def test_what_is_larger_than_all_the_room_is_not_kept() -> None:
    kept = Contents(room=3000)
    kept.put(a_ref("a"), content(3001))
    assert (len(kept), kept.size) == (0, 0)


def test_content_is_kept_once() -> None:
    """The newest counts, and nothing is left of one that is dropped."""
    kept = Contents()
    kept.put(a_ref("a"), content(1000))
    kept.put(a_ref("a"), content(2000))
    assert kept.size == 2000
    kept.drop(a_ref("a"))
    assert kept.size == 0
