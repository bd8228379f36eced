"""The folder in which mirrors are kept, and charts laid out for a moment.

Used by `git`. What goes is taken away at once and deleted when there is time.
"""

import secrets
import shutil
import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from helmward.errors import ConfigInvalid, SourceUnavailable

_SALT: Final = "salt"
_TEMPORARY: Final = "tmp"


class Workplace:
    """A folder of our own, which may be kept from run to run.

    Raises:
        ConfigInvalid: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temporary = folder / _TEMPORARY
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # What a former run left there is half done.
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary.mkdir(mode=0o700)
            self.salt = _salt(folder / _SALT)
            """What names of credentials are made with, so that they tell nothing."""
        except OSError as error:
            raise ConfigInvalid(
                f"{folder}, where git repositories are kept: {error.strerror}"
            ) from error

    def mirror(self, name: str) -> Path:
        """Return where a mirror is kept."""
        return self._folder / name

    def discard(self, name: str) -> None:
        """Take a mirror away at once."""
        folder = self._folder / name
        if folder.exists():
            folder.rename(self._temporary / f"{name}-{secrets.token_hex(4)}")

    def discard_but(self, used: Container[str]) -> None:
        """Take mirrors of former runs away that nobody came for."""
        for folder in list(self._folder.iterdir()):
            if folder.is_dir() and folder.name != _TEMPORARY and folder.name not in used:
                self.discard(folder.name)

    def empty(self) -> None:
        """Delete what was discarded; takes its time."""
        for folder in self._temporary.glob("*-*"):
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """Make a private folder that goes afterwards.

        Raises:
            SourceUnavailable: it cannot be made.
        """
        try:
            folder = Path(tempfile.mkdtemp(dir=self._temporary))
        except OSError as error:
            raise SourceUnavailable(
                f"a chart's files cannot be written: {error.strerror}"
            ) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _salt(path: Path) -> bytes:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()
