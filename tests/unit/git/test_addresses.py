"""Which addresses are the same repository, and what a ref may be called."""

import pytest

from helmward.git.remote import identity, is_name, likeness, read_remote


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://Host.example/A/b", "https://host.EXAMPLE/A/b/", True),
        ("https://host/a", "https://host:443/a", True),
        ("ssh://git@host:22/a", "ssh://git@host/a", True),
        ("https://me:secret@host/a", "https://host/a", True),
        ("git@host:a", "git@host:a/", True),
        ("https://host/A", "https://host/a", False),
        ("https://host/a.git", "https://host/a", False),
        ("https://host/a", "http://host/a", False),
        ("ssh://me@host/a", "ssh://git@host/a", False),
        ("https://host:8443/a", "https://host/a", False),
    ],
)
def test_spellings_of_one_address(one: str, other: str, same: bool) -> None:
    """The path is never lower-cased: it may be another repository."""
    assert (identity(read_remote(one)) == identity(read_remote(other))) is same


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/Team/Charts.git",
        "https://user:token@git.example.com/team/charts",
        "http://git.example.com:8080/team/charts/",
        "ssh://git@git.example.com:7999/team/charts.git",
        "git@git.example.com:team/charts.git",
        "GIT.EXAMPLE.COM:team/charts",
        "https://git.example.com/scm/team/charts.git",
        "git://git.example.com/team/charts.git?x=y#z",
    ],
)
def test_all_ways_to_a_repository_are_alike(url: str) -> None:
    assert likeness(url) == "git.example.com/team/charts"


@pytest.mark.parametrize("text", ["", "charts", "ftp://h/x", "https://", "https://h", "://", ":x"])
def test_what_is_no_address_is_like_nothing(text: str) -> None:
    assert likeness(text) == ""


@pytest.mark.parametrize(
    ("ref", "good"),
    [
        ("main", True),
        ("release/1.0", True),
        ("v1.2.3", True),
        ("refs/heads/main", True),
        ("", False),
        ("-x", False),
        ("a:b", False),
        ("a..b", False),
        ("a b", False),
        ("a^", False),
        ("@{1}", False),
        ("a\n", False),
    ],
)
def test_names_that_a_ref_may_have(ref: str, good: bool) -> None:
    assert is_name(ref) is good
