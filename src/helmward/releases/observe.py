"""What Helm's storage and the cluster hold for one HelmRelease, now.

Called by `loop` before every decision. Reads watches only, no request is made.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from helmward.model import (
    Attempts,
    Declared,
    Key,
    Likeness,
    Observed,
    Revision,
    Writer,
)
from helmward.releases.names import Names
from helmward.releases.storage import Storage
from helmward.runtime.sessions import Sessions

FOREIGN_PATIENCE: Final = timedelta(minutes=10)
"""How long a pending revision of another tool is left alone, at the least."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the turn itself remembers, besides what is to be seen."""

    attempts: Attempts = field(default_factory=Attempts)
    likeness: Likeness | None = None
    renders: bool = False
    forced: bool = False
    reset: bool = False


class Observer:
    """Puts together what is known of a HelmRelease's release and its name."""

    def __init__(  # noqa: PLR0913  # where to look, by name
        self,
        *,
        storage: Storage,
        names: Names,
        scopes: Callable[[Declared], tuple[str, ...]],
        kind_is_going: Callable[[Key], bool],
        sessions: Sessions,
        me: Callable[[], str],
    ) -> None:
        self._storage = storage
        self._names = names
        self._scopes = scopes
        self._kind_is_going = kind_is_going
        self._sessions = sessions
        self._me = me

    def observe(self, declared: Declared, known: Known, now: datetime) -> Observed:
        """Return what is there, together with what the turn knows."""
        history = tuple(self._storage.revisions(declared.release))
        newest = history[0] if history else None
        return Observed(
            newest=newest,
            history=history,
            writer=self._writer(newest),
            foreign_until=_patience(newest, declared.timeout),
            name_holder=self._names.rival(declared),
            former=self.former(declared),
            likeness=known.likeness,
            renders=known.renders,
            kind_is_going=self._kind_is_going(declared.key),
            attempts=known.attempts,
            forced=known.forced and not _was_forced(declared, history),
            reset=known.reset,
            now=now,
        )

    def settle(self, declared: Declared) -> None:
        """Let go of names that the HelmRelease asks for no more and has no release under."""
        kept = list(self._scopes(declared))
        if former := self.former(declared):
            kept += self._scopes(replace(declared, release=former.release))
        self._names.keep(declared.key, kept)

    def gone(self, key: Key) -> None:
        """Let go of every name of a HelmRelease that is gone."""
        self._names.keep(key, ())

    def former(self, declared: Declared) -> Revision | None:
        """Return the newest revision of a release that is ours under another name."""
        others = self._storage.owned(declared.key.owner, besides=declared.release)
        return next(iter(others), None)

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


def _was_forced(declared: Declared, history: tuple[Revision, ...]) -> bool:
    """Whether a forced revision was made though the status does not say so."""
    return any(one.forced == declared.commands.force_at for one in history)


def _patience(newest: Revision | None, timeout: timedelta) -> datetime | None:
    if newest is None or newest.modified is None:
        return None
    return newest.modified + max(FOREIGN_PATIENCE, timeout)
