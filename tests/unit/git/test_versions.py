"""Which of a repository's tags a range means."""

import pytest

from helmward.errors import ConfigInvalid
from helmward.git.versions import newest, read

TAGS = [
    "v1.0.0",
    "1.2.3",
    "v1.10.0",
    "2.0.0-rc.1",
    "2.0.0",
    "2.1.0-beta.2",
    "2.1.0-beta.10",
    "x",
    "v3",
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (">=1.0.0", "v3"),
        ("*", "v3"),
        ("1.x", "v1.10.0"),
        ("1", "v1.10.0"),
        ("1.2", "1.2.3"),
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("^1.0.0", "v1.10.0"),
        ("~1.2.0", "1.2.3"),
        (">=1.0 <1.5", "1.2.3"),
        (">=1.0, <1.5", "1.2.3"),
        ("<2", "v1.10.0"),
        ("<=2.0.0", "2.0.0"),
        (">2.0.0 <3", None),
        (">=2.1.0-0 <3.0.0-0", "2.1.0-beta.10"),
        ("1.0 - 1.2", "1.2.3"),
        ("9.x || 1.2.x", "1.2.3"),
        ("!=3 >=2.0.0", "2.0.0"),
        ("^9", None),
        ("^0.1", None),
    ],
)
def test_the_newest_in_the_range(wanted: str, expected: str | None) -> None:
    assert newest(TAGS, wanted) == expected


@pytest.mark.parametrize("wanted", ["", "a", "1.2.3.4", ">=", "latest", "1 ||"])
def test_what_is_no_range_is_refused(wanted: str) -> None:
    with pytest.raises(ConfigInvalid, match="is no range of versions"):
        newest(TAGS, wanted)


def test_pre_releases_come_before_the_release_and_count_as_numbers() -> None:
    names = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0"]
    versions = [read(name) for name in names]
    orders = [one.order for one in versions if one]
    assert orders == sorted(orders)
    assert len(orders) == len(names)


def test_below_the_next_major_no_pre_release_of_it_counts() -> None:
    assert newest(["1.9.0", "2.0.0-rc.1"], "^1.0.0-0") == "1.9.0"
