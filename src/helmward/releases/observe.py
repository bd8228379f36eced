"""What Helm's storage and the cluster hold for one HelmRelease, now.

Called by `loop` before every decision. Reads watches only, no request is made.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from helmward.apis import Generation
from helmward.model import (
    Attempts,
    Declared,
    Key,
    Observed,
    ReleaseRef,
    Revision,
    Writer,
)
from helmward.releases.names import Names
from helmward.releases.storage import Storage
from helmward.runtime.sessions import Sessions

FOREIGN_PATIENCE: Final = timedelta(minutes=10)
"""How long a pending revision of another tool is left alone, at the least."""


class Observer:
    """Puts together what is known of a HelmRelease's release and its name."""

    def __init__(
        self,
        generation: Generation,
        storage: Storage,
        names: Names,
        sessions: Sessions,
        me: Callable[[], str],
    ) -> None:
        self._generation = generation
        self._storage = storage
        self._names = names
        self._sessions = sessions
        self._me = me

    def observe(self, declared: Declared, attempts: Attempts, now: datetime) -> Observed:
        """Return what is there; `attempts` are the failures that `loop` remembers."""
        newest = self._storage.newest(declared.release)
        return Observed(
            newest=newest,
            writer=self._writer(newest),
            foreign_until=_patience(newest, declared.timeout),
            name_holder=self._other_holder(declared),
            former=self._former(declared),
            attempts=attempts,
            now=now,
        )

    def settle(self, declared: Declared) -> None:
        """Let go of names that the HelmRelease asks for no more and has no release under."""
        scope = self._scope
        kept = [scope(declared)]
        if former := self._former(declared):
            kept.append(scope(replace(declared, release=former.release)))
        self._names.keep(declared.key, kept)

    def gone(self, key: Key) -> None:
        """Let go of every name of a HelmRelease that is gone."""
        self._names.keep(key, ())

    def _scope(self, declared: Declared) -> str:
        return self._generation.name_scopes(declared)[0]

    def _other_holder(self, declared: Declared) -> Key | None:
        holder = self._names.holder(self._scope(declared))
        return holder if holder != declared.key else None

    def _former(self, declared: Declared) -> Revision | None:
        """Return the release under the name that the status still tells, if it is ours."""
        name = declared.told.release_name
        if not name or name == declared.release.name:
            return None
        newest = self._storage.newest(ReleaseRef(declared.release.namespace, name))
        return newest if newest and newest.owner == declared.key.owner else None

    def _writer(self, newest: Revision | None) -> Writer:
        """Who holds a pending revision: told by its claim and its Lease, never guessed."""
        if newest is None or not newest.status.pending:
            return Writer.NOBODY
        if not newest.session:
            return Writer.FOREIGN
        if newest.session == self._me():
            # One turn at a time, and this one writes nothing yet: the action
            # that made the claim has ended without its last word.
            return Writer.GONE
        return Writer.GONE if self._sessions.gone(newest.session) else Writer.ALIVE


def _patience(newest: Revision | None, timeout: timedelta) -> datetime | None:
    if newest is None or newest.modified is None:
        return None
    return newest.modified + max(FOREIGN_PATIENCE, timeout)
