"""Files of a commit as they are built from: opened where they are encrypted.

Called by `plain` and the other builders. That a file cannot be opened is said
in its place, for it is known only later whether anything needs it.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from helmward.errors import ConfigInvalid
from helmward.gitops.build import Parsed, parse
from helmward.gitops.building.sealed import describes_objects, form_of, line_of
from helmward.gitops.building.tools import Opens
from helmward.gitops.snapshot import Snapshot
from helmward.settings import RepositorySettings
from helmward.sops import DecryptFailed

OFF: Final = (
    "it is encrypted with SOPS: switch on --sops, and give its key by --sops-age-key or "
    "--sops-pgp-key"
)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a commit."""

    content: bytes
    sealed: bytes = b""
    """What git has of it, where the content was opened."""
    fault: str = ""
    """Why it is not open, with its place."""

    @property
    def secret(self) -> bool:
        """Whether nobody may see its content."""
        return bool(self.sealed)


class Files:
    """Reads files of commits, and opens what the settings let be opened."""

    def __init__(self, settings: RepositorySettings, opens: Opens) -> None:
        self._settings = settings
        self._opens = opens

    async def read(
        self, snapshot: Snapshot, names: Iterable[str], *, objects: bool = False
    ) -> dict[str, File]:
        """Return files by name.

        With `objects`, encrypted files that describe none are left as they are:
        values of charts lie beside manifests.

        Raises:
            SourceRejected: one may not be read.
            SourceUnavailable: one cannot be got.
        """
        contents = await snapshot.read(names)
        forms = await asyncio.to_thread(_forms, contents, objects=objects)
        opened = await asyncio.gather(
            *(self._open(name, contents[name], form) for name, form in forms.items())
        )
        plain = {name: File(content) for name, content in contents.items()}
        return plain | dict(zip(forms, opened, strict=True))

    async def _open(self, name: str, sealed: bytes, form: str) -> File:
        if not self._settings.sops:
            return File(sealed, fault=f"{name}:{line_of(sealed)}: {OFF}")
        try:
            return File(await self._opens.decrypt(sealed, form), sealed)
        except (DecryptFailed, ConfigInvalid) as error:
            return File(sealed, fault=f"{name}:{line_of(sealed)}: {error}")


def understood(name: str, file: File) -> Parsed:
    """Return what a file says; of one that was opened nothing can be guessed."""
    if file.fault:
        return Parsed(faults=(file.fault,))
    parsed = parse(name, file.content, secret=file.secret)
    return covered(parsed, file.sealed) if file.secret else parsed


def covered(parsed: Parsed, sealed: bytes) -> Parsed:
    """Let manifests be known by what git has instead of by what they say."""
    checksum = hashlib.sha1(sealed, usedforsecurity=False).hexdigest()
    known = hashlib.sha256(sealed).hexdigest()
    manifests = [
        replace(one, checksum=checksum, stands_for=known, secret=True) for one in parsed.manifests
    ]
    return Parsed(tuple(manifests), parsed.faults)


def _forms(contents: dict[str, bytes], *, objects: bool) -> dict[str, str]:
    """Return how each of the encrypted files was encrypted."""
    found = {name: form_of(name, content) for name, content in contents.items()}
    return {
        name: form
        for name, form in found.items()
        if form and (not objects or describes_objects(contents[name]))
    }
