"""Other commands of git go through a mirror's doors: with its login, or asking nobody."""

from pathlib import Path

import pytest

from helmward.errors import SourceUnavailable
from helmward.git.complaints import FLAGS
from helmward.git.copies import Broken
from helmward.git.keyring import Keyring
from helmward.git.login import NOBODY, GitLogin
from helmward.git.mirror import Mirror
from helmward.git.remote import read_remote
from helmward.settings import GitChartSettings
from tests.git.conftest import MirrorOf
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git
from tests.support.mirrors import CHART, MAIN
from tests.support.sources import logins

LOGIN = GitLogin(username=USER, password=PASSWORD)


async def test_a_command_that_asks_has_the_login(repo: GitRepo, mirror_of: MirrorOf) -> None:
    """And what it is refused for is said in our words."""
    sha = repo.commit(CHART)
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        mirror = mirror_of(f"{server.url}/shop.git", LOGIN)
        listed = await mirror.ask_remote("ls-remote", "--", mirror.remote.url, MAIN)
        assert listed == f"{sha}\t{MAIN}\n".encode()

        server.login = (USER, "another")
        with pytest.raises(SourceUnavailable, match="authentication failed"):
            await mirror.ask_remote("ls-remote", "--", mirror.remote.url)


async def test_another_repository_of_ours_may_be_filled(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Where missing files could be had is forgotten: git would ask there by itself."""
    repo.commit(CHART)
    aside = tmp_path / "aside"
    async with http_git(repo.folder.parent) as server:
        mirror = mirror_of(f"{server.url}/shop.git")
        await mirror.local("init", "--quiet", "--bare", "--template=", git_dir=aside)
        fetch = ("fetch", "--quiet", "--filter=blob:none", "--", mirror.remote.url)
        await mirror.ask_remote(*fetch, f"{MAIN}:refs/x", git_dir=aside)
        asked = server.requests

        config = await mirror.local("config", "--list", "--local", git_dir=aside)
        assert b"promisor" not in config
        file = f"refs/x:{next(iter(CHART))}"
        with pytest.raises(Broken):
            await mirror.local("cat-file", "-p", file, git_dir=aside)
        assert server.requests == asked


async def test_a_local_command_asks_nobody(repo: GitRepo, mirror_of: MirrorOf) -> None:
    """Not even where it is told to."""
    repo.commit(CHART)
    async with http_git(repo.folder.parent) as server:
        mirror = mirror_of(f"{server.url}/shop.git")
        await mirror.fetch(MAIN)
        asked = server.requests
        with pytest.raises(Broken, match="not allowed"):
            await mirror.local("ls-remote", mirror.remote.url)
        assert server.requests == asked


async def test_the_login_and_the_words_are_those_of_who_asks(repo: GitRepo, tmp_path: Path) -> None:
    """The login is asked for anew each time, files that are read later included."""
    repo.allow("allowFilter", "allowAnySHA1InWant")
    repo.commit(CHART)
    asked = logins(LOGIN, LOGIN, NOBODY, LOGIN)
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        remote = read_remote(f"{server.url}/shop.git")
        keyring = Keyring(tmp_path / "home", remote, NOBODY, GitChartSettings())
        mirror = Mirror(tmp_path / "m", remote, keyring, 20, told=FLAGS, login=asked)
        await mirror.refs()
        head = await mirror.fetch(MAIN)
        oids = [entry.oid for entry in (await mirror.tree(head)).values() if not entry.folder]
        with pytest.raises(SourceUnavailable, match="--git-url needs a user"):
            await mirror.sizes(head, oids)
        assert set(await mirror.sizes(head, oids)) == set(oids)
