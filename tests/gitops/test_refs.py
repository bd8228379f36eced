"""Which commit is followed, and what of it may be read."""

from pathlib import Path
from typing import Any

import pytest

from helmward.errors import ConfigInvalid, SourceRejected, SourceUnavailable
from helmward.git.login import GitLogin
from helmward.gitops.snapshot import Snapshot
from helmward.gitops.source import GitSource
from helmward.settings import RefSettings, RepositorySettings
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git

FILE = "a.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repos" / "shop.git")


@pytest.fixture
def commits(repo: GitRepo) -> list[str]:
    """Four commits: two that are tagged, one of a pull request, and the branch's newest."""
    made = [repo.commit({FILE: f"n: {n}\n"}, f"commit {n}") for n in range(4)]
    repo.git("tag", "v1.0.0", made[0])
    repo.git("tag", "--annotate", "--message", "x", "v1.2.0", made[1])
    repo.git("update-ref", "refs/pull/7/head", made[2])
    return made


def a_source(tmp_path: Path, url: str, **ref: str) -> GitSource:
    return GitSource(RepositorySettings(url=url, ref=RefSettings(**ref)), tmp_path / "work")


async def got(source: GitSource) -> Snapshot:
    return await source.snapshot(await source.head())


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ({}, (3, "main")),
        ({"branch": "main"}, (3, "main")),
        ({"tag": "v1.0.0"}, (0, "v1.0.0")),
        ({"tag": "v1.2.0"}, (1, "v1.2.0")),
        ({"semver": "1.x"}, (1, "v1.2.0")),
        ({"semver": "~1.0"}, (0, "v1.0.0")),
        ({"name": "refs/pull/7/head"}, (2, "refs/pull/7/head")),
        ({"branch": "main", "tag": "v1.0.0"}, (0, "v1.0.0")),
        ({"tag": "v1.0.0", "semver": "1.2.x"}, (1, "v1.2.0")),
    ],
)
async def test_the_last_ref_that_is_named_counts(
    repo: GitRepo, commits: list[str], tmp_path: Path, ref: Any, expected: tuple[int, str]
) -> None:
    async with http_git(repo.folder.parent) as server:
        found = await got(a_source(tmp_path, f"{server.url}/shop.git", **ref))
        content = await found.read([FILE])

    number, said = expected
    assert (found.head.sha, found.head.ref) == (commits[number], said)
    assert content == {FILE: f"n: {number}\n".encode()}


async def test_a_fixed_commit_counts_over_all_and_costs_no_look(
    repo: GitRepo, commits: list[str], tmp_path: Path
) -> None:
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git", branch="main", commit=commits[1])
        assert (await source.head()).sha == commits[1]
        assert server.counted("shop.git") == 0
        assert (await got(source)).commit.subject == "commit 1"


async def test_an_older_commit_is_read_again(
    repo: GitRepo, commits: list[str], tmp_path: Path
) -> None:
    """So is what was in force before a restart."""
    source = a_source(tmp_path, repo.url)
    await got(source)

    older = await source.at(commits[0])

    assert await older.read([FILE]) == {FILE: b"n: 0\n"}


async def test_a_commit_tells_who_made_it(repo: GitRepo, tmp_path: Path) -> None:
    sha = repo.commit({FILE: "a: 1\n"}, "Say hello\n\nand more")

    commit = (await got(a_source(tmp_path, repo.url))).commit

    assert (commit.sha, commit.author, commit.subject) == (sha, "A Tester", "Say hello")
    assert commit.at


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ({"tag": "v9"}, r"no tag 'v9' \(--git-tag\)"),
        ({"semver": "9.x"}, r"no tag is in 9.x \(--git-semver\); its tags are v1.0.0, v1.2.0"),
        ({"name": "refs/pull/9/head"}, r"no ref 'refs/pull/9/head' \(--git-ref\)"),
        ({"branch": "mian"}, r"no branch 'mian' \(--git-branch\); did you mean main"),
    ],
)
@pytest.mark.usefixtures("commits")
async def test_what_is_missing_is_named_with_its_flag(
    repo: GitRepo, tmp_path: Path, ref: Any, words: str
) -> None:
    with pytest.raises(SourceUnavailable, match=words):
        await a_source(tmp_path, repo.url, **ref).head()


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ({"tag": "-x"}, "--git-tag"),
        ({"name": "main"}, "--git-ref 'main' must be a full name"),
        ({"commit": "abc"}, "--git-commit 'abc'"),
        ({"semver": "newest"}, "is no range of versions"),
    ],
)
def test_a_ref_that_cannot_be_is_refused(tmp_path: Path, ref: Any, words: str) -> None:
    with pytest.raises(ConfigInvalid, match=words):
        a_source(tmp_path, "https://git.example.test/shop", **ref)


async def test_a_moved_tag_is_followed(repo: GitRepo, commits: list[str], tmp_path: Path) -> None:
    source = a_source(tmp_path, repo.url, tag="v1.0.0")
    assert (await got(source)).head.sha == commits[0]
    repo.git("tag", "--force", "v1.0.0", commits[3])

    assert (await got(source)).head.sha == commits[3]


async def test_a_deleted_branch_is_said_and_followed_when_it_is_back(
    repo: GitRepo, commits: list[str], tmp_path: Path
) -> None:
    source = a_source(tmp_path, repo.url, branch="main")
    await got(source)
    repo.git("update-ref", "-d", "refs/heads/main")
    with pytest.raises(SourceUnavailable, match="has no branch"):
        await source.head()
    repo.git("update-ref", "refs/heads/main", commits[1])

    assert (await got(source)).head.sha == commits[1]


async def test_a_rewound_branch_is_followed(
    repo: GitRepo, commits: list[str], tmp_path: Path
) -> None:
    source = a_source(tmp_path, repo.url)
    await got(source)
    repo.rewind(commits[0])

    assert (await got(source)).head.sha == commits[0]


async def test_a_pointer_of_lfs_is_refused_by_name(repo: GitRepo, tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    repo.commit({"big/values.yaml": pointer})
    found = await got(a_source(tmp_path, repo.url))

    with pytest.raises(SourceRejected, match=r"big/values.yaml:1: this is a pointer of Git LFS"):
        await found.read(["big/values.yaml"])


async def test_a_huge_file_is_refused_by_name(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"huge.yaml": "x" * (10 * 1024 * 1024 + 1)})
    found = await got(a_source(tmp_path, repo.url))

    with pytest.raises(SourceRejected, match=r"huge.yaml: 10485761 bytes"):
        await found.read(["huge.yaml"])


async def test_submodules_are_listed_and_empty(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({FILE: "a: 1\n"})
    repo.submodule("vendor/other")

    found = await got(a_source(tmp_path, repo.url))

    assert found.submodules == ("vendor/other",)
    assert not [name for name in found.tree if name.startswith("vendor/")]


async def test_only_what_is_read_is_fetched(repo: GitRepo, tmp_path: Path) -> None:
    """Ten thousand files cost what the few cost that are asked for."""
    repo.allow("allowFilter", "allowAnySHA1InWant")
    repo.bulk({f"many/{n}.txt": f"{n}\n" for n in range(10_000)} | {FILE: "a: 1\n"})
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git")
        found = await got(source)
        assert await found.read([FILE]) == {FILE: b"a: 1\n"}

        listed = (await source.local("count-objects", "-v")).decode()

    assert int(listed.split("in-pack: ")[1].split()[0]) < 20


async def test_a_login_that_was_changed_counts_at_once(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({FILE: "a: 1\n"})
    known = [GitLogin(username=USER, password="old")]

    async def login() -> GitLogin:
        return known[-1]

    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        settings = RepositorySettings(url=f"{server.url}/shop.git")
        source = GitSource(settings, tmp_path / "work", login=login)
        with pytest.raises(SourceUnavailable, match="authentication failed"):
            await source.head()
        known.append(GitLogin(username=USER, password=PASSWORD))
        assert await (await got(source)).read([FILE]) == {FILE: b"a: 1\n"}
