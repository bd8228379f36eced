"""One Lease per process life: as long as it is renewed, this process may write.

`Session` is the writer's side, `sessions` the observers'. The two never compare
clocks: the writer counts from when it *sent* a renewal that was acknowledged,
observers from when they first *saw* it, and the observers wait longer.
"""

import asyncio
import re
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import msgspec
import structlog

from helmward.errors import Conflict, HelmwardError, NotFound, SessionLost
from helmward.kube import Kube, Meta
from helmward.kube.resources import LEASES
from helmward.runtime.clock import boot_time

LABELS: Final = {"app.kubernetes.io/managed-by": "helmward"}
DEAD: Final = "dead-by:"
LAST_WORDS: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The seconds of a session, the same in every replica."""

    renew: float = 12.0
    writer: float = 20.0
    """How long after sending its last acknowledged renewal a writer may write."""
    observer: float = 30.0
    """How long an observer must see no change to call a writer gone."""

    @classmethod
    def of(cls, duration: timedelta) -> "Rhythm":
        """Return the rhythm of Leases that last so long: two renewals, two thirds to write."""
        seconds = duration.total_seconds()
        return cls(renew=seconds * 2 / 5, writer=seconds * 2 / 3, observer=seconds)


class LeaseSpec(msgspec.Struct, frozen=True, rename="camel"):
    """Who holds a Lease; its times are for humans only."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None


class LeaseObject(msgspec.Struct, frozen=True):
    """A Lease, as far as it is used."""

    metadata: Meta
    spec: LeaseSpec = LeaseSpec()

    @property
    def session(self) -> str:
        """The session that it belongs to: `<namespace>/<name>`."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def killed(self) -> bool:
        """Whether an observer has declared its writer dead."""
        return (self.spec.holder_identity or "").startswith(DEAD)


def micro_time() -> str:
    """Return the wall time in the form of Leases, for humans."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Session:
    """One process as a writer: `run` holds the Lease, `alive` says whether it counts.

    `deadline` is in seconds of `boot_time`: nothing may be written after it.
    Deleting the Lease on a clean stop tells all others at once that nothing
    is written any more, so the writers have to end first: `hold` sees to it.
    """

    labels: ClassVar[Mapping[str, str]] = LABELS

    def __init__(  # noqa: PLR0913  # two of them are for tests
        self,
        kube: Kube,
        namespace: str,
        *,
        host: str = "",
        rhythm: Rhythm | None = None,
        on_lost: Callable[[str], None] = lambda why: None,  # noqa: ARG005  # it names the argument
        clock: Callable[[], float] = boot_time,
    ) -> None:
        self.namespace = namespace
        self.identity = self.lease = _lease_name(host or socket.gethostname())
        self.held = asyncio.Event()
        self._renewed = asyncio.Event()
        self.deadline = float("-inf")
        self._kube = kube
        self._rhythm = rhythm or Rhythm()
        self._on_lost = on_lost
        self._clock = clock
        self._uid = self._version = ""
        self._lost = False

    @property
    def name(self) -> str:
        """The session as others know it: `<namespace>/<name>` of the Lease."""
        return f"{self.namespace}/{self.lease}"

    @property
    def remaining(self) -> float:
        """Seconds for which writing is still allowed; 0 or less when it is not."""
        return 0.0 if self._lost else self.deadline - self._clock()

    @property
    def alive(self) -> bool:
        """Whether writing is allowed right now."""
        return self.remaining > 0

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold the Lease while the body writes, and delete it when the body has ended.

        A loss cancels the body, and comes out as SessionLost in a group.
        """
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self.run(), name="session")
            try:
                await self.held.wait()
                yield
            finally:
                renewing.cancel()

    async def run(self) -> None:
        """Hold the Lease until cancelled, then delete it.

        Raises:
            SessionLost: it was not renewed in time, killed or deleted. Writing
                must have stopped; a new session has to be begun.
        """
        await self._take()
        try:
            while True:
                await asyncio.sleep(self._rhythm.renew)
                await self._renew()
        except SessionLost as error:
            # The Lease stays: only an observer may say when we are dead.
            self._lost = True
            self._on_lost(str(error))
            raise
        except asyncio.CancelledError:
            self._lost = True
            await self._give_back()
            raise

    async def _take(self) -> None:
        sent = self._clock()
        lease = await self._kube.create(LEASES, self._fresh(), self.namespace)
        self._acknowledge(lease, sent)
        self.held.set()

    def _fresh(self) -> dict[str, Any]:
        now = micro_time()
        spec = {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": max(1, round(self._rhythm.observer)),
            "acquireTime": now,
            "renewTime": now,
        }
        metadata = {"name": self.lease, "namespace": self.namespace, "labels": self.labels}
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": metadata,
            "spec": spec,
        }

    def _acknowledge(self, lease: dict[str, Any], sent: float) -> None:
        self._remember(lease)
        self.deadline = sent + self._rhythm.writer
        self._renewed.set()

    async def next_renewal(self) -> None:
        """Wait until the Lease was renewed since the last call; for one caller only."""
        await self._renewed.wait()
        self._renewed.clear()

    def _remember(self, lease: dict[str, Any]) -> None:
        self._uid = lease["metadata"]["uid"]
        self._version = lease["metadata"]["resourceVersion"]

    async def _renew(self) -> None:
        """Renew once, trying until the deadline."""
        while self.alive:
            try:
                async with asyncio.timeout(min(self._rhythm.renew, self.remaining)):
                    await self._renew_once()
            except Conflict:
                await self._look_again()
            except NotFound as error:
                raise SessionLost(f"the Lease {self.name} was deleted") from error
            except (HelmwardError, TimeoutError) as error:
                log.warning("lease not renewed", lease=self.name, error=str(error))
                await asyncio.sleep(self._rhythm.renew / 5)
            else:
                return
        raise SessionLost(f"the Lease {self.name} was not renewed in time")

    async def _renew_once(self) -> None:
        sent = self._clock()
        metadata = {"uid": self._uid, "resourceVersion": self._version}
        patch = {"metadata": metadata, "spec": {"renewTime": micro_time()}}
        lease = await self._kube.patch(LEASES, self.lease, self.namespace, patch)
        self._acknowledge(lease, sent)

    async def _look_again(self) -> None:
        """Tell a renewal of ours whose answer was lost from a Lease that was taken."""
        try:
            async with asyncio.timeout(max(0.0, self.remaining)):
                lease = await self._kube.get(LEASES, self.lease, self.namespace)
        except NotFound as error:
            raise SessionLost(f"the Lease {self.name} was deleted") from error
        except (HelmwardError, TimeoutError):
            await asyncio.sleep(self._rhythm.renew / 5)
            return
        holder = lease["spec"].get("holderIdentity")
        if holder != self.identity or lease["metadata"]["uid"] != self._uid:
            raise SessionLost(f"the Lease {self.name} was taken: {holder}")
        self._remember(lease)

    async def _give_back(self) -> None:
        try:
            async with asyncio.timeout(LAST_WORDS):
                await self._kube.delete(LEASES, self.lease, self.namespace, uid=self._uid)
        except (HelmwardError, TimeoutError) as error:
            log.warning("lease not deleted", lease=self.name, error=str(error))


def _lease_name(host: str) -> str:
    cleaned = re.sub(r"[^a-z0-9-]+", "-", host.lower()).strip("-")[:40]
    return f"helmward-{cleaned or 'host'}-{secrets.token_hex(4)}"
