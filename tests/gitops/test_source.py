"""Commits come from real git repositories, and what leads to them may do anything."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helmward.errors import ConfigInvalid, SourceRejected, SourceUnavailable
from tests.support.git_repo import GitRepo
from tests.support.git_server import http_git
from tests.support.sources import NAMESPACE, a_source, failure_of, files_of


async def test_a_commit_is_read_from_a_folder(repo: GitRepo, tmp_path: Path) -> None:
    """Without --git-branch the branch counts that the remote's HEAD names."""
    sha = repo.commit({"deploy/ns.yaml": NAMESPACE, "README.md": "no manifest"})
    source = a_source(tmp_path, repo.url)

    snapshot = await source.snapshot(await source.head())

    assert (snapshot.head.ref, snapshot.head.sha) == ("main", sha)
    assert set(snapshot.tree) == {"deploy/ns.yaml", "README.md"}
    assert await snapshot.read(["deploy/ns.yaml"]) == {"deploy/ns.yaml": NAMESPACE.encode()}


async def test_people_know_a_commit_by_its_author_and_subject(
    repo: GitRepo, tmp_path: Path
) -> None:
    """As text, whatever stands there; a long subject is cut."""
    files = repo.git("rev-parse", f"{repo.commit({'ns.yaml': NAMESPACE})}^{{tree}}")
    message = f"Open the shöp\n\nand more\x1b[31m, {'long ' * 100}"
    about = repo.git("commit-tree", files, stdin=message)
    repo.rewind(about)
    source = a_source(tmp_path, repo.url)

    commit = (await source.snapshot(await source.head())).commit

    assert (commit.sha, commit.subject) == (about, "Open the shöp")
    assert commit.author == "A Tester <tester@example.test>"
    assert commit.at is not None
    assert abs((datetime.now(UTC) - commit.at).total_seconds()) < 3600

    repo.rewind(repo.git("commit-tree", files, stdin="x" * 1000))
    assert len((await source.snapshot(await source.head())).commit.subject) == 200


async def test_a_branch_that_moves_on_meanwhile_gives_what_it_has_now(
    repo: GitRepo, tmp_path: Path
) -> None:
    """The snapshot says which commit that is."""
    repo.commit({"ns.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url)
    head = await source.head()
    newer = repo.replace({"other.yaml": NAMESPACE})

    snapshot = await source.snapshot(head)

    assert (snapshot.head.sha, snapshot.head.ref) == (newer, "main")
    assert set(snapshot.tree) == {"other.yaml"}


async def test_an_older_commit_is_got_by_its_name(repo: GitRepo, tmp_path: Path) -> None:
    """What was in force before a restart, while the newest commit is broken."""
    older = repo.commit({"ns.yaml": NAMESPACE})
    repo.commit({"ns.yaml": "broken"})
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git")
        await files_of(source)
        snapshot = await source.at(older)

    assert snapshot.head.sha == older
    assert await snapshot.read(["ns.yaml"]) == {"ns.yaml": NAMESPACE.encode()}


async def test_an_older_commit_that_is_gone_is_said(repo: GitRepo, tmp_path: Path) -> None:
    """Thrown away by a force-push and collected by the server; what is there serves on."""
    gone = repo.commit({"ns.yaml": NAMESPACE})
    repo.replace({"other.yaml": NAMESPACE})
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git")
        with pytest.raises(SourceUnavailable, match=gone[:12]):
            await source.at(gone)
        assert set(await files_of(source)) == {"other.yaml"}


async def test_a_snapshot_stays_readable_when_the_branch_is_thrown_away(
    repo: GitRepo, tmp_path: Path
) -> None:
    """It is read while the next one is fetched."""
    repo.commit({"ns.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url)
    snapshot = await source.snapshot(await source.head())
    repo.replace({"other.yaml": NAMESPACE})

    newer, old = await asyncio.gather(files_of(source), snapshot.read(["ns.yaml"]))

    assert (set(newer), set(old)) == ({"other.yaml"}, {"ns.yaml"})


async def test_a_deleted_branch_may_come_back(repo: GitRepo, tmp_path: Path) -> None:
    """Until then its absence is an error, and no empty commit."""
    sha = repo.commit({"ns.yaml": NAMESPACE}, branch="live")
    repo.commit({"main.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url, branch="live")
    await files_of(source)
    repo.git("update-ref", "-d", "refs/heads/live")
    assert "no branch 'live' (--git-branch); there are main" in await failure_of(source)
    repo.git("update-ref", "refs/heads/live", sha)

    assert set(await files_of(source)) == {"ns.yaml"}


async def test_a_branch_that_goes_between_looking_and_fetching_is_said(
    repo: GitRepo, tmp_path: Path
) -> None:
    repo.commit({"ns.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url)
    head = await source.head()
    repo.git("update-ref", "-d", "refs/heads/main")

    with pytest.raises(SourceUnavailable, match="it does not have that commit or ref"):
        await source.snapshot(head)


async def test_the_default_branch_may_be_renamed(repo: GitRepo, tmp_path: Path) -> None:
    """Who names no branch follows where the remote points."""
    repo.commit({"ns.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url)
    await files_of(source)
    repo.git("branch", "-m", "main", "trunk")
    repo.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    repo.branch = "trunk"
    repo.commit({"trunk.yaml": NAMESPACE})

    assert (await source.head()).ref == "trunk"
    assert set(await files_of(source)) == {"ns.yaml", "trunk.yaml"}


async def test_two_sources_of_one_repository_do_not_meet(repo: GitRepo, tmp_path: Path) -> None:
    """Each has a folder of its own, also below one that they share."""
    repo.commit({"live.yaml": NAMESPACE}, branch="live")
    repo.commit({"test.yaml": NAMESPACE}, branch="test")
    live = a_source(tmp_path, repo.url, branch="live")
    test = a_source(tmp_path, repo.url, branch="test", repository="second")

    found = await asyncio.gather(*(files_of(one) for one in (live, test) * 3))

    assert [set(one) for one in found] == [{"live.yaml"}, {"test.yaml"}] * 3


async def test_what_was_fetched_outlives_a_restart(repo: GitRepo, tmp_path: Path) -> None:
    """As long as the folder does; the remote is asked for no more than where it stands."""
    repo.commit({"ns.yaml": NAMESPACE})
    async with http_git(repo.folder.parent) as server:
        url = f"{server.url}/shop.git"
        await files_of(a_source(tmp_path, url))
        before = server.counted("shop.git")
        await files_of(a_source(tmp_path, url))

    assert server.asked[before:] == [
        "GET /shop.git/info/refs",
        "POST /shop.git/git-upload-pack",
    ]


async def test_an_absolute_path_is_a_repository_too(repo: GitRepo, tmp_path: Path) -> None:
    """Git takes both; so do we."""
    repo.commit({"ns.yml": NAMESPACE})

    assert await files_of(a_source(tmp_path, str(repo.folder))) == {"ns.yml": NAMESPACE.encode()}


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
        await files_of(a_source(tmp_path, repo.url), "deplyo")


async def test_a_force_push_is_followed(repo: GitRepo, tmp_path: Path) -> None:
    """What the branch names counts, not where it came from."""
    first = repo.commit({"ns.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url)
    await files_of(source)
    repo.replace({"other.yaml": NAMESPACE})

    assert set(await files_of(source)) == {"other.yaml"}

    repo.rewind(first)
    assert set(await files_of(source)) == {"ns.yaml"}


async def test_a_broken_mirror_is_made_anew(repo: GitRepo, tmp_path: Path) -> None:
    """A full disk or a kill may have left anything there."""
    repo.commit({"ns.yaml": NAMESPACE})
    source = a_source(tmp_path, repo.url)
    await files_of(source)
    next((tmp_path / "work").rglob("copy/HEAD")).unlink()
    repo.commit({"newer.yaml": NAMESPACE})

    assert set(await files_of(source)) == {"ns.yaml", "newer.yaml"}


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


@pytest.mark.parametrize("path", ["/deploy", "../x", "a/../../b"])
def test_a_path_outside_is_refused(tmp_path: Path, path: str) -> None:
    """Flux demands relative paths too."""
    with pytest.raises(ConfigInvalid, match="--git-path"):
        a_source(tmp_path, "/repo", paths=(path,))
