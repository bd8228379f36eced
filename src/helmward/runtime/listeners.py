"""Who tells of the changes of an object: one watch for many, or one for it alone.

Called by `references`. Objects are watched together where that is allowed, by
their names where it is not; rights that come later are noticed.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import structlog

from helmward.kube import Kube, Selection
from helmward.kube.resources import SECRETS, Resource
from helmward.runtime.follower import Follower
from helmward.runtime.store import Name
from helmward.runtime.tracking import News, Ref

HELM: Final = "helm.sh/release.v1"
"""The type of Helm's own Secrets: nobody refers to them, and they are many."""
OTHER_SECRETS: Final = f"type!={HELM}"
MOST_SINGLE: Final = 256
"""Objects that are watched each by its name; each takes a connection."""

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")

log = structlog.get_logger(__name__)


class Listeners:
    """Watches of metadata, begun when the first object is listened for that they tell of.

    `hear` is told of changes of what is listened for. `anew` is told when a
    watch has begun that cannot tell what was before: news may be missed.
    """

    def __init__(
        self,
        kube: Kube,
        *,
        namespace: str | None,
        hear: Callable[[Ref, News], None],
        anew: Callable[[], None],
        quiet: float,
    ) -> None:
        self._namespace = namespace
        self._hear = hear
        self._anew = anew
        self._follower = partial(Follower, kube, quiet=quiet)
        self._refs: set[Ref] = set()
        self._together: dict[Resource, Follower] = {}
        self._single: dict[Ref, Follower] = {}
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[Follower, asyncio.Task[None]] = {}
        self._said: set[str] = set()

    async def run(self) -> None:
        """Watch until cancelled; nothing is watched before something is listened for."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for follower in [*self._together.values(), *self._single.values()]:
                self._start(follower)
            await asyncio.Event().wait()

    def of(self, ref: Ref) -> Follower | None:
        """Return who tells of an object; None when nobody can."""
        together = self._together.get(ref.resource) if self._within(ref) else None
        return together if together and not together.denied else self._single.get(ref)

    def listen(self, ref: Ref) -> None:
        """Tell of an object from now on."""
        self._refs.add(ref)
        if self._within(ref) and ref.resource not in self._together:
            selector = OTHER_SECRETS if ref.resource == SECRETS else ""
            everything = Selection(ref.resource, self._namespace, field_selector=selector)
            self._together[ref.resource] = self._begin(everything)
        if self.of(ref) is None:
            self._begin_single(ref)

    def release(self, ref: Ref) -> None:
        """Tell of an object no more."""
        self._refs.discard(ref)
        self._stop(ref)

    def _within(self, ref: Ref) -> bool:
        return self._namespace in {None, ref.namespace}

    def _begin_single(self, ref: Ref) -> None:
        if not _is_name(ref.namespace) or not _is_name(ref.name):
            return  # the server has no such object, and a selector would mean another
        if len(self._single) >= MOST_SINGLE:
            self._say(f"more than {MOST_SINGLE} objects: the others are read at each check")
            return
        selector = f"metadata.name={ref.name}"
        alone = Selection(ref.resource, ref.namespace, field_selector=selector)
        self._single[ref] = self._begin(alone)

    def _begin(self, selection: Selection) -> Follower:
        follower = self._follower(
            replace(selection, metadata_only=True),
            hear=self._heard,
            begun=self._begun,
            refused=self._refused,
        )
        self._start(follower)
        return follower

    def _start(self, follower: Follower) -> None:
        if self._group is not None:
            name = f"follow-{follower.selection.resource}"
            self._tasks[follower] = self._group.create_task(follower.run(), name=name)

    def _stop(self, ref: Ref) -> None:
        follower = self._single.pop(ref, None)
        if follower and (task := self._tasks.pop(follower, None)):
            task.cancel()

    def _heard(self, follower: Follower, name: Name, news: News) -> None:
        ref = Ref(follower.selection.resource, *name)
        if ref in self._refs and self.of(ref) is follower:
            self._hear(ref, news)

    def _begun(self, follower: Follower) -> None:
        """End what is watched by its name and is now watched with all the others."""
        for ref in [one for one in self._single if self.of(one) is follower]:
            if self._single[ref] is not follower:
                self._stop(ref)
        self._anew()

    def _refused(self, follower: Follower) -> None:
        """Watch each object by its name where all together may not be watched."""
        resource = follower.selection.resource
        if self._together.get(resource) is not follower:
            self._say(f"{resource} may not be watched by name: they are read at each check")
            return
        where = f"in namespace {self._namespace}" if self._namespace else "in the whole cluster"
        self._say(f"{resource} may not be watched {where}: each is watched by its name")
        for ref in self._refs:
            if ref.resource == resource and self.of(ref) is None:
                self._begin_single(ref)

    def _say(self, why: str) -> None:
        if why not in self._said:
            self._said.add(why)
            log.warning("references are not watched together", why=why)


def _is_name(word: str) -> bool:
    return _NAME.fullmatch(word) is not None
