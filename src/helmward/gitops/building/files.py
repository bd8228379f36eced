"""Files of a commit as they are built from: opened where they are encrypted.

Called by `plain` and the other builders. That a file cannot be opened is said
in its place, for it is known only later whether anything needs it.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from helmward.errors import ConfigInvalid, SourceRejected
from helmward.git.tree import follow
from helmward.gitops.build import Parsed, listed, parse
from helmward.gitops.building.cover import covered
from helmward.gitops.building.hidden import Revealed, reveal
from helmward.gitops.building.sealed import describes_objects, form_of, line_of
from helmward.gitops.building.told import secrets_in
from helmward.gitops.building.tools import Opens
from helmward.gitops.snapshot import Snapshot
from helmward.redaction import REDACTOR, Redactor
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

    def __init__(
        self, settings: RepositorySettings, opens: Opens, redactor: Redactor = REDACTOR
    ) -> None:
        self._settings = settings
        self._opens = opens
        self._redactor = redactor

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
        names = list(names)
        hidden = _hidden(snapshot, names)
        revealed = await self._revealed(snapshot, hidden)
        contents = await origin(snapshot).read(name for name in names if name not in hidden)
        forms = await asyncio.to_thread(_forms, contents, objects=objects)
        opened = await asyncio.gather(
            *(self._open(name, contents[name], form) for name, form in forms.items())
        )
        plain = {name: File(content) for name, content in contents.items()}
        return plain | dict(zip(forms, opened, strict=True)) | revealed

    async def revealed(self, snapshot: Snapshot) -> Snapshot:
        """Return the commit with what git-secret has hidden, where that is switched on.

        Raises:
            SourceRejected: a hidden file is not in the commit.
            SourceUnavailable: its list cannot be got.
        """
        if not self._settings.git_secret:
            return snapshot
        found = await reveal(snapshot)

        async def read(names: Iterable[str]) -> dict[str, bytes]:
            return await self._contents(found, names)

        return found if found is snapshot else replace(found, read=read)

    async def _contents(self, snapshot: Snapshot, names: Iterable[str]) -> dict[str, bytes]:
        """Read files as commands see them: what was hidden is open, what SOPS closed is not."""
        names = list(names)
        hidden = _hidden(snapshot, names)
        revealed = await self._revealed(snapshot, hidden)
        if faults := [file.fault for file in revealed.values() if file.fault]:
            raise SourceRejected(listed(faults))
        contents = await origin(snapshot).read(name for name in names if name not in hidden)
        return contents | {name: file.content for name, file in revealed.items()}

    async def _revealed(self, snapshot: Snapshot, hidden: Mapping[str, str]) -> dict[str, File]:
        """Open files that git-secret has hidden."""
        if not hidden:
            return {}
        sealed = await origin(snapshot).read(set(hidden.values()))
        opened = await asyncio.gather(
            *(self._decrypted(sealed[one], "pgp", one) for one in hidden.values())
        )
        return dict(zip(hidden, opened, strict=True))

    async def _open(self, name: str, sealed: bytes, form: str) -> File:
        if not self._settings.sops:
            return File(sealed, fault=f"{name}:{line_of(sealed)}: {OFF}")
        return await self._decrypted(sealed, form, f"{name}:{line_of(sealed)}")

    async def _decrypted(self, sealed: bytes, form: str, place: str) -> File:
        try:
            content = await self._opens.decrypt(sealed, form)
        except (DecryptFailed, ConfigInvalid) as error:
            return File(sealed, fault=f"{place}: {error}")
        owner = f"git/{self._settings.name}/{place.partition(':')[0]}"
        secrets = await asyncio.to_thread(secrets_in, content, sealed, form)
        await asyncio.to_thread(self._redactor.learn, owner, secrets)
        return File(content, sealed)


def origin(snapshot: Snapshot) -> Snapshot:
    """Return the commit as git has it."""
    return (snapshot.origin or snapshot) if isinstance(snapshot, Revealed) else snapshot


def _hidden(snapshot: Snapshot, names: Iterable[str]) -> dict[str, str]:
    """Return those of the files that are hidden, found through links, with what git has."""
    if not isinstance(snapshot, Revealed):
        return {}
    targets = {name: follow(snapshot.tree, name, name) for name in names}
    return {
        name: snapshot.hidden[target]
        for name, target in targets.items()
        if target in snapshot.hidden
    }


def understood(name: str, file: File) -> Parsed:
    """Return what a file says; of one that was opened nothing can be guessed."""
    if file.fault:
        return Parsed(faults=(file.fault,))
    parsed = parse(name, file.content, secret=file.secret)
    return covered(parsed, file.sealed) if file.secret else parsed


def _forms(contents: dict[str, bytes], *, objects: bool) -> dict[str, str]:
    """Return how each of the encrypted files was encrypted."""
    found = {name: form_of(name, content) for name, content in contents.items()}
    return {
        name: form
        for name, form in found.items()
        if form and (not objects or describes_objects(contents[name]))
    }
