"""What failed, how often, and when it is tried again; forgotten at a restart.

`loop` keeps it. What must survive a restart stands in Helm's storage and in
the status instead.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from helmward.errors import HelmwardError, TerminalError
from helmward.model import Account, Attempts, Declared, Desired, Key, Revision, Status
from helmward.runtime.backoff import Backoff

SWEEPS = (timedelta(seconds=15), timedelta(seconds=75))
"""When, after a claim was broken, its writer's late objects are looked for.

The second is past the longest that a request may be under way.
"""
SETTLED = timedelta(seconds=3)
"""How long several revisions may be marked as deployed: a writer supersedes the older ones last."""
REMEMBERED = timedelta(minutes=10)
"""For how long a claim that was broken before we began is still looked after."""
SPREAD = 0.1
"""By how much of itself the time to a periodic check is shortened by chance."""
TOGETHER = SPREAD / 6
"""For how much of that time the checks that fall due are made in one go: waking up costs more."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failure of a HelmRelease and what was told of it."""

    asks: tuple[object, ...]
    asked: tuple[object, ...]
    attempts: Attempts
    account: Account | None = None


class Memory:
    """The failures since the last success, by key."""

    def __init__(
        self,
        backoff: Backoff[Key],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._backoff = backoff
        self._now = now
        self._chance = chance
        self._failures: dict[Key, Failure] = {}
        self._sweeps: dict[Key, tuple[datetime, ...]] = {}
        self._broken: dict[Key, set[str]] = {}
        self._doubled: dict[Key, datetime] = {}

    def attempts(self, key: Key) -> Attempts:
        """Return the failures since the last success."""
        failure = self._failures.get(key)
        return failure.attempts if failure else Attempts()

    def account(self, key: Key) -> Account | None:
        """Return what was told of the last failure, if nothing succeeded since."""
        failure = self._failures.get(key)
        return failure.account if failure else None

    def standing(self, declared: Declared) -> Account | None:
        """Return the failure to find out what is asked for, while its back-off runs."""
        failure = self._failures.get(declared.key)
        if failure is None or failure.asks != declared.asks or failure.attempts.digest:
            return None
        return failure.account if self._ahead(failure) else None

    def fail(
        self, declared: Declared, desired: Desired | None, error: HelmwardError, check: timedelta
    ) -> Attempts:
        """Count a failure; what is asked for anew starts counting anew.

        A terminal failure is looked at again at the next periodic check only.
        """
        key, before = declared.key, self._failures.get(declared.key)
        digest = desired.digest if desired else ""
        same = before and before.asked == declared.asked and before.attempts.digest == digest
        if not same:
            self._backoff.reset(key)
        wait = self._backoff.next(key)
        if isinstance(error, TerminalError):
            wait = check.total_seconds()
        wait = max(wait, getattr(error, "retry_after", None) or 0.0)
        count = before.attempts.count + 1 if before and same else 1
        retry_at = self._now() + timedelta(seconds=wait)
        attempts = Attempts(count, digest, retry_at, str(error))
        self._failures[key] = Failure(declared.asks, declared.asked, attempts)
        return attempts

    def remember(self, declared: Declared, account: Account) -> None:
        """Keep what was told of the failure just counted."""
        failure = self._failures[declared.key]
        self._failures[declared.key] = replace(failure, account=account)

    def heed(self, declared: Declared) -> None:
        """Let what failed be tried at once when the user has said something since."""
        failure = self._failures.get(declared.key)
        if failure and failure.asked == declared.asked and failure.asks != declared.asks:
            self.retry_now(declared.key, anew=False)

    def retry_now(self, key: Key, *, anew: bool) -> None:
        """Let what failed be tried at once; `anew` also counts from nought."""
        if anew:
            self.succeed(key)
        elif failure := self._failures.get(key):
            attempts = replace(failure.attempts, retry_at=None)
            self._failures[key] = replace(failure, attempts=attempts)

    def reconsider(self, key: Key) -> None:
        """Let it be found out at once what is asked for, when what it came from has changed.

        What failed after that keeps its back-off: new values are a new attempt
        anyway, and equal ones would fail again.
        """
        failure = self._failures.get(key)
        if failure and not failure.attempts.digest:
            self.retry_now(key, anew=False)

    def look_after(self, key: Key, history: Sequence[Revision]) -> None:
        """Note what writers who were stopped may have left, by whomever: it is swept.

        Late objects of claims that were broken, and older revisions that are
        still marked as deployed. Read off the history, so that a restart
        forgets none.
        """
        if any(one.status is Status.DEPLOYED for one in history[1:]):
            self._doubled.setdefault(key, self._now() + SETTLED)
        else:
            self._doubled.pop(key, None)
        known = self._broken.get(key, set())
        for one in history:
            if one.outcome != "broken" or one.uid in known or one.modified is None:
                continue
            self._broken.setdefault(key, set()).add(one.uid)
            if one.modified > self._now() - REMEMBERED:
                due = (one.modified + after for after in SWEEPS)
                self._sweeps[key] = tuple(sorted((*self._sweeps.get(key, ()), *due)))

    def sweep_due(self, key: Key) -> bool:
        """Tell whether it is time to look for what is left over."""
        return any(due <= self._now() for due in self._looks(key))

    def swept(self, key: Key) -> None:
        """Note that it was looked for what is left over."""
        self._doubled.pop(key, None)
        left = tuple(due for due in self._sweeps.pop(key, ()) if due > self._now())
        if left:
            self._sweeps[key] = left

    def forget(self, key: Key) -> None:
        """Forget all: the resource is gone."""
        self.succeed(key)
        self._sweeps.pop(key, None)
        self._broken.pop(key, None)
        self._doubled.pop(key, None)

    def succeed(self, key: Key) -> None:
        """Forget the failures: all is as asked for."""
        self._failures.pop(key, None)
        self._backoff.reset(key)

    def pause(self, key: Key, check: timedelta) -> float:
        """Return the seconds until the key is worth another turn by itself."""
        now = self._now()
        # One that is due already waits for what is to be done before it.
        times = [due for due in self._looks(key) if due > now]
        failure = self._failures.get(key)
        if failure and failure.attempts.retry_at and self._ahead(failure):
            times.append(failure.attempts.retry_at)
        else:
            times.append(_together(now + check * (1 - SPREAD * self._chance()), check))
        return max(0.0, (min(times) - now).total_seconds())

    def _looks(self, key: Key) -> list[datetime]:
        """Return when is to be looked for what is left over."""
        doubled = self._doubled.get(key)
        return [*self._sweeps.get(key, ()), *([doubled] if doubled else [])]

    def _ahead(self, failure: Failure) -> bool:
        retry_at = failure.attempts.retry_at
        return retry_at is not None and self._now() < retry_at


def _together(due: datetime, check: timedelta) -> datetime:
    """Return the moment, a little earlier, at which all that are due about then are checked."""
    return due - (due - EPOCH) % (check * TOGETHER)


EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
