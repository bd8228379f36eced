"""One Lease that several processes want: whoever holds it works, the others stand by.

Called by `app`, one `Leader` for each time that a process may lead. The rules of
time are those of `Session`: the holder counts from when it sent a renewal, and
stops after two thirds; a stand-by counts from when it first saw one, on its own
clock, and waits for all of it. No clocks are compared.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec
import structlog

from helmward.errors import Conflict, HelmwardError, NotFound, TransientError
from helmward.kube import Kube
from helmward.kube.resources import LEASES
from helmward.runtime.backoff import Backoff
from helmward.runtime.beside import beside
from helmward.runtime.clock import boot_time
from helmward.runtime.informer import EventType, Informer
from helmward.runtime.lease import LAST_WORDS, LeaseObject, Rhythm, Session

PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0

log = structlog.get_logger(__name__)

_lease = msgspec.json.Decoder(LeaseObject)


@dataclass(frozen=True, slots=True)
class _Sight:
    """A Lease as it was first seen, and when."""

    version: str
    at: float


class Leader(Session):
    """One candidate for the Lease `name`: `hold` waits until it is ours, works, and gives it up.

    Given up it is deleted, so that the next one takes over at once. One that
    was lost stays as its new holder has it, and `hold` cancels its body.
    """

    labels: ClassVar[Mapping[str, str]] = {"app.kubernetes.io/part-of": "helmward"}
    """Not those of sessions, or each of their observers would watch it as one."""

    def __init__(  # noqa: PLR0913  # two of them are for tests
        self,
        kube: Kube,
        namespace: str,
        name: str,
        *,
        host: str = "",
        rhythm: Rhythm | None = None,
        clock: Callable[[], float] = boot_time,
    ) -> None:
        super().__init__(kube, namespace, host=host, rhythm=rhythm, clock=clock)
        self.lease = name
        self._sight: _Sight | None = None
        self._moved = asyncio.Event()
        self._waits_for = ""
        self._asked = False

    async def _take(self) -> None:
        """Wait until the Lease is free, or was not renewed for as long as it lasts.

        Raises:
            AccessDenied: we have no rights to Leases.
        """
        try:
            async with beside(self._watch()):
                while not self.held.is_set():
                    self._moved.clear()
                    patience = await self._attempt()
                    if not self.held.is_set():
                        await self._wait(patience)
        except asyncio.CancelledError:
            # What was asked for last may have been granted, and nobody heard of it.
            if self._asked:
                await self._give_back()
            raise

    async def _watch(self) -> None:
        """Learn at once when the Lease is given up; what counts is read anew each time.

        Also once the watch stands: what was given up before that it cannot tell of.
        """
        informer: Informer[LeaseObject] = Informer(
            self._kube,
            LEASES,
            decode=_lease.decode,
            namespace=self.namespace,
            field_selector=f"metadata.name={self.lease}",
            turned=self._moved.set,
        )
        informer.subscribe(self._saw)
        await informer.run()

    def _saw(self, event: EventType, _: LeaseObject | None, new: LeaseObject | None) -> None:
        if event is EventType.DELETED or (new is not None and not new.spec.holder_identity):
            self._moved.set()
        elif new is not None:
            self._seen(new)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()

    async def _attempt(self) -> float:
        """Take the Lease if it can be had; else return the seconds after which to look again."""
        try:
            async with asyncio.timeout(self._rhythm.writer):
                return await self._look()
        except NotFound:
            return await self._create()
        except Conflict:
            return 0.0
        except (TransientError, TimeoutError) as error:
            log.warning("lease not looked at", lease=self.name, error=str(error))
            return self._rhythm.renew

    async def _create(self) -> float:
        sent, self._asked = self._clock(), True
        try:
            async with asyncio.timeout(self._rhythm.writer):
                created = await self._kube.create(LEASES, self._fresh(), self.namespace)
        except Conflict:
            return 0.0
        except (TransientError, TimeoutError) as error:
            log.warning("lease not created", lease=self.name, error=str(error))
            return self._rhythm.renew
        self._begin(created, sent)
        return 0.0

    async def _look(self) -> float:
        found = await self._kube.get(LEASES, self.lease, self.namespace)
        lease = msgspec.convert(found, LeaseObject)
        holder, left = lease.spec.holder_identity or "", self._patience(lease)
        if holder == self.identity or not holder or left <= 0:
            await self._claim(found)
            return 0.0
        if self._waits_for != holder:
            self._waits_for = holder
            log.info("standing by", lease=self.name, holder=holder)
        return left

    def _patience(self, lease: LeaseObject) -> float:
        """Return for how long nothing may change until the holder counts as gone."""
        lasts = max(self._rhythm.observer, float(lease.spec.lease_duration_seconds or 0))
        return self._seen(lease).at + lasts - self._clock()

    def _seen(self, lease: LeaseObject) -> _Sight:
        """Return when the Lease was first seen as it is now."""
        version = lease.metadata.resource_version
        if self._sight is None or self._sight.version != version:
            self._sight = _Sight(version, self._clock())
        return self._sight

    async def _claim(self, found: dict[str, Any]) -> None:
        """Become the holder of exactly the Lease that was found."""
        sent, self._asked = self._clock(), True
        metadata = found["metadata"]
        fresh = self._fresh()["spec"]
        changes = found["spec"].get("leaseTransitions") or 0
        patch = {
            "metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
            "spec": fresh | {"leaseTransitions": changes + 1},
        }
        self._begin(await self._kube.patch(LEASES, self.lease, self.namespace, patch), sent)

    def _begin(self, lease: dict[str, Any], sent: float) -> None:
        self._acknowledge(lease, sent)
        self.held.set()

    async def _give_back(self) -> None:
        """Delete the Lease, as long as it is ours."""
        try:
            async with asyncio.timeout(LAST_WORDS):
                while not (self._version and await self._deleted()):
                    found = await self._kube.get(LEASES, self.lease, self.namespace)
                    if found["spec"].get("holderIdentity") != self.identity:
                        return
                    self._remember(found)
        except NotFound:
            return
        except (HelmwardError, TimeoutError) as error:
            log.warning("lease not deleted", lease=self.name, error=str(error))

    async def _deleted(self) -> bool:
        """Delete the Lease in the version that we know; false when it has another by now."""
        uid, version = self._uid, self._version
        try:
            await self._kube.delete(
                LEASES, self.lease, self.namespace, uid=uid, resource_version=version
            )
        except Conflict:
            return False
        return True


async def keep_leading(
    make: Callable[[], Leader], work: Callable[[Leader], Awaitable[None]]
) -> None:
    """Do the work whenever the Lease is ours, until cancelled; lost, stand by again.

    The work begins anew each time: whatever it knew may be outdated by then. An
    error that does not heal by itself comes out.
    """
    backoff: Backoff[str] = Backoff(base=PAUSE, cap=LONGEST_PAUSE)
    while True:
        leader = make()
        try:
            async with leader.hold():
                backoff.reset("")
                log.info("leading", lease=leader.name)
                await work(leader)
        except* TransientError as group:
            log.warning("leading no more", lease=leader.name, why=str(_first(group)))
        await asyncio.sleep(backoff.next(""))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
