"""Tells which objects of a release somebody may have changed, as soon as that happens.

`role` owns it. It follows what the releases have, asks for nothing else, and
judges by digests alone: whether a suspect differs, the engine finds out.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry

from helmward.kube import Kube
from helmward.model import ObjectRef, ReleaseRef, Revision
from helmward.releases.awake.followed import Followed, Lost, kinds_in_force
from helmward.releases.awake.inventory import (
    GroupKind,
    Kinds,
    identity_of,
    in_force,
    inventory_of,
)
from helmward.releases.awake.judging import Doubts, View, doubts
from helmward.releases.awake.seen import Seen
from helmward.releases.awake.watches import Watches
from helmward.releases.awake.watching import State
from helmward.releases.storage import Storage
from helmward.runtime.clock import Clock
from helmward.runtime.informer import EventType

GRACE: Final = 2.0
"""Seconds for which the watch may be behind what an action of ours wrote."""
TOGETHER: Final = 0.02
"""Seconds within which all changes to one release are one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """States of objects, taken before they are looked at."""

    states: tuple[Seen | Lost, ...] = ()
    look: object = None
    """`Followed.look` at that time."""


class Awake:
    """The objects of all releases whose drift is of interest.

    `watched` says of which releases it is; `wake` is told of those that have
    suspects. Whoever looks at suspects takes a `mark` before and settles it
    after: what is as it was then is no suspect until it changes.
    """

    def __init__(  # noqa: PLR0913  # what it reads, and whom it tells
        self,
        kube: Kube,
        storage: Storage,
        *,
        namespace: str | None,
        wake: Callable[[ReleaseRef], None],
        watched: Callable[[ReleaseRef], bool],
        registry: CollectorRegistry,
        clock: Clock | None = None,
    ) -> None:
        self._storage = storage
        self._wake = wake
        self._watched = watched
        self._clock = clock
        self._watches = Watches(
            kube, namespace, hear=self._hear, turned=self._turned, registry=registry, clock=clock
        )
        self._followed: dict[ReleaseRef, Followed] = {}
        self._stirred: set[ReleaseRef] = set()
        storage.subscribe(self._written)

    async def run(self) -> None:
        """Follow the kinds that releases have, as they come and go, until cancelled."""
        await self._watches.run()

    def suspects(self, revision: Revision) -> frozenset[ObjectRef]:
        """Return the objects of a revision that somebody may have changed; asks nobody."""
        return frozenset(self._doubts(revision).named)

    def unknown(self, revision: Revision) -> bool:
        """Tell whether all objects of a revision are to be looked at.

        It does not tell which it has; or one of them is not there and never was
        seen, so that nobody can name it.
        """
        if not in_force(revision) or not self._watched(revision.release):
            return False
        return inventory_of(revision) is None or self._doubts(revision).nameless

    def ready(self, revision: Revision) -> bool:
        """Tell whether no suspect of a revision may still be to come into sight."""
        followed = self._follow(revision.release)
        if followed and any(self._state(one) is State.STARTING for one in followed.kinds):
            return False
        return not self._doubts(revision).fresh

    def polled(self, revision: Revision) -> frozenset[str]:
        """Return the kinds of a revision that nobody may watch, as `Deployment.apps`.

        Changes to their objects are found only by looking at all of the revision.
        """
        followed = self._follow(revision.release)
        kinds = followed.kinds if followed else ()
        return frozenset(str(one) for one in kinds if self._watches.state(one) is State.POLLED)

    def mark(self, revision: Revision, objects: Collection[ObjectRef] = ()) -> Mark:
        """Return the states of objects of a revision as they are now; none named means all."""
        followed, inventory = self._follow(revision.release), inventory_of(revision)
        if followed is None or inventory is None:
            return Mark()
        wanted = [identity_of(one) for one in objects] or inventory.objects
        view = self._view(inventory.kinds, followed)
        states = (_state_of(one, view, followed) for one in wanted)
        return Mark(tuple(state for state in states if state is not None), followed.look)

    def settle(self, mark: Mark) -> None:
        """Note that these were looked at: they are no suspects in the states that they were in."""
        for state in mark.states:
            state.settled = mark.look

    def doubt(self, release: ReleaseRef) -> None:
        """Let what was looked at be looked at again: what may differ is told anew."""
        if followed := self._followed.get(release):
            followed.look = object()
            self._stir(release)

    def reconsider(self, release: ReleaseRef) -> None:
        """Find out soon whether a release is still, or now, of interest."""
        self._stir(release)

    def _doubts(self, revision: Revision) -> Doubts:
        followed = self._follow(revision.release)
        return self._judged(followed, revision) if followed else Doubts()

    def _judged(self, followed: Followed, revision: Revision) -> Doubts:
        inventory = inventory_of(revision)
        if inventory is None or followed.revision != revision.uid:
            return Doubts()
        view = self._view(inventory.kinds, followed)
        fresh = followed.fresh_until > self._time.time()
        found = doubts(inventory, view, fresh=fresh)
        if view.complete and not (found or found.fresh):
            followed.fresh_until = 0.0
        return found

    def _view(self, kinds: Kinds, followed: Followed) -> View:
        found = {one: self._watches.sight(one) for one in kinds}
        sights = {one: sight for one, sight in found.items() if sight is not None}
        return View(sights, len(sights) == len(kinds), followed.lost, followed.look)

    @property
    def _time(self) -> Clock:
        return self._clock or asyncio.get_running_loop()

    # What is followed

    def _written(self, _: EventType, old: Revision | None, new: Revision | None) -> None:
        """Take in that the storage of a release has changed."""
        one = new or old
        if one is not None:
            self._stir(one.release)

    def _follow(self, release: ReleaseRef) -> Followed | None:
        """Return what is kept of a release, by its revisions; None if it is of no interest."""
        revisions = self._storage.revisions(release) if self._watched(release) else []
        kinds = kinds_in_force(revisions)
        followed = self._followed.get(release) or Followed()
        self._watches.need(followed.kinds, kinds)
        if not kinds:
            self._followed.pop(release, None)
            return None
        followed.kinds = kinds
        self._renew(followed, revisions[0])
        self._followed[release] = followed
        return followed

    def _renew(self, followed: Followed, newest: Revision) -> None:
        """Go over to the newest revision; while it is not in force, none is judged."""
        if not in_force(newest):
            followed.revision = ""
        elif followed.revision != newest.uid:
            until = self._time.time() + GRACE
            followed.renew(newest.uid, inventory_of(newest), until)

    # What is heard

    def _turned(self, kind: GroupKind) -> None:
        """Take in that a kind is followed now, or is not any more."""
        for release in [one for one, it in self._followed.items() if kind in it.kinds]:
            self._stir(release)

    def _hear(self, kind: GroupKind, _: EventType, old: Seen | None, new: Seen | None) -> None:
        """Take in that an object is not as it was before."""
        if new and old and new.release not in self._followed:
            new.stays_with(old)  # who takes the marks off does not take it from its release
        if (seen := new or old) and (followed := self._followed.get(seen.release)):
            followed.note(kind, seen, gone=new is None)
            self._stir(seen.release)

    def _stir(self, release: ReleaseRef) -> None:
        """Judge a release soon, once for all that changes at the same time."""
        if not self._stirred:
            self._time.call_later(TOGETHER, self._judge)
        self._stirred.add(release)

    def _judge(self) -> None:
        """Wake the releases that have suspects now."""
        stirred, self._stirred = self._stirred, set()
        for release in stirred:
            followed, newest = self._follow(release), self._storage.newest(release)
            if followed and newest and in_force(newest):
                self._judge_one(followed, newest)

    def _judge_one(self, followed: Followed, newest: Revision) -> None:
        found = self._judged(followed, newest)
        if found:
            self._wake(newest.release)
        elif found.fresh:
            left = followed.fresh_until - self._time.time()
            self._time.call_later(left, partial(self._stir, newest.release))


def _state_of(identity: bytes, view: View, followed: Followed) -> Seen | Lost | None:
    """Return the state of an object; what is known not to be there has one from now on."""
    if there := view.find(identity):
        return there[1]
    if view.complete:
        return followed.lost.setdefault(identity, Lost())
    return followed.lost.get(identity)
