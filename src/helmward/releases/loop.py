"""The turn: desire, observe, decide, act, report; again until nothing is to be done.

`room` builds the loop and gives its `turn` to the workers. It knows the order
of the steps and what to do with errors; it holds no policy and words nothing.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from helmward.charts import Charts
from helmward.engine import OnPhase
from helmward.errors import ChartEvicted, ClusterUnavailable, Conflict, EngineLost, HelmwardError
from helmward.model import (
    Account,
    Decision,
    Declared,
    Desired,
    Forget,
    Key,
    Nothing,
    Observed,
    Refuse,
    Stage,
    Wait,
)
from helmward.releases import account as told
from helmward.releases.act import Hands, Task, perform
from helmward.releases.act.perform import VERBS
from helmward.releases.decide import decide
from helmward.releases.desire import desire
from helmward.releases.memory import Memory
from helmward.releases.observe import Observer
from helmward.releases.report import Reporter
from helmward.runtime.beside import beside, to_the_end

PASS_ON: Final = (ChartEvicted, ClusterUnavailable, Conflict, EngineLost)
"""What says nothing about the release: the queue brings the key back soon."""
SOON: Final = timedelta(seconds=1)
ANNOUNCE_AFTER: Final = 2.0
"""Seconds that an action may take before the status says that it is under way."""

log = structlog.get_logger("helmward.releases")


class Loop:
    """Turns of the HelmReleases of one generation."""

    def __init__(  # noqa: PLR0913  # the parts of a turn, by name
        self,
        *,
        lookup: Callable[[Key], Declared | None],
        charts: Charts,
        observer: Observer,
        hands: Callable[[], Hands],
        reporter: Reporter,
        memory: Memory,
        later: Callable[[Key, float], None],
        interval: timedelta,
    ) -> None:
        self._lookup = lookup
        self._charts = charts
        self._observer = observer
        self._hands = hands
        self._reporter = reporter
        self._memory = memory
        self._later = later
        self._interval = interval

    async def turn(self, key: Key) -> None:
        """Bring one release as close to what is asked for as can be done now.

        If cancelled, what was under way ends as `failed`, never as pending.

        Raises:
            TransientError: the cluster or the engine is away, or somebody else
                wrote first; the queue tries the key again.
        """
        declared = self._lookup(key)
        if declared is None:
            self._memory.succeed(key)
            self._observer.gone(key)
            return
        declared = replace(declared, told=self._reporter.told(declared))
        account = await self._settle(declared)
        self._observer.settle(declared)
        if account is not None:
            await self._tell(declared, account)
            self._later(key, self._memory.pause(key, self._interval))

    async def _tell(self, declared: Declared, account: Account) -> None:
        """Report; a release still under its former name is what the status tells of."""
        if former := self._observe(declared).former:
            account = replace(account, release=former.release, newest=former)
        self._reporter.turned(account.stage)
        news = await self._reporter.report(declared, account)
        if news and account.stage in {Stage.WAITING, Stage.STALLED}:
            self._reporter.event(declared, account)

    async def _settle(self, declared: Declared) -> Account | None:
        """Return what to tell, or None when the resource is let go."""
        if standing := self._memory.standing(declared):
            return replace(standing, newest=self._observe(declared).newest)
        try:
            desired = await desire(declared, self._charts, fresh=self._fresh(declared))
        except PASS_ON:
            raise
        except HelmwardError as error:
            return self._failure(declared, None, error)
        return await self._work(declared, desired)

    async def _work(self, declared: Declared, desired: Desired) -> Account | None:
        done: list[Decision] = []
        while True:
            observed = self._observe(declared)
            decision = decide(desired, observed)
            if isinstance(decision, Nothing | Wait | Refuse) or decision in done:
                return self._rest(declared, desired, observed, decision)
            done.append(decision)
            if failure := await self._act(declared, desired, observed, decision):
                return failure
            if isinstance(decision, Forget):
                return None

    def _observe(self, declared: Declared) -> Observed:
        attempts = self._memory.attempts(declared.key)
        return self._observer.observe(declared, attempts, datetime.now(UTC))

    def _rest(
        self, declared: Declared, desired: Desired, observed: Observed, decision: Decision
    ) -> Account:
        """Tell why nothing is done now."""
        newest = observed.newest
        match decision:
            case Refuse(reason=reason, why=why):
                return told.refused(declared, desired, newest, reason, why)
            case Wait(why=why, until=until):
                if until and observed.now:
                    self._later(declared.key, (until - observed.now).total_seconds())
                if failure := self._memory.account(declared.key):
                    return replace(failure, newest=newest)
                return told.under_way(declared, desired, newest, "", why)
            case _:
                self._memory.succeed(declared.key)
                return told.in_sync(declared, desired, newest, decision.why)

    async def _act(
        self, declared: Declared, desired: Desired, observed: Observed, decision: Decision
    ) -> Account | None:
        """Perform a verb; return the account of its failure, None of its success.

        Raises:
            ClusterUnavailable, Conflict, EngineLost: to be tried again soon.
        """
        verb = VERBS[type(decision)]
        task = Task(declared, desired, decision.why, _logged(declared, verb))
        announcement = told.under_way(declared, desired, observed.newest, verb, decision.why)
        try:
            async with (
                self._measured(declared, verb),
                beside(self._announce(declared, announcement)),
            ):
                written = await perform(self._hands(), task, decision, observed)
        except HelmwardError as error:
            if error.revision:
                self._hands().storage.saw(error.revision)
            if isinstance(error, PASS_ON):
                raise
            return self._failure(declared, desired, error, verb)
        if not isinstance(decision, Forget):
            self._reporter.event(declared, told.done(announcement, written))
        return None

    def _failure(
        self, declared: Declared, desired: Desired | None, error: HelmwardError, verb: str = ""
    ) -> Account:
        """Count a failure and return what to tell of it."""
        attempts = self._memory.fail(declared, desired, error, self._interval)
        newest = self._observe(declared).newest
        account = told.failed(declared, desired, newest, error, verb, attempts)
        self._memory.remember(declared, account)
        return account

    def _fresh(self, declared: Declared) -> timedelta:
        """How old knowledge of a repository may be: news and retries ask it soon."""
        tried = self._memory.attempts(declared.key).count > 0
        news = declared.generation != declared.told.generation
        return SOON if tried or news else self._interval

    @asynccontextmanager
    async def _measured(self, declared: Declared, verb: str) -> AsyncIterator[None]:
        started, success = time.monotonic(), False
        try:
            yield
            success = True
        finally:
            self._reporter.acted(verb, declared, time.monotonic() - started, success=success)

    async def _announce(self, declared: Declared, account: Account) -> None:
        await asyncio.sleep(ANNOUNCE_AFTER)
        with suppress(HelmwardError):
            # Torn in two, nobody would know what the status says.
            await to_the_end(self._reporter.report(declared, account))


def _logged(declared: Declared, verb: str) -> OnPhase | None:
    """Note the phases of an action, for those who want to see them."""
    if not log.is_enabled_for(logging.DEBUG):
        return None

    def note(phase: str, detail: str) -> None:
        log.debug("phase", resource=str(declared.key), action=verb, phase=phase, detail=detail)

    return note
