"""What a ref stands for among what a remote lists."""

import pytest

from helmward.git.refs import Refs, is_commit, is_short, read_refs

A, B, C = "a" * 40, "b" * 40, "c" * 40
LISTING = f"""ref: refs/heads/main\tHEAD
{A}\tHEAD
{A}\trefs/heads/main
{B}\trefs/heads/both
{C}\trefs/tags/both
{B}\trefs/tags/heavy
{C}\trefs/tags/heavy^{{}}
{C}\trefs/pull/1/head
"""


def test_a_listing_is_read() -> None:
    """A tag stands for the commit behind it; what is neither branch nor tag is left out."""
    refs = read_refs(LISTING)

    assert refs.default == "main"
    assert refs.branches == {"main": A, "both": B}
    assert refs.commits["refs/tags/heavy"] == C
    assert "refs/pull/1/head" not in refs.commits


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("main", "refs/heads/main"),
        ("refs/heads/main", "refs/heads/main"),
        ("heads/main", "refs/heads/main"),
        ("both", "refs/tags/both"),
        ("heads/both", "refs/heads/both"),
        ("HEAD", "HEAD"),
        ("aaaaaaa", "HEAD"),
        ("ccccccccc", "refs/tags/both"),
        ("aaaaaa", ""),
        ("ddddddd", ""),
        ("mai", ""),
    ],
)
def test_a_ref_is_found_as_git_finds_it(ref: str, name: str) -> None:
    assert read_refs(LISTING).find(ref) == name


def test_digits_of_several_commits_name_none() -> None:
    refs = Refs("", {"refs/heads/a": "abcdef1" + "0" * 33, "refs/heads/b": "abcdef1" + "1" * 33})
    assert refs.find("abcdef1") == ""


def test_what_is_missing_is_answered_with_what_is_near() -> None:
    refs = read_refs(LISTING)
    assert refs.near("mian") == "did you mean main?"
    assert refs.near("zzz") == "there are both, heavy, main"
    assert "push a commit" in Refs("", {}).near("main")


def test_names_of_commits() -> None:
    assert is_commit(A)
    assert is_commit("0" * 64)
    assert not is_commit(A[:39])
    assert not is_commit("A" * 40)
    assert is_short("abcdef1")
    assert not is_short("abcdef")
    assert not is_short("main123")
