"""Commits come from real git servers, and no bad one does harm."""

import asyncio
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helmward.errors import ConfigInvalid, SourceRejected, SourceUnavailable
from helmward.gitops.source import GitSource
from helmward.gitops.tree import pick
from tests.gitops.conftest import a_repository
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git, ssh_git
from tests.support.wait import until

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repos" / "shop.git")


def a_source(tmp_path: Path, url: str, **settings: Any) -> GitSource:
    return GitSource(a_repository(url, **settings), tmp_path / "work")


async def files_of(source: GitSource) -> dict[str, bytes]:
    snapshot = await source.snapshot(await source.head())
    settings = source._settings
    paths = [one.path for one in settings.paths]
    return await snapshot.read(pick(snapshot.tree, paths, snapshot.head.sha))


async def failure_of(source: GitSource) -> str:
    """Return the message of the remote's failure."""
    with pytest.raises(SourceUnavailable) as caught:
        await files_of(source)
    return str(caught.value)


async def test_a_commit_is_read_from_a_folder(repo: GitRepo, tmp_path: Path) -> None:
    """Without --git-branch the branch counts that the remote's HEAD names."""
    sha = repo.commit({"deploy/ns.yaml": NAMESPACE, "README.md": "no manifest"})
    source = a_source(tmp_path, repo.url)

    head = await source.head()

    assert (head.ref, head.sha) == ("main", sha)
    assert await files_of(source) == {"deploy/ns.yaml": NAMESPACE.encode()}


async def test_an_absolute_path_is_a_repository_too(repo: GitRepo, tmp_path: Path) -> None:
    """Git takes both; so do we."""
    repo.commit({"ns.yml": NAMESPACE})

    assert await files_of(a_source(tmp_path, str(repo.folder))) == {"ns.yml": NAMESPACE.encode()}


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
    assert stat.S_IMODE((tmp_path / "work" / "git").stat().st_mode) == 0o700


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


async def test_a_missing_branch_names_those_that_exist(repo: GitRepo, tmp_path: Path) -> None:
    """Mostly it is `master` instead of `main`."""
    repo.commit({"ns.yaml": NAMESPACE})
    repo.commit({"ns.yaml": NAMESPACE}, branch="staging")

    message = await failure_of(a_source(tmp_path, repo.url, branch="master"))

    assert "no branch 'master' (--git-branch); there are main, staging" in message


async def test_an_empty_repository_is_said(repo: GitRepo, tmp_path: Path) -> None:
    """It was just created and nothing pushed."""
    assert "no branch yet" in await failure_of(a_source(tmp_path, repo.url))


async def test_a_missing_path_names_path_and_commit(repo: GitRepo, tmp_path: Path) -> None:
    """Else a typing error would read as a commit that asks for nothing."""
    sha = repo.commit({"deploy/ns.yaml": NAMESPACE})

    with pytest.raises(SourceRejected, match=f"--git-path deplyo: commit {sha[:12]}"):
        await files_of(a_source(tmp_path, repo.url, paths=("deplyo",)))


async def test_a_force_push_is_followed(repo: GitRepo, tmp_path: Path) -> None:
    """What the branch names counts, not where it came from."""
    first = repo.commit({"ns.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url)
    await files_of(source)
    repo.replace({"other.yaml": NAMESPACE})

    assert set(await files_of(source)) == {"other.yaml"}

    repo.rewind(first)
    assert set(await files_of(source)) == {"ns.yaml"}


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


async def test_a_broken_mirror_is_made_anew(repo: GitRepo, tmp_path: Path) -> None:
    """A full disk or a kill may have left anything there."""
    repo.commit({"ns.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url)
    await files_of(source)
    (tmp_path / "work" / "git" / "copy" / "HEAD").unlink()

    assert set(await files_of(source)) == {"ns.yaml"}


async def test_hooks_and_odd_names_do_nothing(repo: GitRepo, tmp_path: Path) -> None:
    """Files are read from git's store, so a name is only a name."""
    names = ["a b.yaml", "-n.yaml", "ü.yaml", "new\nline.yaml", "'q\".yaml"]
    repo.commit({name: f"# {number}\n" for number, name in enumerate(names)})

    found = await files_of(a_source(tmp_path, repo.url))

    assert {name: found[name] for name in names} == {
        name: f"# {number}\n".encode() for number, name in enumerate(names)
    }


async def test_a_link_stands_for_a_file_of_the_commit(repo: GitRepo, tmp_path: Path) -> None:
    """It is resolved inside the tree, never on disk."""
    repo.commit({"base/ns.yaml": NAMESPACE}, links={"prod/ns.yaml": "../base/ns.yaml"})

    assert await files_of(a_source(tmp_path, repo.url, paths=("prod",))) == {
        "prod/ns.yaml": NAMESPACE.encode()
    }


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "../x.yaml"])
async def test_a_link_that_leaves_the_tree_is_refused(
    repo: GitRepo, tmp_path: Path, target: str
) -> None:
    """It would read the operator's own files."""
    repo.commit({"ns.yaml": NAMESPACE}, links={"evil.yaml": target})

    with pytest.raises(SourceRejected, match=r"evil\.yaml: .* leads out of the repository"):
        await files_of(a_source(tmp_path, repo.url))


async def test_a_submodule_is_left_alone(repo: GitRepo, tmp_path: Path) -> None:
    """Its repository is never asked for."""
    sha = repo.commit({"ns.yaml": NAMESPACE, ".gitmodules": "[submodule]\n"})
    repo.git("read-tree", sha)
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{sha},sub")
    commit = repo.git("commit-tree", repo.git("write-tree"), "-p", sha, "-m", "sub")
    repo.rewind(commit)

    assert set(await files_of(a_source(tmp_path, repo.url))) == {"ns.yaml"}


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch%20/tmp/x",
        "ftp://host/repo.git",
        "--upload-pack=touch",
        "ssh://-oProxyCommand=x/repo",
        "relative/path",
        "https://user:pa/ss@host/repo",
        "https://user:pa#ss@host/repo",
        "https://",
        "",
    ],
)
def test_an_address_that_git_must_not_get_is_refused(tmp_path: Path, url: str) -> None:
    """And it is not quoted: it may hold a password."""
    with pytest.raises(ConfigInvalid) as caught:
        a_source(tmp_path, url)

    assert "--git-url" in str(caught.value)
    assert "pa" not in str(caught.value).replace("path", "").replace("password", "")


@pytest.mark.parametrize("branch", ["-x", "a b", "a..b", "a:b", "a.lock", "x^", "@{u}"])
def test_a_branch_that_is_no_name_is_refused(tmp_path: Path, branch: str) -> None:
    """It would be read as more than a branch."""
    with pytest.raises(ConfigInvalid, match="--git-branch"):
        a_source(tmp_path, "/repo", branch=branch)


@pytest.mark.parametrize("path", ["/deploy", "../x", "a/../../b"])
def test_a_path_outside_is_refused(tmp_path: Path, path: str) -> None:
    """Flux demands relative paths too."""
    with pytest.raises(ConfigInvalid, match="--git-path"):
        a_source(tmp_path, "/repo", paths=(path,))


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
