"""The ConfigMaps and Secrets that are referred to: read once, and watched from then on.

`entries` reads for one key, `settle` after its turn makes what was read what is
watched for it. The watches ask for metadata only, and of objects that nobody
refers to nothing is read and nothing is kept. Content that was read is served
again as long as its watch says that it is current.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.entries import Entries, entries_of
from helmward.kube.resources import Resource
from helmward.runtime.listeners import HELM, Listeners
from helmward.runtime.tracking import ROOM, Content, Contents, News, Reading, Ref

K = TypeVar("K", bound=Hashable)

PATIENCE: Final = 5.0
"""Seconds for which reading waits until it is known whether the watch works."""


@dataclass(slots=True)
class _Turn:
    """What one key has read since it was last settled."""

    refs: set[Ref] = field(default_factory=set)
    outdated: bool = False


@dataclass(slots=True)
class _Track(Generic[K]):
    """An object that is referred to, and by whom."""

    readers: dict[K, Reading | None] = field(default_factory=dict)
    latest: News | None = None
    """What was heard since it was last asked for."""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class References(Generic[K]):
    """What keys refer to; `changed` is told of each key that has read something outdated.

    Objects are watched together, those of `namespace` or of the whole cluster.
    Where that is forbidden, and in other namespaces, each is watched by its
    name; where that is forbidden too, it is read anew at each turn.
    """

    def __init__(
        self,
        kube: Kube,
        *,
        namespace: str | None,
        changed: Callable[[K], None],
        room: int = ROOM,
        quiet: float = 75.0,
    ) -> None:
        self._kube = kube
        self._changed = changed
        self._contents = Contents(room)
        self._tracks: dict[Ref, _Track[K]] = {}
        self._turns: dict[K, _Turn] = {}
        self._settled: dict[K, set[Ref]] = {}
        self._listeners = Listeners(
            kube, namespace=namespace, hear=self._hear, anew=self._anew, quiet=quiet
        )

    def __len__(self) -> int:
        """Return how many objects are referred to."""
        return len(self._tracks)

    async def run(self) -> None:
        """Watch until cancelled; nothing is watched before something is referred to."""
        await self._listeners.run()

    def entries(self, key: K) -> Entries:
        """Return where a key reads during its turn; what it reads is noted, absent or not."""
        self._turns.setdefault(key, _Turn())
        return _View(self, key)

    def settle(self, key: K) -> None:
        """Watch for a key what it has read in the turn that ends, and nothing else.

        A turn that did not even ask for `entries` leaves all as it was. What
        changed after the turn had read it wakes the key again, now that the
        turn has said what it made of it.
        """
        turn = self._turns.pop(key, None)
        if turn is None:
            return
        for ref in self._settled.pop(key, set()) - turn.refs:
            self._let_go(ref, key)
        if turn.refs:
            self._settled[key] = turn.refs
        if turn.outdated:
            self._changed(key)

    def outdated(self, key: K) -> bool:
        """Tell whether anything has changed since the key read it in its turn."""
        turn = self._turns.get(key)
        return turn is not None and turn.outdated

    def current(self, key: K) -> bool:
        """Tell whether all that a key has read is known to be as it was read."""
        return all(self._stands(ref, key) for ref in self._settled.get(key, ()))

    def forget(self, key: K) -> None:
        """Let go of all that was watched for a key that is gone."""
        turn = self._turns.pop(key, _Turn())
        for ref in self._settled.pop(key, set()) | turn.refs:
            self._let_go(ref, key)

    async def read(self, key: K, ref: Ref) -> Mapping[str, bytes]:
        """Return the content of an object, and note that the key has read it.

        Raises:
            NotFound: there is no such object; it is watched for all the same.
            AccessDenied, ClusterUnavailable: it is not known whether there is one.
        """
        track = self._note(key, ref)
        await self._decided(ref)
        async with track.asking:  # many that wait for one object ask for it once
            content = self._current(ref, track) or await self._ask(ref, track)
        if key in track.readers:
            track.readers[key] = content.reading
        if not self._holds(ref, track, content.reading):
            self._wake(key)
        if content.entries is None:
            raise NotFound(content.missing)
        return content.entries

    def _note(self, key: K, ref: Ref) -> _Track[K]:
        """Listen for an object before it is read, so that no change falls between."""
        self._turns.setdefault(key, _Turn()).refs.add(ref)
        track = self._tracks.get(ref)
        if track is None:
            track = self._tracks[ref] = _Track()
            self._listeners.listen(ref)
        track.readers.setdefault(key, None)
        return track

    async def _decided(self, ref: Ref) -> None:
        """Wait until it is known who tells of an object: one who cannot hands it on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while (follower := self._listeners.of(ref)) and not follower.decided.is_set():
                    await follower.decided.wait()

    def _current(self, ref: Ref, track: _Track[K]) -> Content | None:
        """Return what is known of an object, if its watch says that this is how it is."""
        content, follower = self._contents.get(ref), self._listeners.of(ref)
        if content is None or follower is None or not follower.alive:
            return None
        return content if self._holds(ref, track, content.reading) else None

    def _stands(self, ref: Ref, key: K) -> bool:
        track = self._tracks.get(ref)
        content = self._current(ref, track) if track else None
        return content is not None and track is not None and track.readers[key] == content.reading

    async def _ask(self, ref: Ref, track: _Track[K]) -> Content:
        self._contents.drop(ref)
        track.latest, era = None, self._era(ref)
        try:
            found = await self._kube.get(ref.resource, ref.name, ref.namespace)
        except NotFound as error:
            content = Content(Reading("", era), None, str(error))
        else:
            reading = Reading(found["metadata"]["resourceVersion"], era)
            content = Content(reading, entries_of(ref.resource, found))
            if found.get("type") == HELM:
                return content  # no watch tells of its changes
        if self._tracks.get(ref) is track:
            self._contents.put(ref, content)
        return content

    def _era(self, ref: Ref) -> int:
        follower = self._listeners.of(ref)
        return follower.era if follower else 0

    def _holds(self, ref: Ref, track: _Track[K], reading: Reading) -> bool:
        """Tell whether nothing was heard, or missed, since a reading was begun."""
        heard = track.latest is not None and reading.outdated_by(track.latest)
        return not heard and reading.era == self._era(ref)

    def _let_go(self, ref: Ref, key: K) -> None:
        track = self._tracks.get(ref)
        if track is None:
            return
        track.readers.pop(key, None)
        if not track.readers:
            del self._tracks[ref]
            self._contents.drop(ref)
            self._listeners.release(ref)

    def _hear(self, ref: Ref, news: News) -> None:
        track = self._tracks[ref]
        track.latest = news
        if (content := self._contents.get(ref)) and content.reading.outdated_by(news):
            self._contents.drop(ref)
        for key, reading in list(track.readers.items()):
            if reading and reading.outdated_by(news):
                self._wake(key)

    def _anew(self) -> None:
        """Wake whoever has read something of which news may have been missed since."""
        for ref, track in list(self._tracks.items()):
            era = self._era(ref)
            for key, reading in list(track.readers.items()):
                if reading and reading.era != era:
                    self._wake(key)

    def _wake(self, key: K) -> None:
        """Tell that a key has read something outdated; told again once its turn is over."""
        if turn := self._turns.get(key):
            turn.outdated = True
        self._changed(key)


class _View(Generic[K]):
    """Where one key reads; see `Entries`."""

    def __init__(self, references: References[K], key: K) -> None:
        self._references = references
        self._key = key

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        return await self._references.read(self._key, Ref(resource, namespace, name))
