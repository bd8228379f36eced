"""Commands as they are typed, and what they would have run with."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helmward.cli import main
from helmward.settings import GitSettings, RepositorySettings, Settings
from tests.support.served import Served

URL = "--git-url=git@git.example.com:shop/config.git"


class CommandLine:
    """Works in a folder with the files key.asc, signers and config, and the folder keys."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._served = Served()
        monkeypatch.setattr(main, "_serve", self._served)
        monkeypatch.chdir(folder)
        for name in ("key.asc", "signers", "config"):
            (folder / name).touch()
        (folder / "keys").mkdir()

    @property
    def has_served(self) -> bool:
        return self._served.settings is not None

    def call(
        self, words: Sequence[str], command: str = "sync", env: dict[str, str] | None = None
    ) -> Result:
        return CliRunner().invoke(main.helmward, [command, *words], env=env)

    def settings(self, *words: str, command: str = "sync", **env: str) -> Settings:
        result = self.call(words, command, env)
        assert result.exit_code == 0, result.output
        assert self._served.settings
        return self._served.settings

    def git(self, *words: str, **env: str) -> GitSettings:
        """Return the settings of git, one repository being followed by --git-url."""
        git = self.settings(URL, *words, **env).git
        assert git
        return git


def followed(git: GitSettings) -> RepositorySettings:
    (repository,) = git.repositories
    return repository
