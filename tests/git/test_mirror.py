"""Mirrors hold what is asked for, cost few requests, and mend themselves."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from helmward.errors import SourceUnavailable
from helmward.git import mirror as mirrors
from helmward.git.mirror import Head
from tests.git.conftest import MirrorOf
from tests.support.git_repo import GitRepo
from tests.support.git_server import http_git
from tests.support.mirrors import CHART, MAIN, files_of


@pytest.mark.parametrize("allowed", [(), ("allowFilter",), ("allowFilter", "allowAnySHA1InWant")])
@pytest.mark.parametrize("old", [False, True], ids=["v2", "v0"])
async def test_a_chart_is_read_whatever_the_server_can(
    tmp_path: Path, mirror_of: MirrorOf, allowed: tuple[str, ...], old: bool
) -> None:
    """Without filters, without wants by name, with git's first protocol."""
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    repo.allow(*allowed)
    sha = repo.commit({**CHART, "other/big": "x" * 9999})
    async with http_git(repo.folder.parent) as server:
        server.old = old
        mirror = mirror_of(f"{server.url}/shop.git")
        head = await mirror.fetch(MAIN)

        assert head == Head(MAIN, sha)
        assert await files_of(mirror, head, tmp_path) == CHART


@pytest.mark.parametrize("old", [False, True], ids=["v2", "v0"])
async def test_a_commit_by_its_name_that_is_no_tip(
    tmp_path: Path, mirror_of: MirrorOf, old: bool
) -> None:
    """A server that gives no single commit gives its branches; the commit is among them."""
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    first = repo.commit(CHART)
    repo.commit({"charts/app/values.yaml": "size: 2\n"})
    async with http_git(repo.folder.parent) as server:
        server.old = old
        mirror = mirror_of(f"{server.url}/shop.git")
        head = await mirror.fetch(first)

        assert (await files_of(mirror, head, tmp_path))["charts/app/values.yaml"] == "size: 1\n"
        assert await mirror.seek(first[:9]) == first
        assert await mirror.seek("0123456789") == ""


async def test_a_commit_that_is_nowhere_is_said(repo: GitRepo, mirror_of: MirrorOf) -> None:
    repo.commit(CHART)
    mirror = mirror_of(repo.url)

    with pytest.raises(SourceUnavailable, match="not our ref"):
        await mirror.fetch("a" * 40)
    assert (await mirror.fetch(MAIN)).name == MAIN


async def test_a_tag_stands_for_its_commit(repo: GitRepo, mirror_of: MirrorOf) -> None:
    """Annotated tags are objects of their own."""
    sha = repo.commit(CHART)
    repo.git("tag", "-a", "v1", "-m", "one", sha)
    mirror = mirror_of(repo.url)

    refs = await mirror.refs()
    assert refs.commits[refs.find("v1")] == sha
    assert (await mirror.fetch("refs/tags/v1")).commit == sha
    assert refs.commits["HEAD"] == sha
    assert (await mirror.fetch("HEAD")).commit == sha


async def test_a_repository_of_sha256_is_read(tmp_path: Path, mirror_of: MirrorOf) -> None:
    """Git names things by a longer hash there."""
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    shutil.rmtree(repo.folder)
    repo.folder.mkdir()
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", "--object-format=sha256")
    repo.allow("allowFilter")
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    await mirror.refs()

    head = await mirror.fetch(MAIN)
    assert len(head.commit) == 64
    assert await files_of(mirror, head, tmp_path) == CHART


async def test_of_ten_thousand_files_only_the_chart_is_fetched(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """One request for refs, one for a commit, one for all files that are missing."""
    repo.bulk({f"apps/a{n // 100}/f{n}.yaml": f"n: {n}" for n in range(10_000)} | CHART)
    async with http_git(repo.folder.parent) as server:
        mirror = mirror_of(f"{server.url}/shop.git")
        await mirror.refs()
        head = await mirror.fetch(MAIN)
        found = await files_of(mirror, head, tmp_path)

        assert found == CHART
        assert _kinds_in(tmp_path / "mirror" / "copy").count("blob") == len(CHART)
        # Each is one POST and the greeting before it; a fetch by name lists refs too.
        assert server.counted("shop.git") == 2 + 3 + 2

        before = server.counted("shop.git")
        assert await files_of(mirror, head, tmp_path) == CHART
        assert server.counted("shop.git") == before


async def test_a_change_costs_only_what_changed(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """What is the same in the next commit is not sent again."""
    repo.bulk({f"apps/a{n // 100}/f{n}.yaml": f"n: {n}" for n in range(1000)} | CHART)
    mirror = mirror_of(repo.url)
    await files_of(mirror, await mirror.fetch(MAIN), tmp_path)
    before = len(_kinds_in(tmp_path / "mirror" / "copy"))
    repo.commit({"charts/app/values.yaml": "size: 2\n"})

    await files_of(mirror, await mirror.fetch(MAIN), tmp_path)

    # A commit, three trees on the way to the file, the file.
    assert len(_kinds_in(tmp_path / "mirror" / "copy")) == before + 5


async def test_a_force_push_and_a_rewound_branch_are_followed(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    first = repo.commit(CHART)
    mirror = mirror_of(repo.url)
    await mirror.fetch(MAIN)
    repo.replace({**CHART, "charts/app/values.yaml": "size: 3\n"})

    head = await mirror.fetch(MAIN)
    assert (await files_of(mirror, head, tmp_path))["charts/app/values.yaml"] == "size: 3\n"

    repo.rewind(first)
    assert (await mirror.fetch(MAIN)).commit == first


@pytest.mark.parametrize("harm", ["overwritten", "gone", "emptied"])
async def test_a_corrupt_mirror_is_made_anew_by_itself(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf, harm: str
) -> None:
    """Nobody has to look for it, and nothing of it is served."""
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)
    await files_of(mirror, head, tmp_path)
    for pack in (tmp_path / "mirror" / "copy" / "objects" / "pack").iterdir():
        _harm(pack, harm)

    assert await files_of(mirror_of(repo.url), head, tmp_path) == CHART
    assert await files_of(mirror, head, tmp_path) == CHART


async def test_what_a_killed_fetch_leaves_is_mended(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Locks would keep git from fetching for ever."""
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    await mirror.fetch(MAIN)
    sha = repo.commit({"charts/app/values.yaml": "size: 2\n"})
    (tmp_path / "mirror" / "copy" / "shallow.lock").touch()

    assert (await mirror.fetch(MAIN)).commit == sha


async def test_git_never_asks_for_files_by_itself(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """It would ask for one after another; also where a killed fetch has told it to."""
    repo.commit(CHART)
    async with http_git(repo.folder.parent) as server:
        url = f"{server.url}/shop.git"
        head = await mirror_of(url).fetch(MAIN)
        config = tmp_path / "mirror" / "copy" / "config"
        assert "promisor" not in config.read_text()
        config.write_text(f'[core]\n\tbare = true\n[remote "{url}"]\n\tpromisor = true\n')

        before = server.counted("shop.git")
        assert await files_of(mirror_of(url), head, tmp_path) == CHART
        assert server.counted("shop.git") == before + 2


async def test_a_corrupt_mirror_of_a_server_that_is_down_says_both(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    repo.commit(CHART)
    async with http_git(repo.folder.parent) as server:
        mirror = mirror_of(f"{server.url}/shop.git")
        head = await mirror.fetch(MAIN)
        server.broken = True
        for pack in (tmp_path / "mirror" / "copy" / "objects" / "pack").iterdir():
            pack.unlink()

        with pytest.raises(SourceUnavailable, match="does not answer"):
            await files_of(mirror, head, tmp_path)


async def test_many_fetches_do_not_pile_up(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each leaves a pack; when there are too many, the copy is made anew."""
    monkeypatch.setattr(mirrors, "MOST_PACKS", 3)
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    for number in range(6):
        repo.commit({"charts/app/values.yaml": f"size: {number}\n"})
        head = await mirror.fetch(MAIN)
        packs = list((tmp_path / "mirror" / "copy" / "objects" / "pack").glob("*.pack"))
        assert len(packs) <= 5
        await files_of(mirror, head, tmp_path)


async def test_a_remote_that_sends_too_much_is_stopped(
    repo: GitRepo, mirror_of: MirrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it has filled the disk."""
    monkeypatch.setattr(mirrors, "LARGEST_PACK", 200_000)
    repo.commit({**CHART, "big": os.urandom(600_000).hex()})
    repo.git("config", "uploadpack.allowFilter", "false")
    mirror = mirror_of(repo.url)

    with pytest.raises(SourceUnavailable, match="sends more than Helmward keeps"):
        await mirror.fetch(MAIN)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "mirror"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.usefixtures("small_disk")
async def test_a_full_disk_is_said(repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf) -> None:
    """And what was there before goes on serving."""
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)
    await files_of(mirror, head, tmp_path)
    repo.commit({"charts/app/big": os.urandom(600_000).hex()})
    repo.git("config", "uploadpack.allowFilter", "false")

    with pytest.raises(SourceUnavailable, match=r"disk is full|No space left"):
        await mirror.fetch(MAIN)
    assert await files_of(mirror, head, tmp_path) == CHART


async def test_a_cancelled_fetch_leaves_no_process(repo: GitRepo, mirror_of: MirrorOf) -> None:
    """And the next one works."""
    sha = repo.commit(CHART)
    async with http_git(repo.folder.parent) as server:
        server.silent = True
        mirror = mirror_of(f"{server.url}/shop.git")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await mirror.fetch(MAIN)
        server.silent = False
        assert (await mirror.fetch(MAIN)).commit == sha


def _kinds_in(copy: Path) -> list[str]:
    """Return the kinds of all objects in a copy."""
    output = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"],
        cwd=copy,
        check=True,
        capture_output=True,
        text=True,
    )
    return output.stdout.split()


def _harm(file: Path, how: str) -> None:
    file.chmod(0o600)
    if how == "gone":
        file.unlink()
    else:
        size = file.stat().st_size if how == "overwritten" else 0
        file.write_bytes(b"\x5a" * size)
