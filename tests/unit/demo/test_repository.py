"""The demo's git repository is its own affair."""

import subprocess
from pathlib import Path

import pytest

from helmward.demo.repository import Repository
from helmward.errors import SourceUnavailable


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", folder, *words], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.strip()


async def test_a_commit_is_there_for_others(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "shop")
    await repository.create()
    commit = await repository.commit({"a.yaml": "a: 1\n"}, "First")

    git(tmp_path, "clone", "--quiet", "--branch", "main", repository.url, "copy")

    assert (tmp_path / "copy" / "a.yaml").read_text() == "a: 1\n"
    assert git(tmp_path / "copy", "log", "--format=%h %an %s") == f"{commit} Helmward demo First"


async def test_the_users_configuration_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken ~/.gitconfig, or a hook that refuses, is no affair of the demo's."""
    (tmp_path / ".gitconfig").write_text("[broken\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    repository = Repository(tmp_path / "shop")

    await repository.create()

    assert await repository.commit({"a.yaml": "a: 1\n"}, "First")


async def test_git_speaks_for_itself_when_it_fails(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "shop")
    await repository.create()
    await repository.commit({"a.yaml": "a: 1\n"}, "First")

    with pytest.raises(SourceUnavailable, match="git commit"):
        await repository.commit({"a.yaml": "a: 1\n"}, "The same again")
