"""Histories come without files, once, from whatever server."""

import shutil
from pathlib import Path

import pytest

from helmward.errors import SourceRejected, SourceUnavailable
from helmward.git import history as histories
from helmward.git.history import History, Walk
from tests.git.conftest import MirrorOf
from tests.support.git_repo import GitRepo
from tests.support.git_server import http_git, ssh_git
from tests.support.mirrors import MAIN


@pytest.mark.parametrize("allowed", [(), ("allowFilter",), ("allowFilter", "allowAnySHA1InWant")])
@pytest.mark.parametrize("old", [False, True], ids=["v2", "v0"])
async def test_a_history_is_read_whatever_the_server_can(
    tmp_path: Path, mirror_of: MirrorOf, allowed: tuple[str, ...], old: bool
) -> None:
    """Without filters, without wants by name, with git's first protocol."""
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    repo.allow(*allowed)
    first, second, third = (repo.commit({"a": text}) for text in "123")
    async with http_git(repo.folder.parent) as server:
        server.old = old
        history = History(mirror_of(f"{server.url}/shop.git"), tmp_path / "history")

        parents = {second: (first,), third: (second,)}
        assert await history.walk(MAIN, third, first) == Walk(third, first, parents)
        assert await history.walk(MAIN, third) == Walk(third, "", {first: (), **parents})
        assert (await history.read([second]))[second] == repo.raw(second)


@pytest.mark.parametrize("filters", [True, False], ids=["all", "some"])
async def test_no_file_is_fetched(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf, filters: bool
) -> None:
    """A server that leaves folders in leaves at least the files out."""
    if not filters:
        repo.git("config", "uploadpackfilter.allow", "false")
        repo.git("config", "uploadpackfilter.blob:none.allow", "true")
    for text in "123":
        head = repo.commit({"a": text * 99, "folder/b": text})
    await History(mirror_of(repo.url), tmp_path / "history").walk(MAIN, head)

    kept = GitRepo(tmp_path / "history")
    listing = kept.git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
    assert set(listing.split()) == {"commit"} | (set() if filters else {"tree"})


async def test_what_is_known_is_not_asked_for(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    """The next commit costs one fetch, the same one nothing."""
    first = repo.commit({"a": "1"})
    async with http_git(repo.folder.parent) as server:
        history = History(mirror_of(f"{server.url}/shop.git"), tmp_path / "history")
        await history.walk(MAIN, first)
        asked = server.requests
        await history.walk(MAIN, first, first)
        assert server.requests == asked
        second = repo.commit({"a": "2"})
        assert await history.walk(MAIN, second, first) == Walk(second, first, {second: (first,)})
        assert server.requests <= asked + 3


async def test_a_branch_that_moved_on_still_has_the_commit(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    first, _ = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    history = History(mirror_of(repo.url), tmp_path / "history")

    assert await history.walk(MAIN, first) == Walk(first, "", {first: ()})


async def test_a_branch_that_was_moved_elsewhere(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    """The commit is fetched by its name, and what it shares with the old one is not walked."""
    first, second = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    repo.rewind(first)
    other = repo.commit({"a": "3"})
    history = History(mirror_of(repo.url), tmp_path / "history")

    assert await history.walk(MAIN, second, other) == Walk(second, other, {second: (first,)})


@pytest.mark.parametrize("since", ["0" * 40, "main", "refs/helmward/head", "--all", "a\nb"])
async def test_a_start_that_is_no_commit_of_theirs_is_the_beginning(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf, since: str
) -> None:
    """It may have been written by anybody: a name of a branch would hide what leads there."""
    head = repo.commit({"a": "1"})
    history = History(mirror_of(repo.url), tmp_path / "history")
    for _ in range(2):
        assert await history.walk(MAIN, head, since) == Walk(head, "", {head: ()})


async def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    head = repo.commit({"a": "1"})
    (tmp_path / "history").write_text("in the way")
    with pytest.raises(SourceUnavailable, match="history cannot be written"):
        await History(mirror_of(repo.url), tmp_path / "history").walk(MAIN, head)


async def test_a_head_that_is_nowhere_is_said(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    repo.commit({"a": "1"})
    history = History(mirror_of(repo.url), tmp_path / "history")
    with pytest.raises(SourceUnavailable):
        await history.walk(MAIN, "0" * 40)


@pytest.mark.parametrize("along", [True, False])
async def test_merges_are_left_out_when_asked(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf, along: bool
) -> None:
    first = repo.commit({"a": "1"})
    repo.git("branch", "topic")
    topic = repo.commit({"b": "1"}, branch="topic")
    merge = repo.merge(topic)
    history = History(mirror_of(repo.url), tmp_path / "history")
    walk = await history.walk(MAIN, merge, first, along=along)

    assert walk.line == (merge,)
    assert set(walk.parents) == ({merge} if along else {merge, topic})


async def test_a_history_without_end_is_refused(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histories, "LONGEST", 2)
    for text in "123":
        head = repo.commit({"a": text})
    history = History(mirror_of(repo.url), tmp_path / "history")
    with pytest.raises(SourceRejected, match=r"more than 2 commits lead to"):
        await history.walk(MAIN, head)


@pytest.mark.parametrize("harm", ["gone", "empty", "a pack is cut", "no config"])
async def test_a_broken_copy_is_made_anew(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf, harm: str
) -> None:
    first = repo.commit({"a": "1"})
    history = History(mirror_of(repo.url), tmp_path / "history")
    await history.walk(MAIN, first)
    _harm(tmp_path / "history", harm)
    second = repo.commit({"a": "2"})

    assert await history.walk(MAIN, second) == Walk(second, "", {first: (), second: (first,)})


def _harm(folder: Path, how: str) -> None:
    if how in {"gone", "empty"}:
        shutil.rmtree(folder)
    if how == "empty":
        folder.mkdir()
    if how == "no config":
        (folder / "HEAD").unlink()
        (folder / "config").unlink()
    if how == "a pack is cut":
        for pack in (folder / "objects" / "pack").glob("*"):
            pack.chmod(0o600)
            pack.write_bytes(b"")


async def test_a_tag_is_fetched_as_it_is(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    head = repo.commit({"a": "1"})
    repo.git("tag", "-a", "-m", "first", "v1")
    repo.git("tag", "light")
    private = tmp_path / "private"
    async with ssh_git(repo.folder.parent, private) as server:
        mirror = mirror_of(
            f"{server.url}/shop.git", ssh_key=server.key, known_hosts=server.known_hosts
        )
        history = History(mirror, tmp_path / "history", tips=True)
        tag = await history.tag("refs/tags/v1", head)

        assert (await history.read([tag]))[tag] == repo.raw(tag, "tag")
        assert await history.commit_of(tag) == head
        assert await history.tag("refs/tags/light", head) == head


async def test_a_commit_that_is_too_large_is_left_out(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    head = repo.commit({"a": "1"})
    raw = repo.raw(head) + b"x" * (2 << 20)
    large = repo.write("commit", raw)
    repo.rewind(large)
    history = History(mirror_of(repo.url), tmp_path / "history", tips=True)
    await history.have(MAIN, large)

    assert await history.read([large]) == {}
