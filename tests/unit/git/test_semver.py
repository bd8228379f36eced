"""Ranges of versions count as Helm and Flux 2 count them."""

import pytest

from helmward.git.semver import newest_first, parse_range, parse_version

VERSIONS = (
    *("0.0.0", "0.0.3", "0.0.4", "0.1.0", "0.2.3", "0.2.9", "0.3.0", "1.0.0-alpha", "1.0.0"),
    *("1.1.9", "1.2.0-rc.1", "1.2.0", "1.2.3-rc.1", "1.2.3-rc.1.5", "1.2.3-rc.2", "1.2.3"),
    *("1.2.4", "1.3.0-beta", "1.3.0", "1.4.5", "1.5.0", "2.0.0-rc.1", "2.0.0", "2.5.0"),
)


def within(text: str) -> list[str]:
    return [one for one in VERSIONS if one in parse_range(text)]


@pytest.mark.parametrize(
    ("text", "first", "last", "count"),
    [
        ("*", "0.0.0", "2.5.0", 17),
        ("1", "1.0.0", "1.5.0", 8),
        ("1.x", "1.0.0", "1.5.0", 8),
        ("1.2", "1.2.0", "1.2.4", 3),
        ("1.2.*", "1.2.0", "1.2.4", 3),
        ("1.2.3", "1.2.3", "1.2.3", 1),
        ("v1.2.3", "1.2.3", "1.2.3", 1),
        ("=1.2", "1.2.0", "1.2.4", 3),
        ("!=1.2", "0.0.0", "2.5.0", 14),
        (">1.2", "1.3.0", "2.5.0", 5),
        (">1.2.3", "1.2.4", "2.5.0", 6),
        (">= 1.2", "1.2.0", "2.5.0", 8),
        ("<1.2", "0.0.0", "1.1.9", 9),
        ("<=1.2", "0.0.0", "1.2.4", 12),
        ("~1.2.3", "1.2.3", "1.2.4", 2),
        ("~>1", "1.0.0", "1.5.0", 8),
        ("^1.2.3", "1.2.3", "1.5.0", 5),
        ("^0.2.3", "0.2.3", "0.2.9", 2),
        ("^0.0.3", "0.0.3", "0.0.3", 1),
        ("^0", "0.0.0", "0.3.0", 7),
        (">=1.2, <2", "1.2.0", "1.5.0", 6),
        (">=1.2 <2", "1.2.0", "1.5.0", 6),
        ("1.2 - 1.4", "1.2.0", "1.4.5", 5),
        ("<0.1 || >=2", "0.0.0", "2.5.0", 5),
        (">=1.2.3-rc.1 <1.2.4", "1.2.3-rc.1", "1.2.3", 4),
        ("1.2.3-rc.1", "1.2.3-rc.1", "1.2.3-rc.1", 1),
        (">1.2.3-rc.1 <=1.2.3", "1.2.3-rc.1.5", "1.2.3", 3),
        ("^1.2.3-rc.1", "1.2.3-rc.1", "1.5.0", 9),
        (">=2.0.0-0", "2.0.0-rc.1", "2.5.0", 3),
    ],
)
def test_a_range_holds_these(text: str, first: str, last: str, count: int) -> None:
    """Worked out with the library that Helm and Flux 2 use."""
    found = within(text)

    assert (found[0], found[-1], len(found)) == (first, last, count)


@pytest.mark.parametrize(
    "text", ["", "abc", ">=", "1..2", "1.2.3.4", ">=1.2 || foo", "1.2 -", "||"]
)
def test_these_are_no_ranges(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_range(text)


@pytest.mark.parametrize("name", ["1.2", "release-1.2.3", "01.2.3", "1.2.3.4", "", "v", "1.2.3-"])
def test_these_tags_are_no_versions(name: str) -> None:
    assert parse_version(name) is None


def test_the_newest_comes_first() -> None:
    """Numbers of pre-releases count as numbers; what is no version is left out."""
    names = ["1.0.0-rc.9", "v1.0.0", "latest", "1.0.0-rc.10", "1.0.0-rc", "0.9.9", "1.0.0-alpha"]

    assert newest_first(names) == [
        *("v1.0.0", "1.0.0-rc.10", "1.0.0-rc.9", "1.0.0-rc", "1.0.0-alpha", "0.9.9"),
    ]


def test_the_newest_of_a_range_is_found() -> None:
    """By version, not by name; pre-releases only where they are asked for."""
    names = ["v1.9.0", "v1.10.0", "v1.11.0-rc.1", "v2.0.0"]

    assert parse_range("1.x").newest(names) == "v1.10.0"
    assert parse_range(">=1.11.0-0 <2").newest(names) == "v1.11.0-rc.1"
    assert parse_range(">=3").newest(names) == ""
