"""Followed repositories are got at with the credentials they need, which go nowhere else."""

import asyncio
import stat
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest

from helmward.errors import NotFound
from helmward.git.login import NOBODY, GitLogin
from tests.support.certificates import Authority
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git, ssh_git
from tests.support.sources import NAMESPACE, a_source, failure_of, files_of, logins
from tests.support.wait import until


async def test_a_commit_is_read_over_http(repo: GitRepo, tmp_path: Path) -> None:
    """Public repositories need no credentials."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent) as server:
        found = await files_of(a_source(tmp_path, f"{server.url}/shop.git"))

    assert found == {"ns.yaml": NAMESPACE.encode()}


async def test_a_password_in_the_url_opens_http(repo: GitRepo, tmp_path: Path) -> None:
    """It is percent-encoded in the URL and plain on the wire."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        source = a_source(tmp_path, _with_login(server.url, "s3cret+pass%2Fword"))
        for _ in range(2):
            assert await files_of(source) == {"ns.yaml": NAMESPACE.encode()}


async def test_a_token_may_stand_where_the_user_does(repo: GitRepo, tmp_path: Path) -> None:
    """Forges take tokens as a user without a password."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent, ("t0ken", "")) as server:
        url = server.url.replace("://", "://t0ken@")
        assert await files_of(a_source(tmp_path, f"{url}/shop.git"))


async def test_a_wrong_password_is_refused_and_never_shown(repo: GitRepo, tmp_path: Path) -> None:
    """Messages go into logs and events, where a password must not be."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        source = a_source(tmp_path, _with_login(server.url, "wr0ng%2Fpassword"))
        message = await failure_of(source)

    assert "authentication failed" in message
    assert "--git-url" in message
    assert "wr0ng" not in message + repr(source.remote)


async def test_no_password_at_all_is_said(repo: GitRepo, tmp_path: Path) -> None:
    """Git would ask at the terminal; here there is none."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        message = await failure_of(a_source(tmp_path, f"{server.url}/shop.git"))

    assert "authentication failed" in message


async def test_a_password_is_not_carried_to_another_host(repo: GitRepo, tmp_path: Path) -> None:
    """A server may redirect, but credentials belong to the host that was named."""
    repo.commit({"ns.yaml": NAMESPACE})
    folder = repo.folder.parent
    async with http_git(folder) as first, http_git(folder, (USER, PASSWORD)) as other:
        first.redirect = other.url
        source = a_source(tmp_path, _with_login(first.url, "s3cret+pass%2Fword"))
        assert "authentication failed" in await failure_of(source)


async def test_secrets_are_laid_out_for_one_request_only(repo: GitRepo, tmp_path: Path) -> None:
    """Between requests no key and no password lies in the work folder."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        await files_of(a_source(tmp_path, _with_login(server.url, "s3cret+pass%2Fword")))

    kept = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"s3cret" in path.read_bytes()]
    homes = list((tmp_path / "work").rglob("home"))
    assert [stat.S_IMODE(home.stat().st_mode) for home in homes] == [0o700]


async def test_a_commit_is_read_over_ssh(repo: GitRepo, tmp_path: Path) -> None:
    """With the key and the known hosts that the flags name."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with ssh_git(repo.folder.parent, tmp_path / "ssh") as server:
        source = a_source(
            tmp_path,
            f"{server.url}/shop.git",
            ssh_key=server.key,
            known_hosts=server.known_hosts,
        )
        assert await files_of(source) == {"ns.yaml": NAMESPACE.encode()}


async def test_an_unknown_host_key_is_refused(repo: GitRepo, tmp_path: Path) -> None:
    """Trust is never learnt on first use."""
    repo.commit({"ns.yaml": NAMESPACE})
    empty = tmp_path / "empty"
    empty.touch()
    async with ssh_git(repo.folder.parent, tmp_path / "ssh") as server:
        source = a_source(tmp_path, f"{server.url}/shop.git", ssh_key=server.key, known_hosts=empty)
        assert "--git-known-hosts" in await failure_of(source)


async def test_a_key_that_may_not_read_is_named(repo: GitRepo, tmp_path: Path) -> None:
    """The message points to the flag of the key."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with (
        ssh_git(repo.folder.parent, tmp_path / "ssh") as server,
        ssh_git(repo.folder.parent, tmp_path / "other") as other,
    ):
        source = a_source(
            tmp_path,
            f"{server.url}/shop.git",
            ssh_key=other.key,
            known_hosts=server.known_hosts,
        )
        assert "--git-ssh-key" in await failure_of(source)


async def test_a_deploy_key_that_may_not_read_is_named(repo: GitRepo, tmp_path: Path) -> None:
    """Who names no key has that which Helmward keeps, and can have it printed."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with ssh_git(repo.folder.parent, tmp_path / "ssh") as server:
        made = asyncssh.generate_private_key("ssh-ed25519").export_private_key()
        login = logins(GitLogin(identity=made, known_hosts=server.known_hosts.read_bytes()))
        message = await failure_of(a_source(tmp_path, f"{server.url}/shop.git", login=login))

    assert "may the deploy key (`helmward identity` prints it" in message


async def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    """A Secret that is not mounted yet may come later."""
    source = a_source(tmp_path, "git@127.0.0.1:shop.git", ssh_key=tmp_path / "nokey")

    assert str(tmp_path / "nokey") in await failure_of(source)


async def test_a_missing_repository_is_said(tmp_path: Path) -> None:
    """Over files."""
    message = await failure_of(a_source(tmp_path, (tmp_path / "none.git").as_uri()))

    assert "no such repository" in message
    assert "none.git" in message


async def test_a_missing_repository_is_said_over_http(repo: GitRepo, tmp_path: Path) -> None:
    """Over HTTP."""
    async with http_git(repo.folder.parent) as server:
        message = await failure_of(a_source(tmp_path, f"{server.url}/none.git"))

    assert "no such repository" in message


async def test_a_server_that_is_down_is_said(tmp_path: Path) -> None:
    """Nobody listens."""
    message = await failure_of(a_source(tmp_path, "http://127.0.0.1:1/shop.git"))

    assert "does not answer" in message


async def test_a_silent_server_costs_the_timeout_only(repo: GitRepo, tmp_path: Path) -> None:
    """Git and all that it started are gone afterwards."""
    async with http_git(repo.folder.parent) as server:
        server.silent = True
        source = a_source(tmp_path, f"{server.url}/shop.git", timeout=timedelta(milliseconds=300))
        message = await failure_of(source)

    assert "no answer within 0.3 s" in message
    await until(lambda: not _running(tmp_path / "work"))


async def test_a_cancelled_request_leaves_no_process(repo: GitRepo, tmp_path: Path) -> None:
    """Shutting down must not leave git behind."""
    async with http_git(repo.folder.parent) as server:
        server.silent = True
        task = asyncio.create_task(a_source(tmp_path, f"{server.url}/shop.git").head())
        await until(lambda: server.requests)
        task.cancel()
        await asyncio.wait([task])

    assert task.cancelled()
    await until(lambda: not _running(tmp_path / "work"))


async def test_the_login_is_asked_for_at_each_request(repo: GitRepo, tmp_path: Path) -> None:
    """A Secret may be mended, or a token renewed, while the operator runs."""
    repo.commit({"ns.yaml": NAMESPACE})
    wrong, right = GitLogin(USER, "old/word"), GitLogin(USER, PASSWORD)
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        login = logins(NOBODY, wrong, right)
        source = a_source(tmp_path, f"{server.url}/shop.git", login=login, secret="repo-login")
        nobody, refused = await failure_of(source), await failure_of(source)
        assert await files_of(source) == {"ns.yaml": NAMESPACE.encode()}

        server.login = (USER, "another")
        stale = await failure_of(source)

    for message in (nobody, refused, stale):
        assert "authentication failed: the Secret repo-login needs a username and" in message
        assert not any(secret in message for secret in ("old/word", PASSWORD))


async def test_a_login_that_cannot_be_had_is_the_error(repo: GitRepo, tmp_path: Path) -> None:
    """Nobody is asked as somebody else instead."""
    repo.commit({"ns.yaml": NAMESPACE})

    async def absent() -> GitLogin:
        raise NotFound("Secret flux/repo-login is not there")

    async with http_git(repo.folder.parent) as server:
        with pytest.raises(NotFound, match="repo-login"):
            await a_source(tmp_path, f"{server.url}/shop.git", login=absent).head()
        assert server.requests == 0


async def test_a_bearer_token_opens_http(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent) as server:
        server.token = "t0ken-of-somebody"
        login = logins(GitLogin(token="t0ken-of-somebody"))
        assert await files_of(a_source(tmp_path, f"{server.url}/shop.git", login=login))


async def test_a_key_comes_with_the_login_and_may_change(repo: GitRepo, tmp_path: Path) -> None:
    """The Secret of the deploy key has the key, and may have the hosts' keys."""
    repo.commit({"ns.yaml": NAMESPACE})
    folder = repo.folder.parent
    async with (
        ssh_git(folder, tmp_path / "ssh") as server,
        ssh_git(folder, tmp_path / "other") as other,
    ):
        hosts = server.known_hosts.read_bytes()
        old = GitLogin(identity=other.key.read_bytes(), known_hosts=hosts)
        new = GitLogin(identity=server.key.read_bytes().rstrip(), known_hosts=hosts)
        login = logins(old, new)
        source = a_source(tmp_path, f"{server.url}/shop.git", login=login, secret="repo-login")
        assert "the Secret repo-login (its entry `identity`)" in await failure_of(source)
        assert await files_of(source) == {"ns.yaml": NAMESPACE.encode()}

    assert not list((tmp_path / "work").rglob("identity"))


async def test_a_private_authority_comes_with_the_login(repo: GitRepo, tmp_path: Path) -> None:
    """It alone is trusted then, and the password goes along."""
    repo.commit({"ns.yaml": NAMESPACE})
    ours, other = Authority(), Authority("somebody else")
    async with http_git(repo.folder.parent, (USER, PASSWORD), certificate=ours.serving()) as server:
        login = logins(
            *(GitLogin(USER, PASSWORD, ca=ca) for ca in (b"", other.pem, ours.pem)),
        )
        source = a_source(tmp_path, f"{server.url}/shop.git", login=login, secret="repo-login")
        for message in (await failure_of(source), await failure_of(source)):
            assert "its certificate is not trusted" in message
            assert "the Secret repo-login (its entry `ca.crt`)" in message
        assert await files_of(source) == {"ns.yaml": NAMESPACE.encode()}


async def test_the_machines_netrc_opens_http(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"ns.yaml": NAMESPACE})
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git", netrc=netrc)
        assert await files_of(source) == {"ns.yaml": NAMESPACE.encode()}

    assert not list((tmp_path / "work").rglob(".netrc"))


async def test_git_sees_little_of_our_environment(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither settings of git nor what else the operator was given reach it."""
    repo.commit({"ns.yaml": NAMESPACE})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch pwned")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'url./nowhere/.insteadof=file:///'")

    assert await files_of(a_source(tmp_path, repo.url)) == {"ns.yaml": NAMESPACE.encode()}


async def test_a_server_that_comes_back_is_followed_again(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git")
        server.broken = True
        assert "does not answer" in await failure_of(source)
        server.broken = False
        assert await files_of(source)


def _with_login(url: str, password: str) -> str:
    return f"{url.replace('://', f'://{USER}:{password}@')}/shop.git"


def _running(work: Path) -> list[str]:
    """Return the processes that run in our work folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(work):
                found.append(process.name)
        except OSError:
            continue
    return found
