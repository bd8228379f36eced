"""A preview reads what a commit would have, from a folder or from git."""

import os
import subprocess
from pathlib import Path

import pytest

from helmward.errors import ConfigInvalid
from helmward.preview.local import Local, local


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=A Tester", "-c", "user.email=t@example.test")
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, env=env, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A working tree with one commit, a change since, an ignored and a new file."""
    folder = tmp_path / "clone"
    (folder / "apps").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "apps" / "a.yaml").write_text("a: 1\n")
    (folder / ".gitignore").write_text("*.tmp\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    (folder / "apps" / "a.yaml").write_text("a: 2\n")
    (folder / "apps" / "new.yaml").write_text("b: 1\n")
    (folder / "apps" / "x.tmp").write_text("no\n")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


async def contents(found: Local) -> dict[str, bytes]:
    names = [name for name in found.snapshot.tree if name.startswith("apps/")]
    return await found.snapshot.read(names)


async def test_a_folder_counts_as_it_is_without_what_git_ignores(clone: Path, home: Path) -> None:
    found = await local(str(clone), home)
    assert await contents(found) == {"apps/a.yaml": b"a: 2\n", "apps/new.yaml": b"b: 1\n"}
    assert found.folder == ""


async def test_a_folder_below_the_root_is_a_part_of_the_tree(clone: Path, home: Path) -> None:
    """What it refers to may lie elsewhere in the repository."""
    assert (await local(str(clone / "apps"), home)).folder == "apps"


async def test_a_folder_outside_of_git_counts_too(tmp_path: Path, home: Path) -> None:
    (tmp_path / "plain" / "apps").mkdir(parents=True)
    (tmp_path / "plain" / "apps" / "a.yaml").write_text("a: 1\n")
    assert await contents(await local(str(tmp_path / "plain"), home)) == {"apps/a.yaml": b"a: 1\n"}


@pytest.mark.parametrize("ref", ["HEAD", "main", "refs/heads/main"])
async def test_a_commit_is_read_from_git(
    clone: Path, home: Path, monkeypatch: pytest.MonkeyPatch, ref: str
) -> None:
    monkeypatch.chdir(clone)
    found = await local(ref, home)
    assert await contents(found) == {"apps/a.yaml": b"a: 1\n"}
    assert found.snapshot.commit.subject == "first"
    assert found.snapshot.head.sha == git(clone, "rev-parse", "HEAD")


@pytest.mark.parametrize("named", ["nothing", "--upload-pack=x", "main~9"])
async def test_what_is_neither_is_refused_in_words(
    clone: Path, home: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(clone)
    with pytest.raises(ConfigInvalid, match="neither a folder nor a commit"):
        await local(named, home)


async def test_a_deleted_file_is_not_there(clone: Path, home: Path) -> None:
    (clone / "apps" / "a.yaml").unlink()
    assert list(await contents(await local(str(clone), home))) == ["apps/new.yaml"]


async def test_a_link_is_a_name_and_never_followed_out(clone: Path, home: Path) -> None:
    (clone / "apps" / "out.yaml").symlink_to("/etc/hostname")
    found = await local(str(clone), home)
    assert found.snapshot.tree["apps/out.yaml"].target == "/etc/hostname"
    with pytest.raises(OSError, match="symbolic"):
        await found.snapshot.read(["apps/out.yaml"])
