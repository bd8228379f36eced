"""What a Secret's entries mean to git."""

import pytest

from helmward.errors import SpecInvalid
from helmward.git.login import NOBODY, GitLogin, check_login, fingerprint, read_login
from helmward.git.remote import read_remote


@pytest.mark.parametrize(
    ("entries", "login"),
    [
        ({}, NOBODY),
        ({"username": b"me", "password": b"p\n"}, GitLogin("me", "p")),
        ({"password": b"token"}, GitLogin("git", "token")),
        ({"bearerToken": b"token\r\n"}, GitLogin(token="token")),
        ({"password": b"p", "bearerToken": b"t"}, GitLogin("git", "p")),
        (
            {"identity": b"key\n", "identity.pub": b"pub", "known_hosts": b"h k"},
            GitLogin(identity=b"key\n", known_hosts=b"h k"),
        ),
        ({"caFile": b"one", "ca.crt": b"two"}, GitLogin(ca=b"one")),
        ({"ca.crt": b"two"}, GitLogin(ca=b"two")),
    ],
)
def test_entries_are_those_of_flux(entries: dict[str, bytes], login: GitLogin) -> None:
    assert read_login(entries) == login


@pytest.mark.parametrize("text", [b"one\ntwo", b"\xff", b"nul\0"])
def test_what_would_break_a_line_is_refused_and_not_quoted(text: bytes) -> None:
    """It would be a line of git's configuration."""
    with pytest.raises(SpecInvalid, match="the entry `password`") as caught:
        read_login({"username": b"me", "password": text})
    assert "two" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "login", "words"),
    [
        ("https://h/x", NOBODY, ""),
        ("git@h:x", NOBODY, ""),
        ("https://h/x", GitLogin("me", "p"), ""),
        ("https://h/x", GitLogin(ca=b"c"), ""),
        ("git@h:x", GitLogin(identity=b"k"), ""),
        ("git@h:x", GitLogin(known_hosts=b"h"), ""),
        ("https://h/x", GitLogin(identity=b"k"), "neither `username` and `password`"),
        ("git@h:x", GitLogin("me", "p"), "no entry `identity`"),
    ],
)
def test_a_login_fits_the_way_to_the_repository(url: str, login: GitLogin, words: str) -> None:
    if not words:
        check_login(login, read_remote(url))
        return
    with pytest.raises(SpecInvalid, match=words):
        check_login(login, read_remote(url))


def test_nothing_secret_is_printed() -> None:
    login = GitLogin("me", "planted-password", "planted-token", b"planted-key")
    assert "planted" not in repr(login)


def test_other_credentials_have_another_name() -> None:
    """And it tells nothing without the salt."""
    remote = read_remote("https://u:p@h/x")
    logins = [
        NOBODY,
        GitLogin("a", "bc"),
        GitLogin("ab", "c"),
        GitLogin(token="bc"),
        GitLogin(identity=b"bc"),
        GitLogin(known_hosts=b"bc"),
    ]
    names = {fingerprint(login, remote, b"salt") for login in logins}
    names |= {fingerprint(NOBODY, read_remote("https://h/x"), b"salt")}
    names |= {fingerprint(NOBODY, remote, b"another")}
    assert len(names) == len(logins) + 2
