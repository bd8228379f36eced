"""Watches the other processes' Leases: who still writes, and who certainly does not.

Gone is said only of what is certain: the Lease is deleted, killed, or a fresh
look shows it unchanged since we first saw that version, long enough ago by our
own clock. So a watch of ours that hangs makes nobody gone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import structlog

from helmward.errors import Conflict, HelmwardError, NotFound
from helmward.kube import Kube
from helmward.kube.resources import LEASES
from helmward.runtime.clock import Clock
from helmward.runtime.informer import EventType, Informer
from helmward.runtime.lease import DEAD, LABELS, LeaseObject, Rhythm, micro_time
from helmward.runtime.queue import KeyedQueue

SELECTOR = ",".join(f"{name}={value}" for name, value in LABELS.items())
RETRY = 1.0

log = structlog.get_logger(__name__)

_lease = msgspec.json.Decoder(LeaseObject)


@dataclass(frozen=True, slots=True)
class _Sight:
    version: str
    at: float


class Sessions:
    """All sessions of a namespace, known by `<namespace>/<name>` of their Lease."""

    def __init__(
        self,
        kube: Kube,
        namespace: str | None,
        *,
        rhythm: Rhythm | None = None,
        clock: Clock | None = None,
        quiet: float = 75.0,
    ) -> None:
        self.informer: Informer[LeaseObject] = Informer(
            kube,
            LEASES,
            decode=_lease.decode,
            namespace=namespace,
            label_selector=SELECTOR,
            quiet=quiet,
        )
        self.informer.subscribe(self._changed)
        self._kube = kube
        self._patience = (rhythm or Rhythm()).observer
        self._seen: dict[str, _Sight] = {}
        self._gone: set[str] = set()
        self._doubtful: KeyedQueue[str] = KeyedQueue(clock)
        self._callbacks: list[Callable[[str], None]] = []

    def on_gone(self, callback: Callable[[str], None]) -> None:
        """Call back with the name of each session that turns out to be gone."""
        self._callbacks.append(callback)

    def gone(self, session: str) -> bool:
        """Tell whether the session certainly writes no more, or could be killed now.

        One that was never seen counts as alive until a look at the cluster,
        begun here, has an answer; `on_gone` tells if it is gone.
        """
        if session in self._gone:
            return True
        if session not in self._seen:
            self._doubtful.add(session)
        return False

    def alive(self, session: str) -> bool:
        """Tell the opposite of `gone`."""
        return not self.gone(session)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.informer.run(), name="sessions-informer")
            group.create_task(self._doubt(), name="sessions-doubt")

    async def kill(self, session: str, by: str) -> bool:
        """Make sure that a session which is gone stays so; true when it is dead now.

        The Lease is marked in exactly the version that was seen to expire: a
        writer that wakes up finds a conflict, and one that woke up before
        makes this return false.
        """
        if session not in self._gone:
            return False
        sight = self._seen.get(session)
        if sight is None:
            return True
        namespace, name = _parts(session)
        spec = {"holderIdentity": f"{DEAD}{by}", "renewTime": micro_time()}
        patch = {"metadata": {"resourceVersion": sight.version}, "spec": spec}
        try:
            await self._kube.patch(LEASES, name, namespace, patch)
        except (Conflict, NotFound):
            await self._look(session)
            return session in self._gone
        self._bid_farewell(session)
        return True

    async def bury(self) -> None:
        """Delete the Leases of the killed."""
        for lease in self.informer.store:
            if lease.killed:
                uid, namespace = lease.metadata.uid, lease.metadata.namespace
                try:
                    await self._kube.delete(LEASES, lease.metadata.name, namespace, uid=uid)
                except (NotFound, Conflict):
                    continue

    def _changed(self, event: EventType, old: LeaseObject | None, new: LeaseObject | None) -> None:
        if new is not None:
            self._saw(new)
        elif old is not None and event is EventType.DELETED:
            self._bid_farewell(old.session)

    def _saw(self, lease: LeaseObject) -> None:
        """Note a Lease as it is now; a version that is new starts the wait anew."""
        session, version = lease.session, lease.metadata.resource_version
        if lease.killed:
            self._bid_farewell(session)
        elif session not in self._seen or self._seen[session].version != version:
            self._seen[session] = _Sight(version, self._doubtful.clock.time())
            self._gone.discard(session)
            self._doubtful.add_after(session, self._patience)

    def _bid_farewell(self, session: str) -> None:
        self._seen.pop(session, None)
        self._declare_gone(session)

    def _declare_gone(self, session: str) -> None:
        self._doubtful.forget(session)
        if session not in self._gone:
            self._gone.add(session)
            for callback in self._callbacks:
                callback(session)

    async def _doubt(self) -> None:
        """Look at each session that was silent for long, or asked for and never seen."""
        while True:
            session = await self._doubtful.get()
            try:
                await self._check(session)
            except HelmwardError as error:
                log.warning("session not checked", session=session, error=str(error))
                self._doubtful.add_after(session, RETRY)
            finally:
                self._doubtful.done(session)

    async def _check(self, session: str) -> None:
        sight = self._seen.get(session)
        left = sight.at + self._patience - self._doubtful.clock.time() if sight else 0.0
        if left > 0:
            self._doubtful.add_after(session, left)
        elif session not in self._gone:
            await self._look(session)
            if sight is not None and self._seen.get(session) == sight:
                self._declare_gone(session)

    async def _look(self, session: str) -> None:
        """Read the Lease itself, as a watch may lag."""
        namespace, name = _parts(session)
        try:
            found = await self._kube.get(LEASES, name, namespace)
        except NotFound:
            self._bid_farewell(session)
        else:
            self._saw(msgspec.convert(found, LeaseObject))


def _parts(session: str) -> tuple[str, str]:
    namespace, _, name = session.partition("/")
    return namespace, name
