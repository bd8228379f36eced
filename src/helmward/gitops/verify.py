"""Up to which commit what is in git may be applied, by who has signed it.

Called by `loop` before a commit is applied. Here is what has to be signed, and
what follows if it is not; `signers` knows by whom it was.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.aside import Door
from helmward.git.history import History, steps
from helmward.git.refs import TAGS
from helmward.git.signed import split_commit, split_tag, target_of
from helmward.gitops.signers import FLAG, Signatures, Signers, Unsigned
from helmward.gitops.snapshot import Head
from helmward.settings import VerifySettings

WALKED: Final = ("all", "first-parent")
"""Flux v1's modes: up to the newest commit before which all are signed."""
TIPS: Final = ("HEAD", "Tag", "TagAndHEAD")
"""Flux 2's modes: that, or nothing new."""
AT_ONCE: Final = 100
"""About how many commits are read at once; all of one merge always are."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be applied."""

    head: Head | None
    """The newest commit that may be, by its own name: a branch may move on; None: nothing new."""
    problem: str = ""
    """Why it is not the head that was asked about."""
    signer: str = ""
    """Who signed it."""


class Verifier:
    """The signatures of one repository."""

    def __init__(self, settings: VerifySettings, history: History, engine: Signatures) -> None:
        self._settings = settings
        self._history = history
        self._signers = Signers(settings, engine)

    async def newest(self, head: Head, since: str = "") -> Verdict:
        """Return the newest commit up to `head` that may be applied.

        `since` is the commit in force, or the one that a marker names; it must
        be signed too. Empty is the beginning of all history.

        Raises:
            SourceUnavailable: the remote does not answer, or no longer has the head.
            EngineLost: signatures cannot be looked at now.
        """
        if self._settings.mode == "none":
            return Verdict(head)
        try:
            await self._signers.learn()
            if self._settings.mode in WALKED:
                return await self._walk(head, since)
            return await self._look(head)
        except (Unsigned, SourceRejected) as error:
            return Verdict(None, str(error))

    async def _walk(self, head: Head, since: str) -> Verdict:
        """Go from the oldest commit to the newest, and stop before the first bad one."""
        along = self._settings.mode == "first-parent"
        walk = await self._history.walk(head.name, head.sha, since, along=along)
        good = walk.since
        if good:
            await self._check_since(good)
        groups = (step[-1:] if along else step for step in steps(walk))
        for portion in portions(groups if walk.parents else [(head.sha,)]):
            found = await self._read(commit for group in portion for commit in group)
            for group in portion:
                try:
                    await self._check(group, found)
                except Unsigned as error:
                    return self._up_to(head, good, str(error))
                good = group[-1]
        return self._up_to(head, good)

    def _up_to(self, head: Head, good: str, problem: str = "") -> Verdict:
        if not good:
            return Verdict(None, problem)
        return Verdict(_named(head, good), problem, self._signers.of(good))

    async def _look(self, head: Head) -> Verdict:
        """Look at the tag, or at the head, or at both."""
        by = ""
        if self._settings.mode != "HEAD":
            by = await self._check_tag(head)
        if self._settings.mode != "Tag":
            await self._history.have(head.name, head.sha)
            await self._check([head.sha], await self._read([head.sha]))
            by = self._signers.of(head.sha)
        return Verdict(_named(head, head.sha), "", by)

    async def _check_tag(self, head: Head) -> str:
        """Return who signed the tag of the head.

        A tag that was signed under another name does not count: whoever may
        push could give an old one a new name.
        """
        if not head.name.startswith(TAGS):
            raise Unsigned(
                f"{FLAG}={self._settings.mode} asks for a signed tag, and {head.ref!r} is none:"
                " follow one by --git-tag or --git-semver"
            )
        oid = await self._history.tag(head.name, head.sha)
        said = f"tag {head.name.removeprefix(TAGS)}"
        raw = (await self._history.read([oid])).get(oid, b"")
        target = target_of(raw)
        if not target.name:
            raise Unsigned(f"{said} is a lightweight one, which nobody can sign: use `git tag -s`")
        if f"{TAGS}{target.name}" != head.name:
            raise Unsigned(f"{said} was made as {target.name!r} and renamed: its signature is void")
        if await self._history.commit_of(oid) != head.sha:
            raise Unsigned(f"{said} was moved while it was looked at; it is looked at again")
        await self._signers.check(oid, split_tag(raw), said)
        return self._signers.of(oid)

    async def _check_since(self, commit: str) -> None:
        """Check where the walk begins: what is before it was never looked at."""
        try:
            await self._check([commit], await self._read([commit]))
        except Unsigned as error:
            raise Unsigned(
                f"signatures are looked at from the commit in force on, and {error}: turn {FLAG}"
                " on when a signed commit is in force"
            ) from error

    async def _read(self, commits: Iterable[str]) -> Mapping[str, bytes]:
        """Read those commits of which it is not known who signed them."""
        return await self._history.read(one for one in commits if not self._signers.of(one))

    async def _check(self, commits: Sequence[str], found: Mapping[str, bytes]) -> None:
        """Check commits, those first that others follow; `found` is what they are."""
        for commit in commits:
            if self._signers.of(commit):
                continue
            said = f"commit {commit[:12]}"
            if commit not in found:
                raise self._signers.refused(said, "it is too large for a commit")
            await self._signers.check(commit, split_commit(commit, found[commit]), said)


def portions(groups: Iterable[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    """Yield groups of commits that together are neither many nor few, in their order."""
    portion: list[tuple[str, ...]] = []
    for group in groups:
        portion.append(group)
        if sum(map(len, portion)) >= AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion


def make_verifier(
    settings: VerifySettings, door: Door, folder: Path, engine: Signatures
) -> Verifier:
    """Return what looks at signatures; `folder` is ours, and nobody else's.

    Where the tip alone counts, what is before it is not even fetched.
    """
    return Verifier(settings, History(door, folder, tips=settings.mode in TIPS), engine)


def _named(head: Head, commit: str) -> Head:
    return Head(head.ref, commit, commit)
