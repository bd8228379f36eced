"""The turn: desire, observe, decide, act, report; again until nothing is to be done.

`role` builds the loop and gives its `turn` to the workers. It knows the order
of the steps and what to do with errors; it holds no policy and words nothing.
"""

import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from helmward.errors import ChartEvicted, HelmwardError, Superseded, TransientError
from helmward.model import (
    Account,
    Correct,
    Decision,
    Declared,
    Desired,
    Forget,
    Judge,
    Key,
    Likeness,
    Look,
    Nothing,
    Observed,
    Refuse,
    Render,
    Revision,
    Stage,
    Suspended,
    Sweep,
    Test,
    Uninstall,
    Wait,
)
from helmward.releases import account as told
from helmward.releases.act import Hands, Task, perform
from helmward.releases.act.perform import LOOKS, VERBS
from helmward.releases.beside import PASS_ON, Acting, Actions, unless_newer
from helmward.releases.decide import decide
from helmward.releases.decide.dependencies import wait_with_a_problem
from helmward.releases.decide.facts import some
from helmward.releases.looks import Looks
from helmward.releases.memory import Memory
from helmward.releases.observe import Known, Observer
from helmward.releases.order import Order
from helmward.releases.report import Reporter
from helmward.releases.rests import Rests
from helmward.releases.secrets import learn_from_storage
from helmward.releases.tampering import tampering
from helmward.runtime.beside import beside
from helmward.runtime.references import References
from helmward.runtime.workers import patiently
from helmward.values import blamed

SOON: Final = timedelta(seconds=1)
RESTING: Final = (Nothing, Look, Correct)
"""What needs none of the values that are asked for."""

log = structlog.get_logger("helmward.releases")


@dataclass(slots=True)
class Turn:
    """What one turn remembers from step to step."""

    declared: Declared
    forced: bool = False
    reset: bool = False
    likeness: Likeness | None = None
    renders: bool = False
    judged: tuple[str, ...] | None = None
    """What it depends on and is not ready, of what was looked at; None before the look."""
    sure: bool = False
    """Whether no action had been begun since the release was in sync."""
    uninstalled: bool = False
    done: list[Decision] = field(default_factory=list)
    before: str = ""
    """What had failed first, when the way back failed too."""


class Loop:
    """Turns of the HelmReleases of all generations."""

    def __init__(  # noqa: PLR0913  # the parts of a turn, by name
        self,
        *,
        lookup: Callable[[Key], Declared | None],
        desire: Callable[..., Coroutine[Any, Any, Desired]],
        observer: Observer,
        order: Order,
        hands: Callable[[Key], Hands],
        reporter: Reporter,
        actions: Actions,
        memory: Memory,
        looks: Looks,
        later: Callable[[Key, float], None],
        let_go: Callable[[Key], None] = lambda _: None,
        interval: timedelta,
        references: References[Key],
        rests: Rests,
        evicted: Callable[[], None],
    ) -> None:
        self._lookup = lookup
        self._desire = desire
        self._observer = observer
        self._order = order
        self._hands = hands
        self._reporter = reporter
        self._actions = actions
        self._memory = memory
        self._looks = looks
        self._later = later
        self._let_go = let_go
        self._interval = interval
        self._references = references
        self._rests = rests
        self._evicted = evicted
        self._ask: set[Key] = set()

    def ask_sources(self, key: Key) -> None:
        """Let the next turn ask the chart's source, however fresh what is known of it is."""
        self._ask.add(key)

    def source_changed(self, key: Key) -> None:
        """Let the next turn find out anew what is asked for; one under way sees whether it is."""
        self._memory.reconsider(key)
        self._actions.doubt(key)

    def spare(self, key: Key) -> float | None:
        """Return the seconds to the next check of a HelmRelease that needs no turn now; else None.

        Nothing is asked for, waited for or written: a thousand at rest cost just this.
        """
        declared = self._lookup(key)
        if declared is None or key in self._ask or self._memory.attempts(key).count:
            return None
        declared = replace(declared, told=self._reporter.told(declared))
        turn = Turn(declared, told.forces(declared), told.resets(declared))
        if turn.reset or told.requests(declared):
            return None
        account = self._at_rest(turn)
        if account is None or not self._reporter.tells(declared, told.acted_on(account, declared)):
            return None
        self._reporter.spared()
        return self._looks.pause(declared, account, self._memory.pause(key, self._interval))

    def _at_rest(self, turn: Turn) -> Account | None:
        """Return what to tell of a HelmRelease of which nothing has changed; else None."""
        desired = self._rests.still(turn.declared, self._interval)
        if desired is None:
            return None
        observed = self._looks.observe(desired, self._observe(turn), turn.done)
        decision = decide(desired, observed)
        if not isinstance(decision, Nothing):
            return None
        account = self._rest(turn, desired, observed, decision)
        return replace(account, drift=self._looks.standing(desired, observed))

    async def turn(self, key: Key) -> None:
        """Bring one release as close to what is asked for as can be done now.

        If cancelled, what was under way ends as `failed`, never as pending.

        Raises:
            TransientError: the cluster or the engine is away, or somebody else
                wrote first; the queue tries the key again.
        """
        declared = self._lookup(key)
        if declared is None:
            self._memory.forget(key)
            self._rests.forget(key)
            self._looks.forget(key)
            self._references.forget(key)
            self._observer.gone(key)
            self._order.forget(key)
            return
        declared = replace(declared, told=self._reporter.told(declared))
        started, well = time.monotonic(), False
        try:
            well = await self._give(declared) not in {Stage.WAITING, Stage.STALLED}
        except ChartEvicted:
            self._evicted()
            raise
        finally:
            self._reporter.acted("sync", declared, time.monotonic() - started, success=well)
            self._references.settle(key)

    async def _give(self, declared: Declared) -> Stage | None:
        """Give a HelmRelease its turn; return how it ended, None when it is let go."""
        key = declared.key
        turn = Turn(declared, told.forces(declared), told.resets(declared))
        if turn.reset:
            self._memory.retry_now(key, anew=True)
        self._memory.heed(declared)
        try:
            account = await self._settle(turn)
        except Superseded as error:
            log.info("superseded", resource=str(key), why=str(error))
            self._later(key, 0.0)
            return None
        self._observer.settle(declared)
        if account is not None:
            await self._tell(declared, told.acted_on(account, declared))
            pause = self._memory.pause(key, self._interval)
            self._later(key, self._looks.pause(declared, account, pause))
        return account.stage if account else None

    async def _tell(self, declared: Declared, account: Account) -> None:
        """Report; a release still under its former name is what the status tells of."""
        if former := self._observer.former(declared):
            account = replace(account, release=former.release, newest=former)
        self._reporter.turned(account.stage)
        news = await self._reporter.report(declared, account)
        if news and account.stage in {Stage.WAITING, Stage.STALLED}:
            self._reporter.event(declared, account)

    async def _settle(self, turn: Turn) -> Account | None:
        """Return what to tell, or None when the resource is let go."""
        declared = turn.declared
        if standing := self._memory.standing(declared):
            observed = self._observe(turn)
            drift = await self._looks.keep(declared, observed)
            return replace(standing, newest=observed.newest, drift=drift)
        fresh, turn.sure = self._fresh(declared), self._rests.known(declared.key)
        if resting := await self._resting(turn, fresh):
            return resting
        try:
            if declared.deleting:
                await learn_from_storage(
                    self._hands(declared.key).engine, declared, self._observe(turn).newest
                )
            desired = await patiently(self._desire(declared, fresh=fresh))
            self._still_asked(declared)
            return await self._work(turn, desired)
        except PASS_ON:
            raise
        except HelmwardError as error:
            if waiting := self._waits_first(turn, error):
                return waiting
            drift = await self._looks.keep(declared, self._observe(turn))
            return replace(self._failure(turn, None, error), drift=drift)

    def _waits_first(self, turn: Turn, error: HelmwardError) -> Account | None:
        """Let what an install lacks be lacking while what is to come before it is not ready."""
        wait = wait_with_a_problem(self._observe(turn), str(error))
        if wait is None or not isinstance(error, TransientError):
            return None
        self._order.rest(turn.declared.key, wait)
        return told.waiting(turn.declared, None, None, wait)

    async def _resting(self, turn: Turn, fresh: timedelta) -> Account | None:
        """Return what to tell of a HelmRelease that still is what it was in sync with.

        None: something else than a look at its objects may follow, and that needs its values.
        """
        desired = self._rests.still(turn.declared, fresh)
        return await self._work(turn, desired, only=RESTING) if desired else None

    def _still_asked(self, declared: Declared) -> None:
        """See whether sources took so long that something else is asked for by now.

        Raises:
            Superseded: it is, or nothing any more.
        """
        now = self._lookup(declared.key)
        if now is None or now.asked != declared.asked:
            raise Superseded("something newer is asked for")

    async def _work(
        self, turn: Turn, desired: Desired, *, only: tuple[type, ...] = ()
    ) -> Account | None:
        """Act until nothing is to be done, or something that is not among `only`."""
        while True:
            observed = self._looks.observe(desired, self._observe(turn), turn.done)
            decision = decide(desired, observed)
            if only and not isinstance(decision, only):
                return None
            rests = isinstance(decision, Nothing | Suspended | Wait | Refuse)
            if rests or decision in turn.done:
                if isinstance(decision, Nothing):
                    self._rests.keep(turn.declared, desired)
                account = self._rest(turn, desired, observed, decision)
                return self._with_drift(account, desired, observed)
            await self._see_tampering(turn, observed, decision)
            turn.done.append(decision)
            if isinstance(decision, Look | Correct):
                await self._looks.look(turn.declared, desired, observed, decision)
                continue
            await self._act(turn, desired, observed, decision)
            if isinstance(decision, Forget):
                log.info("let go", resource=str(desired.key), why=decision.why)
                self._let_go(desired.key)
                return None

    def _with_drift(self, account: Account, desired: Desired, observed: Observed) -> Account:
        """Add how the objects stand, and what was done to the records and is put right."""
        drift = self._looks.standing(desired, observed)
        if account.stage is Stage.READY and (tampered := self._looks.put_right(desired.key)):
            drift = told.brought_back(account, drift, tampered)
        return replace(account, drift=drift)

    async def _see_tampering(self, turn: Turn, observed: Observed, decision: Decision) -> None:
        """Tell what somebody did to the release's records, before it is put right."""
        declared, newest = turn.declared, observed.newest
        if not tampering(declared, observed, decision, turn.done):
            return
        if newest:
            described = await self._described(declared.key, newest)
            observed = replace(observed, newest=described)
        self._looks.tampered(declared, tampering(declared, observed, decision, turn.done))

    async def _described(self, key: Key, revision: Revision) -> Revision:
        """Add what a revision says of itself: the watch follows no descriptions."""
        with suppress(HelmwardError):
            read = await self._hands(key).engine.get(revision.release, revision.number)
            return replace(revision, description=read.description if read else "")
        return revision

    def _observe(self, turn: Turn) -> Observed:
        key = turn.declared.key
        known = Known(
            attempts=self._memory.attempts(key),
            likeness=turn.likeness,
            renders=turn.renders,
            forced=turn.forced,
            reset=turn.reset,
        )
        observed = self._observer.observe(turn.declared, known, datetime.now(UTC))
        self._memory.look_after(key, observed.history)
        observed = replace(observed, sweep_due=self._memory.sweep_due(key))
        return self._order.seen(observed, turn.declared, turn.judged)

    def _rest(
        self, turn: Turn, desired: Desired, observed: Observed, decision: Decision
    ) -> Account:
        """Tell why nothing is done now."""
        declared, newest = turn.declared, observed.newest
        self._order.rest(declared.key, decision)
        match decision:
            case Suspended(why=why):
                return told.suspended(declared, desired, observed, why)
            case Refuse(reason=reason, why=why):
                return told.refused(declared, desired, observed, reason, why)
            case Wait(why=why, until=until):
                if until and observed.now:
                    self._later(declared.key, (until - observed.now).total_seconds())
                if decision.reason:
                    return told.waiting(declared, desired, newest, decision)
                if failure := self._memory.account(declared.key):
                    return told.now_at(failure, declared, desired, observed)
                return told.under_way(declared, desired, newest, "", why)
            case _:
                self._memory.succeed(declared.key)
                return told.in_sync(declared, desired, observed, decision.why)

    async def _act(
        self, turn: Turn, desired: Desired, observed: Observed, decision: Decision
    ) -> None:
        """Perform a verb; a failure of it is counted, and the next decision finds it so.

        Raises:
            ClusterUnavailable, Conflict, EngineLost, Superseded ...: to be tried again soon.
        """
        declared, verb = turn.declared, VERBS[type(decision)]
        newest = observed.newest
        if isinstance(decision, Uninstall) and declared.deleting:
            self._warn_dependents(declared)
        announcement = told.under_way(declared, desired, newest, verb, decision.why)
        hands = self._hands(declared.key)
        turn.forced = turn.forced and isinstance(decision, LOOKS)
        self._rests.forget(declared.key)
        try:
            async with (
                self._actions.under_way(declared, verb, announcement) as acting,
                beside(self._heed_sources(acting, desired)),
            ):
                emptied = turn.uninstalled and turn.sure
                task = Task(declared, desired, decision.why, observed, acting.phase, emptied)
                acted = perform(hands, task, decision)
                # Nothing is left of tests that are cancelled: they run again.
                result = await (
                    unless_newer(acting, acted) if isinstance(decision, Test) else acted
                )
        except HelmwardError as error:
            if error.revision:
                hands.storage.saw(error.revision)
            # What is wrong with a dependency is no failure of what is asked for.
            if isinstance(error, PASS_ON) or isinstance(decision, Judge):
                raise
            self._failure(turn, desired, error, verb)
            return
        self._note(turn, decision, result)
        if not isinstance(decision, LOOKS):
            written = result if isinstance(result, Revision) else None
            self._reporter.event(declared, told.done(announcement, written))

    def _warn_dependents(self, declared: Declared) -> None:
        """Say who is left behind by a HelmRelease that goes."""
        if left := self._order.left_behind(declared):
            why = f"goes although it is depended on by {some(left, ', ')}"
            self._reporter.warn(declared, "DependentsLeft", why)

    async def _heed_sources(self, acting: Acting, desired: Desired) -> None:
        """End the wait of an action once what its values came from says something else."""
        if self._references.outdated(acting.declared.key):
            acting.doubts.set()  # what changed before the action began was told to nobody
        while True:
            await acting.doubtful()
            with suppress(HelmwardError):
                now = await self._desire(acting.declared, fresh=self._interval)
                if now.digest != desired.digest:
                    acting.supersede("other values")

    def _note(self, turn: Turn, decision: Decision, result: object) -> None:
        """Keep what an action has led to and storage does not tell."""
        key = turn.declared.key
        match decision:
            case Uninstall(release=release):
                turn.uninstalled = release == turn.declared.release
            case Sweep():
                self._memory.swept(key)
            case Render():
                turn.renders = True
            case Judge():
                turn.judged = result if isinstance(result, tuple) else ()
        if isinstance(result, Likeness):
            turn.likeness = result

    def _failure(
        self, turn: Turn, desired: Desired | None, error: HelmwardError, verb: str = ""
    ) -> Account:
        """Count a failure and return what to tell of it."""
        declared = turn.declared
        error = blamed(error, desired.origins if desired else {})
        # The way back that fails too is part of the same attempt.
        attempts = (
            self._memory.attempts(declared.key)
            if turn.before
            else self._memory.fail(declared, desired, error, self._interval)
        )
        newest = self._observe(turn).newest
        account = told.failed(declared, desired, newest, error, verb, attempts)
        if turn.before:
            account = replace(account, message=f"{account.message}; before that: {turn.before}")
        turn.before = str(error)
        self._memory.remember(declared, account)
        return account

    def _fresh(self, declared: Declared) -> timedelta:
        """How old knowledge of a source may be: news, requests and retries ask it soon.

        News of an exact version do not: two hundred releases of one chart are
        one look at its index.
        """
        key = declared.key
        if key in self._ask:
            self._ask.discard(key)
            return timedelta(0)
        tried = self._memory.attempts(key).count > 0
        news = declared.generation != declared.told.generation and declared.moves
        return SOON if tried or news or told.requests(declared) else self._interval
