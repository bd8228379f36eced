"""Looks at objects that somebody may have changed, taken in and told.

Part of `loop`. That nobody could look is told, and is no failure of the release.
"""

import time
from collections.abc import Callable

from helmward.errors import HelmwardError
from helmward.model import (
    Correct,
    Decision,
    Declared,
    Desired,
    Drift,
    DriftMode,
    DriftStanding,
    DriftState,
    Key,
    Look,
    Observed,
)
from helmward.releases.act import Hands, Task, perform
from helmward.releases.act.perform import VERBS
from helmward.releases.beside import PASS_ON
from helmward.releases.decide.drift import correct_drift, look_at_suspects
from helmward.releases.desire import in_force
from helmward.releases.drift import Keeper
from helmward.releases.report import Reporter


class Looks:
    """What a turn does about drift."""

    def __init__(
        self,
        keeper: Keeper,
        hands: Callable[[Key], Hands],
        reporter: Reporter,
        mode: DriftMode = DriftMode.WARN,
    ) -> None:
        self._keeper = keeper
        self._hands = hands
        self._reporter = reporter
        self._mode = mode

    def observe(self, desired: Desired, observed: Observed, done: list[Decision]) -> Observed:
        """Add what may have changed; one look a turn is enough: what changes later wakes another.

        Else whoever changes objects all the time would keep a worker for himself.
        """
        looked = any(isinstance(one, Look | Correct) for one in done)
        return observed if looked else self._keeper.observe(desired, observed)

    async def look(
        self, declared: Declared, desired: Desired, observed: Observed, decision: Look | Correct
    ) -> None:
        """Look, and put right what is to be put right.

        Raises:
            ClusterUnavailable, Conflict, EngineLost ...: to be tried again soon.
        """
        newest = observed.newest
        assert newest is not None  # noqa: S101  # the rules look at what is in force only
        mark = self._keeper.watch.mark(newest, decision.objects)
        try:
            drift = await self._perform(declared, desired, observed, decision)
        except PASS_ON:
            raise
        except HelmwardError as error:
            if self._keeper.fail(desired, newest, str(error)):
                self._reporter.drifted(declared, DriftState.UNSEEN, str(error))
            return
        self._keeper.watch.settle(mark)
        news = self._keeper.take(desired, newest, decision.objects, drift)
        self._reporter.drift(declared, news)

    async def keep(self, declared: Declared, observed: Observed) -> DriftStanding | None:
        """Look after what is in force while it cannot be found out what is asked for.

        Raises as `look` does.
        """
        desired = in_force(declared, observed.newest, self._mode)
        seen = self._keeper.observe(desired, observed)
        decision = look_at_suspects(desired, seen) or correct_drift(desired, seen)
        if isinstance(decision, Look | Correct):
            await self.look(declared, desired, seen, decision)
        return self.standing(desired, observed)

    def standing(self, desired: Desired, observed: Observed) -> DriftStanding | None:
        """Return what is to be told of drift."""
        return self._keeper.standing(desired, observed)

    def pause(self, key: Key, longest: float) -> float:
        """Return the seconds to the next turn by itself."""
        due = self._keeper.pause(key)
        return longest if due is None else min(due, longest)

    def forget(self, key: Key) -> None:
        """Forget a resource that is gone."""
        self._keeper.forget(key)

    async def _perform(
        self, declared: Declared, desired: Desired, observed: Observed, decision: Look | Correct
    ) -> Drift:
        started, success = time.monotonic(), False
        task = Task(declared, desired, decision.why, observed)
        try:
            drift = await perform(self._hands(declared.key), task, decision)
            success = True
        finally:
            seconds = time.monotonic() - started
            self._reporter.acted(VERBS[type(decision)], declared, seconds, success=success)
        assert isinstance(drift, Drift)  # noqa: S101  # what these verbs return
        return drift
