"""Tags are pushed without files, to whom we may write."""

from pathlib import Path

import pytest

from helmward.errors import SourceUnavailable
from helmward.git.login import GitLogin
from helmward.git.writing import Annotation, Tags, tagger
from tests.git.conftest import MirrorOf
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git, ssh_git

BOB = GitLogin(username=USER, password=PASSWORD)
POINTER = Annotation("at", "Sync pointer", "Bob <bob@example.com>", 1700000000)


@pytest.mark.parametrize("allowed", [(), ("allowFilter",), ("allowFilter", "allowAnySHA1InWant")])
@pytest.mark.parametrize("old", [False, True], ids=["v2", "v0"])
@pytest.mark.parametrize("back", [0, 1], ids=["tip", "earlier"])
async def test_a_tag_is_pushed_whatever_the_server_can(
    tmp_path: Path, mirror_of: MirrorOf, allowed: tuple[str, ...], old: bool, back: int
) -> None:
    """Also one of a commit that the branch has left behind."""
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    repo.allow(*allowed)
    shas = [repo.commit({"a": text, "folder/b": text}) for text in "123"]
    commit = shas[-1 - back]
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        server.old = old
        tags = Tags(mirror_of(f"{server.url}/shop.git", BOB), tmp_path / "tags")
        await tags.put("at", commit, POINTER.text(commit))

        assert await tags.commit_of("at") == commit
    assert repo.raw("at", "tag") == POINTER.text(commit)


async def test_a_repository_of_the_newer_hash_is_tagged(
    tmp_path: Path, mirror_of: MirrorOf
) -> None:
    repo = GitRepo(tmp_path / "repos" / "new.git", hashes="sha256")
    head = repo.commit({"a": "1"})
    await Tags(mirror_of(repo.url), tmp_path / "tags").put("at", head, POINTER.text(head))

    assert repo.raw("at", "tag") == POINTER.text(head)


async def test_a_tag_is_moved_and_taken_away(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    first, second = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    async with ssh_git(repo.folder.parent, tmp_path / "private", writable=True) as server:
        mirror = mirror_of(
            f"{server.url}/shop.git", ssh_key=server.key, known_hosts=server.known_hosts
        )
        tags = Tags(mirror, tmp_path / "tags")
        assert await tags.commit_of("at") == ""
        assert await tags.tip() == second
        for commit in (second, first, second):
            await tags.put("at", commit, POINTER.text(commit))
            assert await tags.commit_of("at") == commit
        await tags.delete("at")
        assert await tags.commit_of("at") == ""


async def test_who_may_only_read_is_told_over_http(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    head = repo.commit({"a": "1"})
    repo.read_only()
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        tags = Tags(mirror_of(f"{server.url}/shop.git", BOB), tmp_path / "tags")
        with pytest.raises(SourceUnavailable, match="403") as refused:
            await tags.put("at", head)
    assert PASSWORD not in str(refused.value)
    assert repo.git("tag") == ""


async def test_who_may_only_read_is_told_over_ssh(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    head = repo.commit({"a": "1"})
    async with ssh_git(repo.folder.parent, tmp_path / "private") as server:
        mirror = mirror_of(
            f"{server.url}/shop.git", ssh_key=server.key, known_hosts=server.known_hosts
        )
        with pytest.raises(SourceUnavailable, match="this key may only read"):
            await Tags(mirror, tmp_path / "tags").put("at", head)


async def test_hooks_of_the_server_may_refuse(
    tmp_path: Path, repo: GitRepo, mirror_of: MirrorOf
) -> None:
    head = repo.commit({"a": "1"})
    hook = repo.folder / "hooks" / "update"
    hook.write_text("#!/bin/sh\necho tags are for releases >&2\nexit 1\n")
    hook.chmod(0o755)
    async with http_git(repo.folder.parent) as server:
        tags = Tags(mirror_of(f"{server.url}/shop.git"), tmp_path / "tags")
        with pytest.raises(SourceUnavailable, match="tags are for releases"):
            await tags.put("at", head)


@pytest.mark.parametrize(
    ("name", "address", "said"),
    [
        ("Weave Flux", "support@weave.works", "Weave Flux <support@weave.works>"),
        ("Eve\n> <x", "e@x>\n\nhi", "Eve x <e@xhi>"),
        ("", "", "Helmward <>"),
    ],
)
def test_who_tags_is_one_line(name: str, address: str, said: str) -> None:
    assert tagger(name, address) == said
