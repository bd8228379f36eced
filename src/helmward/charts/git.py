"""Charts from git: a commit's folder, packed once for all HelmReleases that want it.

What is in the folder decides, not the commit: commits that do not touch it
change nothing. One mirror serves all who name the same repository with the
same credentials.
"""

import asyncio
import hashlib
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

import structlog

from helmward.charts.content import Content, lay_out
from helmward.charts.followed import Followed, Standing
from helmward.charts.workplace import Workplace
from helmward.engine import Engine
from helmward.engine.sources import Folder
from helmward.errors import ConfigInvalid, HelmwardError, SpecInvalid
from helmward.git.keyring import Keyring
from helmward.git.login import GitLogin, check_login, fingerprint
from helmward.git.mirror import Mirror
from helmward.git.refs import is_commit
from helmward.git.remote import Remote, identity, is_name, likeness, read_remote
from helmward.model import Chart, GitChart, Key, Repository
from helmward.settings import GitChartSettings

log = structlog.get_logger("helmward.charts")

AT_ONCE: Final = 4
"""Remotes that are asked by themselves at the same time."""


@dataclass(slots=True)
class _Use:
    """What one HelmRelease wants of a repository, and what it got."""

    followed: Followed
    ref: str
    path: str
    skip_dependencies: bool
    seen: Standing | None = None
    key: str = ""
    """Of the content that it got; empty where that failed."""
    pulling: int = 0
    missed: bool = False
    """Whether the remote was looked at while this was being pulled."""

    @property
    def asks(self) -> tuple[str, str, bool]:
        """What else than this would be another chart."""
        return (self.ref, self.path, self.skip_dependencies)


class GitCharts:
    """Pulls charts from git, and tells whose chart has changed since.

    `changed` is called for each HelmRelease whose content is another than it
    got; `work` is a folder of our own, which may be kept from run to run.
    """

    def __init__(  # noqa: PLR0913  # what charts are made with, by name
        self,
        engine: Engine,
        settings: GitChartSettings,
        work: Path,
        *,
        repositories: Sequence[Repository] = (),
        allowed: Sequence[str] = (),
        changed: Callable[[Key], None],
        local: bool = False,
    ) -> None:
        """Take the folder over: what a former run left there half done goes.

        `allowed` are prefixes of the addresses that may be asked for
        dependencies; none allows all. Whether a repository may be asked was
        settled before; where there are prefixes, it may not send us elsewhere.
        `local` lets repositories of this machine be read (file://), for demos
        and tests.
        """
        self._engine, self._settings, self._work = engine, settings, Workplace(work)
        self._repositories, self._allowed = repositories, allowed
        self._changed, self._local = changed, local
        self._uses: dict[Key, _Use] = {}
        self._followed: dict[str, Followed] = {}
        self._packing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def pull(
        self, owner: Key, chart: GitChart, login: GitLogin, *, fresh: timedelta
    ) -> Chart:
        """Return the chart; the remote is asked when known for longer than `fresh`.

        Waits for the first fetch. A remote that is down, or that has lost the
        branch, serves what was fetched before; the chart then says so in
        `stale_reason`. From here on the owner's repository is followed.

        Raises:
            SpecInvalid: a field, or the Secret, names what cannot be asked for.
            SourceUnavailable: the remote does not answer, or lacks ref or path.
            ChartRejected, ChartNotFound, EngineLost: as they say.
        """
        use = self._use(owner, chart, login)
        with _pulling(use):
            standing = await use.followed.head(use.ref, fresh=fresh)
            use.seen, use.key = standing, ""
            content = await self._content(use, standing)
            found = await self._packed(use, standing, content, fresh)
            use.key = content.key
        reasons = filter(None, (standing.stale_reason, found.stale_reason))
        commit = use.followed.first_seen(content, standing.head)
        return replace(found, commit=commit, stale_reason="; ".join(reasons))

    async def run(self) -> None:
        """Ask every remote in use again and again until cancelled, several at a time."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for name, followed in self._followed.items():
                    self._watch(name, followed)
                while True:
                    await asyncio.sleep(self._settings.poll_interval.total_seconds())
                    self._work.discard_but(self._followed)
                    await asyncio.to_thread(self._work.empty)
        finally:
            self._group = None
            self._watching.clear()

    def refresh(self, urls: Iterable[str] | None = None) -> None:
        """Have remotes asked at once: all, or those that one of the addresses is like."""
        wanted = None if urls is None else {likeness(url) for url in urls} - {""}
        for followed in self._followed.values():
            if wanted is None or likeness(followed.mirror.remote.url) in wanted:
                followed.ring()

    def let_go(self, owner: Key) -> None:
        """Forget an owner; a repository that nobody uses any more is not kept."""
        if self._uses.pop(owner, None):
            self._drop_unused()

    def _use(self, owner: Key, chart: GitChart, login: GitLogin) -> _Use:
        """Return what the owner uses; what it used before is let go of."""
        remote = self._remote(chart, login)
        ref, path = _ref(chart, self._settings), _path(chart)
        skip = chart.skip_dep_update or not self._settings.update_dependencies
        use = _Use(self._follow(remote, login), ref, path, skip)
        before = self._uses.get(owner)
        if before and before.followed is use.followed and before.asks == use.asks:
            return before
        self._uses[owner] = use
        self._drop_unused()
        return use

    def _remote(self, chart: GitChart, login: GitLogin) -> Remote:
        try:
            remote = read_remote(chart.url, "spec.chart.git")
        except ConfigInvalid as error:
            raise SpecInvalid(str(error)) from None
        if remote.scheme == "file" and not self._local:
            raise SpecInvalid(
                "spec.chart.git: a folder of this machine is no repository of yours;"
                " name one by https:// or ssh://"
            )
        check_login(login, remote)
        return remote

    def _follow(self, remote: Remote, login: GitLogin) -> Followed:
        """Return the mirror of a repository, one for each login."""
        mark = fingerprint(login, remote, self._work.salt)
        name = hashlib.sha256(f"{identity(remote)}\n{mark}".encode()).hexdigest()[:32]
        if name not in self._followed:
            folder = self._work.mirror(name)
            keyring = Keyring(
                folder / "home", remote, login, self._settings, redirects=not self._allowed
            )
            mirror = Mirror(folder, remote, keyring, self._settings.timeout.total_seconds())
            self._followed[name] = Followed(mirror, folder / "known.json")
            self._watch(name, self._followed[name])
        return self._followed[name]

    def _watch(self, name: str, followed: Followed) -> None:
        if self._group is not None:
            self._watching[name] = self._group.create_task(self._poll(followed))

    async def _poll(self, followed: Followed) -> None:
        while True:
            await followed.rung(self._settings.poll_interval)
            async with self._slots:
                await self._look(followed)

    async def _look(self, followed: Followed) -> None:
        """Ask the remote, and tell those whose chart is another now."""
        await followed.look()
        for owner, use in list(self._uses.items()):
            if use.followed is not followed:
                continue
            if use.pulling:
                use.missed = True
                continue
            try:
                news = await self._news(use)
            except HelmwardError as error:
                log.debug("no chart from git", resource=str(owner), why=str(error))
                news = use.key != ""
            if news and self._uses.get(owner) is use and not use.pulling:
                self._changed(owner)

    async def _news(self, use: _Use) -> bool:
        """Tell whether a pull would bring the owner something else than it got."""
        standing = await use.followed.known(use.ref)
        if use.seen is None or (use.seen.stale_reason and not standing.stale_reason):
            return True
        if use.seen.head == standing.head:
            return False
        return (await self._content(use, standing)).key != use.key

    async def _content(self, use: _Use, standing: Standing) -> Content:
        return await use.followed.content(
            standing.head, use.path, skip_dependencies=use.skip_dependencies
        )

    async def _packed(
        self, use: _Use, standing: Standing, content: Content, fresh: timedelta
    ) -> Chart:
        """Return the chart that the engine keeps for this content, packed by one of all who ask."""
        lock = self._packing.setdefault(content.key, asyncio.Lock())
        async with lock:
            if kept := await self._engine.packed_chart(content.key):
                return kept
            with self._work.temporary() as root:
                await lay_out(use.followed.mirror, standing.head, content, root)
                return await self._engine.pack_chart(
                    content.key,
                    Folder(root, use.path),
                    skip_dependencies=use.skip_dependencies,
                    repositories=self._repositories,
                    allowed=self._allowed,
                    max_index_age=fresh,
                )

    def _drop_unused(self) -> None:
        used = {id(use.followed) for use in self._uses.values()}
        for name, followed in list(self._followed.items()):
            if id(followed) in used:
                continue
            del self._followed[name]
            if task := self._watching.pop(name, None):
                task.cancel()
            self._work.discard(name)


def _ref(chart: GitChart, settings: GitChartSettings) -> str:
    ref = chart.ref or settings.default_ref
    if is_commit(ref) or is_name(ref):
        return ref
    raise SpecInvalid(f"spec.chart.ref: {ref!r} is no name of a branch, a tag or a commit")


def _path(chart: GitChart) -> str:
    path = posixpath.normpath(chart.path.lstrip("/") or ".")
    if path.startswith("..") or "\0" in path:
        raise SpecInvalid(f"spec.chart.path: {chart.path!r} leads out of the git repository")
    return "" if path == "." else path


@contextmanager
def _pulling(use: _Use) -> Iterator[None]:
    use.pulling += 1
    try:
        yield
    finally:
        use.pulling -= 1
        if use.missed and not use.pulling:
            use.missed = False
            use.followed.ring()
