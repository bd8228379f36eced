"""Follows the objects of one kind as long as a release has some; `Awake` starts and ends it."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from typing import Final

import structlog

from helmward.errors import HelmwardError, NotFound
from helmward.kube import Kube, Resource
from helmward.releases.awake.inventory import GroupKind
from helmward.releases.awake.seen import Seen, see
from helmward.releases.awake.sight import Sight
from helmward.runtime.backoff import Backoff
from helmward.runtime.informer import Informer, Subscriber

MANAGED: Final = "app.kubernetes.io/managed-by=Helm"
"""The label that Helm's objects bear."""
LOOKS_FOR_KIND: Final = 60.0
"""Seconds after which a kind that is not installed is looked for again."""
PATIENCE: Final = 300.0
"""Seconds after which a kind that may not be watched is tried again, at most."""

log = structlog.get_logger("helmward.releases")


class State(StrEnum):
    """How far a kind can be followed."""

    STARTING = "starting"
    WATCHED = "watched"
    POLLED = "polled"
    """Nobody may watch it."""
    ABSENT = "absent"
    """The cluster has no such kind."""


class Watching:
    """One kind: its objects that are in sight, and whether all are."""

    def __init__(  # noqa: PLR0913  # what is watched, and who hears of it
        self,
        kube: Kube,
        kind: GroupKind,
        namespace: str | None,
        *,
        versions: Callable[[], Iterable[str]],
        hear: Subscriber[Seen],
        turned: Callable[[], None],
        poll: float = LOOKS_FOR_KIND,
    ) -> None:
        self.kind = kind
        self.sight = Sight(kind)
        self._kube = kube
        self._namespace = namespace
        self._versions = versions
        self._hear = hear
        self._turned = turned
        self._poll = poll
        self._informer: Informer[Seen] | None = None
        self._absent = False
        self._backoff: Backoff[str] = Backoff(base=0.5, cap=poll)
        self._poked = asyncio.Event()

    @property
    def state(self) -> State:
        """How far it can be followed now."""
        informer = self._informer
        if self._absent or (informer and informer.absent):
            return State.ABSENT
        if informer and informer.denied:
            return State.POLLED
        return State.WATCHED if informer and informer.synced.is_set() else State.STARTING

    def poke(self) -> None:
        """Look at once for a kind that was not installed: a release with it was."""
        self._backoff.reset("")
        self._poked.set()
        if self._informer:
            self._informer.poke()

    async def run(self) -> None:
        """Follow the cluster until cancelled; trouble with it never ends this."""
        resource = await self._find()
        self._informer = self._follow(resource)
        self._informer.subscribe(self._hear)
        await self._informer.run()

    def _follow(self, resource: Resource) -> Informer[Seen]:
        return Informer(
            self._kube,
            resource,
            decode=see,
            namespace=self._namespace if resource.namespaced else None,
            label_selector=MANAGED,
            metadata_only=True,
            poll=self._poll,
            patience=PATIENCE,
            into=self.sight,
            turned=self._turned,
        )

    async def _find(self) -> Resource:
        """Return where the kind is served, as soon as it is."""
        while True:
            try:
                if found := await self._ask():
                    self._absent = False
                    return found
            except HelmwardError as error:
                log.warning("kind cannot be looked up", kind=str(self.kind), error=str(error))
            await self._rest(self._backoff.next(""))

    async def _ask(self) -> Resource | None:
        """Ask for the kind in each version that a release has it in."""
        for api_version in self._versions():
            with suppress(NotFound):
                return await self._kube.resource_for(api_version, self.kind.kind)
        if not self._absent:
            log.info("kind is not installed", kind=str(self.kind))
        self._absent = True
        self._turned()
        return None

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._poked.wait()
        self._poked.clear()
