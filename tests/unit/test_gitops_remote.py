"""Addresses of repositories, and what may be shown of them."""

import pytest

from helmward.git.complaints import meaning
from helmward.git.remote import read_remote


@pytest.mark.parametrize(
    ("url", "given", "shown"),
    [
        ("https://host/a.git", "https://host/a.git", "https://host/a.git"),
        ("https://u:p%40w@host:8443/a.git", "https://host:8443/a.git", "https://host:8443/a.git"),
        ("https://t0ken@host/a", "https://host/a", "https://host/a"),
        ("ssh://git@host:22/a", "ssh://git@host:22/a", "ssh://***@host:22/a"),
        ("ssh://git:pw@host/a", "ssh://git@host/a", "ssh://***@host/a"),
        ("git@host:a/b.git", "git@host:a/b.git", "git@host:a/b.git"),
        ("host.example:a/b.git", "host.example:a/b.git", "host.example:a/b.git"),
        ("file:///srv/a.git", "file:///srv/a.git", "file:///srv/a.git"),
        ("/srv/a b.git", "/srv/a b.git", "/srv/a b.git"),
        ("git://host/a", "git://host/a", "git://host/a"),
    ],
)
def test_git_and_people_get_no_password(url: str, given: str, shown: str) -> None:
    """It goes to git by a file, and to nobody else at all."""
    remote = read_remote(url)

    assert (remote.url, str(remote)) == (given, shown)
    assert "p%40w" not in repr(remote)
    assert "t0ken" not in repr(remote)


def test_credentials_belong_to_their_host() -> None:
    """Git's store compares scheme and host before it hands them out."""
    assert read_remote("https://u:p%40w@host:1/a").credentials == "https://u:p%40w@host:1\n"
    assert read_remote("https://t0ken@host/a").credentials == "https://t0ken:@host\n"
    assert read_remote("https://host/a").credentials == ""
    assert read_remote("ssh://git@host/a").credentials == ""


@pytest.mark.parametrize(
    "words",
    [
        "fatal: unable to access 'https://u:p%40w@host/a/': nope",
        "fatal: Authentication failed for 'https://u:p%40w@other/b'",
        "the password is p@w, they say",
        "fatal: http://x:anything@redirected/: no",
    ],
)
def test_git_words_are_redacted(words: str) -> None:
    """Whoever quotes the password, in whatever form."""
    shown = read_remote("https://u:p%40w@host/a").redact(words)

    assert "***" in shown
    assert not any(secret in shown for secret in ("p%40w", "p@w", "anything"))


def test_a_token_in_place_of_the_user_is_secret_too() -> None:
    assert "t0ken" not in read_remote("https://t0ken@host/a").redact("bad t0ken")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("fatal: Authentication failed for 'https://h/'", "authentication failed"),
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", "--git-url"),
        ("error: The requested URL returned error: 403", "authentication failed"),
        ("git@h: Permission denied (publickey).\nfatal: Could not read", "--git-ssh-key"),
        ("Host key verification failed.", "--git-known-hosts"),
        ("remote: Repository not found.\nfatal: repository 'x' not found", "no such repository"),
        ("fatal: unable to access: Could not resolve host: h", "cannot be resolved"),
        ("fatal: unable to access: server certificate verification failed", "GIT_SSL_CAINFO"),
        ("ssh: connect to host h port 22: Connection refused", "does not answer"),
        ("error: The requested URL returned error: 503", "does not answer"),
        ("something new", "git failed (git: something new)"),
        ("", "git failed"),
    ],
)
def test_a_complaint_says_what_to_do(words: str, said: str) -> None:
    """With git's own words behind it."""
    assert said in meaning(words)


def test_long_complaints_are_cut() -> None:
    assert len(meaning("x" * 10_000)) < 600
