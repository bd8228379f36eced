"""The keys for what SOPS has encrypted, read once from the files that flags name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from helmward.errors import ConfigInvalid

MAX_KEY: Final = 1024 * 1024
"""Bytes of one file with keys."""


class Keys(msgspec.Struct, frozen=True):
    """What may open a document; never printed."""

    age: tuple[bytes, ...] = ()
    """Lines of age identities."""
    pgp: tuple[bytes, ...] = ()
    """OpenPGP private keys without passphrase, armoured or binary."""

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"Keys({len(self.age)} age, {len(self.pgp)} pgp)"


def read_keys(age: Sequence[Path], pgp: Sequence[Path]) -> Keys:
    """Read the files of `--sops-age-key` and `--sops-pgp-key`.

    Of a folder every file counts whose name does not begin with a dot.

    Raises:
        ConfigInvalid: one cannot be read.
    """
    return Keys(
        tuple(_key("--sops-age-key", file) for file in _files(age)),
        tuple(_key("--sops-pgp-key", file) for file in _files(pgp)),
    )


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        # A volume keeps what it shows in folders with two dots before their names.
        inside = sorted(path.iterdir())
        yield from (one for one in inside if one.is_file() and not one.name.startswith("."))


def _key(flag: str, file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_KEY + 1)
    except OSError as error:
        raise ConfigInvalid(f"{flag} {file}: {error.strerror}") from error
    if not content.strip() or len(content) > MAX_KEY:
        raise ConfigInvalid(f"{flag} {file}: holds no key: name a file with private keys")
    return content
