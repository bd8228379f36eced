"""What failed, how often, and when it is tried again; forgotten at a restart.

`loop` keeps it. What must survive a restart stands in Helm's storage and in
the status instead.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from helmward.errors import HelmwardError, TerminalError
from helmward.model import Account, Attempts, Declared, Desired, Key
from helmward.runtime.backoff import Backoff

SPREAD = 0.1
"""By how much of itself the time to a periodic check is shortened by chance."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failure of a HelmRelease and what was told of it."""

    asks: tuple[object, ...]
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
        same = before and before.asks == declared.asks and before.attempts.digest == digest
        if not same:
            self._backoff.reset(key)
        wait = self._backoff.next(key)
        if isinstance(error, TerminalError):
            wait = check.total_seconds()
        wait = max(wait, getattr(error, "retry_after", None) or 0.0)
        count = before.attempts.count + 1 if before and same else 1
        retry_at = self._now() + timedelta(seconds=wait)
        attempts = Attempts(count, digest, retry_at, str(error))
        self._failures[key] = Failure(declared.asks, attempts)
        return attempts

    def remember(self, declared: Declared, account: Account) -> None:
        """Keep what was told of the failure just counted."""
        failure = self._failures[declared.key]
        self._failures[declared.key] = Failure(failure.asks, failure.attempts, account)

    def succeed(self, key: Key) -> None:
        """Forget the failures: all is as asked for, or the resource is gone."""
        self._failures.pop(key, None)
        self._backoff.reset(key)

    def pause(self, key: Key, check: timedelta) -> float:
        """Return the seconds until the key is worth another turn by itself."""
        failure = self._failures.get(key)
        if failure and failure.attempts.retry_at and self._ahead(failure):
            return (failure.attempts.retry_at - self._now()).total_seconds()
        return check.total_seconds() * (1 - SPREAD * self._chance())

    def _ahead(self, failure: Failure) -> bool:
        retry_at = failure.attempts.retry_at
        return retry_at is not None and self._now() < retry_at
