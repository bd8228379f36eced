"""One git repository that charts come from: what is known of it, and how old that is.

Used by `git`. Whoever asks at the same time shares the answer; what was fetched
once keeps serving when the remote is down or the branch is gone.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from helmward.charts.content import Content, read_content
from helmward.charts.remembered import Remembered
from helmward.errors import SourceUnavailable
from helmward.git.mirror import Head, Mirror
from helmward.git.refs import Refs, is_commit, is_short

CONTENTS: Final = 512
"""Charts of a repository whose files are known without a look."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The commit that a ref stands for, and why that may be out of date."""

    head: Head
    stale_reason: str = ""


class Followed:
    """A mirror, asked no more often than somebody wants to know."""

    def __init__(self, mirror: Mirror, state: Path) -> None:
        self.mirror = mirror
        self._known = Remembered(state)
        self._refs = Refs("", {})
        self._trouble = ""
        self._asked = float("-inf")
        self._here: set[str] = set()
        self._contents: dict[tuple[str, str, bool], Content] = {}
        self._lock = asyncio.Lock()
        self._bell = asyncio.Event()

    async def head(self, ref: str, *, fresh: timedelta) -> Standing:
        """Return the commit that a ref stands for, as known no longer ago than `fresh`.

        Raises:
            SourceUnavailable: the remote does not answer, or has no such ref,
                and never had; the message says which.
        """
        if not is_commit(ref):
            await self._ask(fresh, again=await self._kept(ref) is None)
        return await self.known(ref)

    async def known(self, ref: str) -> Standing:
        """Return what a ref stands for by what the remote said last; see `head`."""
        if is_commit(ref):
            return Standing(await self._fetched(ref, ref, ref))
        kept = await self._kept(ref)
        try:
            return Standing(await self._newest(ref, kept))
        except SourceUnavailable as error:
            # Somebody else may have fetched it meanwhile.
            kept = kept or await self._kept(ref)
            if kept is None:
                raise
            return Standing(kept, str(error))

    async def look(self) -> None:
        """Ask the remote now; what it says, or that it says nothing, is known from here on."""
        await self._ask(timedelta(0), again=False)

    async def content(self, head: Head, path: str, *, skip_dependencies: bool) -> Content:
        """Return what a chart is made from; see `read_content`."""
        asked = (head.commit, path, skip_dependencies)
        if asked not in self._contents:
            found = await read_content(self.mirror, head, path, skip_dependencies=skip_dependencies)
            if len(self._contents) >= CONTENTS:
                self._contents.pop(next(iter(self._contents)))
            self._contents[asked] = found
        return self._contents[asked]

    def first_seen(self, content: Content, head: Head) -> str:
        """Return the commit that was head when this content was first seen."""
        return self._known.first_seen(content.key, head.commit)

    def ring(self) -> None:
        """Have the remote asked at once."""
        self._bell.set()

    async def rung(self, within: timedelta) -> None:
        """Wait until it is time to ask the remote again, or somebody rings."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                await self._bell.wait()
        self._bell.clear()

    async def _ask(self, fresh: timedelta, *, again: bool) -> None:
        """Ask for branches and tags, unless that was done lately.

        `again`: there is nothing to serve, so a failure is no answer.
        """
        now = asyncio.get_running_loop().time()
        since = now if again and self._trouble else now - fresh.total_seconds()
        if self._asked >= since:
            return
        async with self._lock:
            if self._asked >= since:
                return
            clock = asyncio.get_running_loop().time
            started = clock()
            try:
                self._refs, self._trouble, self._asked = await self.mirror.refs(), "", started
            except SourceUnavailable as error:
                # Whoever came meanwhile would hear the same, and wait as long for it.
                self._trouble, self._asked = str(error), clock()

    async def _newest(self, ref: str, kept: Head | None) -> Head:
        if self._trouble:
            raise SourceUnavailable(self._trouble)
        name = self._refs.find(ref)
        if name:
            commit = self._refs.commits[name]
            # A branch that has the commit at its end may have moved on when it is fetched.
            by_digits = is_short(ref) and commit.startswith(ref)
            return await self._fetched(ref, commit if by_digits else name, commit)
        if kept is not None and is_commit(kept.name):
            return kept
        commit = await self.mirror.seek(ref) if is_short(ref) else ""
        if commit:
            return await self._fetched(ref, commit, commit)
        raise SourceUnavailable(self._no_such(ref))

    async def _fetched(self, ref: str, name: str, commit: str) -> Head:
        """Return a commit that is here, fetched by its ref's name if it was not."""
        async with self._lock:
            if not await self._has(commit):
                # The ref may have moved on since: what came is what counts.
                commit = (await self.mirror.fetch(name)).commit
                self._here.add(commit)
        if ref != commit:
            self._known.learn_head(ref, name, commit)
        return Head(name, commit)

    async def _kept(self, ref: str) -> Head | None:
        """Return what a ref stood for when it was fetched last, if that is still here."""
        known = self._known.head(ref)
        return Head(*known) if known and await self._has(known[1]) else None

    async def _has(self, commit: str) -> bool:
        if commit not in self._here and await self.mirror.has(commit):
            self._here.add(commit)
        return commit in self._here

    def _no_such(self, ref: str) -> str:
        return (
            f"git repository {self.mirror.remote}: it has no branch, tag or commit {ref!r}"
            f" (spec.chart.ref); {self._refs.near(ref)}"
        )
