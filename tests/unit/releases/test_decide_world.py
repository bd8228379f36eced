"""The rules against a world that fails, crashes and is tampered with at random.

Helm's storage is a list here and every verb ends as chance wants. What must
hold whatever happens: no turn runs on and on, no revision without a cause, at
most one revision in force, and back in sync once the world is healthy.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from helmward.model import (
    DIGEST,
    FAILED_DIGEST,
    OUTCOME,
    OWNER,
    PHASE,
    ROLLBACKS,
    TESTED,
    TESTS,
    VOLUMES,
    Adopt,
    Attempts,
    Compare,
    Decision,
    Desired,
    Forget,
    Install,
    Judge,
    Likeness,
    Nothing,
    Observed,
    Refuse,
    Resume,
    Revision,
    Rollback,
    Status,
    Suspended,
    Test,
    Uninstall,
    Unlock,
    Upgrade,
    Wait,
    Writer,
)
from helmward.releases.decide import decide, ruling, state_of
from tests.support.builders import KEY, NOW, RELEASE, a_chart, a_desired, commands, options

RESTS = (Nothing, Wait, Refuse, Suspended, Forget)
STEPS = 12
OK, FAIL, CRASH, CRASH_WAITING, CANCEL, LOST = "ok", "fail", "crash", "waiting", "cancel", "lost"


class Crashed(Exception):
    """The operator died in the middle."""


class World(RuleBasedStateMachine):
    """One HelmRelease, its storage, and an operator that may die at any call."""

    def __init__(self) -> None:
        super().__init__()
        self.storage: list[Revision] = []
        self.desired: Desired = a_desired()
        self.attempts = Attempts()
        self.now = NOW
        self.likeness: Likeness | None = None
        self.contents: dict[int, str] = {}
        self.specs = 0
        self.gone = False
        self.forced = False
        self.unready: tuple[str, ...] = ()
        self.judged = False

    @initialize(
        rollback=st.none() | st.fixed_dictionaries({"retry": st.booleans()}),
        test=st.none() | st.fixed_dictionaries({"ignore_failures": st.booleans()}),
        volumes=st.booleans(),
        tests=st.booleans(),
    )
    def begin(self, rollback: Any, test: Any, volumes: bool, tests: bool) -> None:
        policies = {"rollback": rollback, "test": test}
        chosen = {name: value for name, value in policies.items() if value is not None}
        self.volumes, self.tests = volumes, tests
        self.desired = a_desired(options=options(**chosen), digest="spec-0")

    # What happens to the world

    @rule()
    def change_the_spec(self) -> None:
        if not self.gone:
            self.specs += 1
            number = self.specs % 3  # Going back to an older spec is a change too.
            self.desired = replace(
                self.desired, digest=f"spec-{number}", generation=self.specs, chart=a_chart()
            )

    @rule(days=st.integers(0, 1))
    def let_time_pass(self, days: int) -> None:
        self.now += timedelta(days=days, seconds=1)

    @rule()
    def restart(self) -> None:
        """What only lived in memory is forgotten."""
        self.attempts, self.likeness, self.forced = Attempts(), None, False

    @rule(same=st.booleans())
    @precondition(lambda self: not self.gone)
    def somebody_runs_helm(self, same: bool) -> None:
        """A revision that no HelmRelease owns is written over whatever there is."""
        if self.storage and self.storage[-1].status.pending:
            return
        content = self.desired.digest if same else "by hand"
        self._supersede()
        self._add(Status.DEPLOYED, content, {})

    @rule()
    def somebody_uninstalls(self) -> None:
        self.storage.clear()

    @rule(suspend=st.booleans())
    def suspend_or_resume(self, suspend: bool) -> None:
        self.desired = replace(self.desired, commands=commands(suspend=suspend))

    @rule()
    def force(self) -> None:
        self.forced = True

    @rule(ready=st.booleans())
    def dependencies_change(self, ready: bool) -> None:
        self.unready = () if ready else ("HelmRelease shop/db is not ready yet",)

    @rule()
    def delete(self) -> None:
        self.gone = True
        self.desired = replace(self.desired, deleting=True, digest="deleted")

    # What the operator does

    @rule(fates=st.lists(st.sampled_from([OK, FAIL, CRASH, CRASH_WAITING, CANCEL, LOST])))
    def turn(self, fates: list[str]) -> None:
        """One turn; each verb in it ends as the next fate says, and well after that."""
        self._turn(list(fates))

    def _turn(self, fates: list[str]) -> Decision:
        done: list[Decision] = []
        self.judged = False
        while True:
            assert len(done) < STEPS, done
            observed = self.observe()
            decision, made_by = ruling(self.desired, observed)
            if made_by is not None:
                assert state_of(self.desired, observed) in made_by.states, made_by.name
                assert type(decision) in made_by.leads, made_by.name
            if isinstance(decision, RESTS) or decision in done:
                if isinstance(decision, Nothing):
                    self.attempts = Attempts()
                return decision
            done.append(decision)
            self.check_cause(decision, observed)
            try:
                self.perform(decision, fates.pop(0) if fates else OK)
            except Crashed:
                self.restart()
                return decision

    def observe(self) -> Observed:
        history = tuple(reversed(self.storage))
        newest = history[0] if history else None
        pending = newest is not None and newest.status.pending
        return Observed(
            newest=newest,
            history=history,
            writer=Writer.GONE if pending else Writer.NOBODY,
            likeness=self.likeness,
            attempts=self.attempts,
            forced=self.forced,
            unready=self.unready,
            unjudged=not self.judged,
            now=self.now,
        )

    def check_cause(self, decision: Decision, observed: Observed) -> None:
        """No revision is made over one that is in force and what is asked for."""
        newest = observed.newest
        if isinstance(decision, Install | Upgrade | Adopt):
            assert self.judged, decision
            assert not self.unready, decision
        if not isinstance(decision, Install | Upgrade) or newest is None or observed.forced:
            return
        fine = newest.status is Status.DEPLOYED and newest.digest == self.desired.digest
        tests = self.desired.options.test
        failed = newest.tested == "failed" and tests.enable and not tests.ignore_failures
        assert not (fine and newest.owner == KEY.owner and not failed), decision

    def perform(self, decision: Decision, fate: str) -> None:
        if fate == LOST:
            raise Crashed
        told = dict(self.storage[-1].annotations) if self.storage else {}
        match decision:
            case Install() | Upgrade() | Rollback() | Resume():
                self._write(decision, fate)
            case Unlock():
                self._become(Status.FAILED, told | {OUTCOME: "broken", PHASE: "done"})
            case Uninstall():
                self._uninstall(fate)
            case Test():
                self._test(told, fate)
            case Compare(revision=revision):
                same = self.contents.get(revision) == self.desired.digest
                self.likeness = Likeness(revision, self.desired.digest, same=same)
            case Judge():
                self.judged = True
            case Adopt():
                self._become(Status.DEPLOYED, self._told(self.desired.digest))
            case _:
                raise AssertionError(decision)

    # How storage takes it

    def _told(self, digest: str) -> dict[str, str]:
        told = {OWNER: KEY.owner, DIGEST: digest, PHASE: "applying"}
        if self.volumes:
            told[VOLUMES] = "data"
        if self.tests:
            told[TESTS] = "1"
        return told

    def _write(self, decision: Decision, fate: str) -> None:
        told = self._told(self.desired.digest)
        match decision:
            case Install():
                self._add(Status.PENDING_INSTALL, told[DIGEST], told)
            case Upgrade():
                self._add(Status.PENDING_UPGRADE, told[DIGEST], told)
            case Rollback(to=to):
                target = next(one for one in self.storage if one.number == to)
                same = target.failed_digest == self.desired.digest
                told[DIGEST] = target.digest
                told |= {FAILED_DIGEST: self.desired.digest}
                told |= {ROLLBACKS: str((target.rollbacks if same else 0) + 1)}
                self._add(Status.PENDING_ROLLBACK, told[DIGEST], told)
        if isinstance(decision, Install | Upgrade):
            self.forced = False
        self._end(fate)

    def _test(self, told: dict[str, str], fate: str) -> None:
        if fate not in {OK, FAIL}:
            raise Crashed
        outcome = "passed" if fate == OK else "failed"
        self._become(Status.DEPLOYED, told | {TESTED: outcome})
        if fate == FAIL:
            self._failed()

    def _end(self, fate: str) -> None:
        told = dict(self.storage[-1].annotations)
        if fate == CRASH:
            raise Crashed
        if fate == CRASH_WAITING:
            self._become(self.storage[-1].status, {**told, PHASE: "waiting"})
            raise Crashed
        if fate == CANCEL:
            self._become(Status.FAILED, {**told, PHASE: "done", OUTCOME: "cancelled"})
            raise Crashed
        if fate == FAIL:
            self._become(Status.FAILED, {**told, PHASE: "done"})
            self._failed()
            return
        self._supersede()
        self._become(Status.DEPLOYED, {**told, PHASE: "done"})

    def _uninstall(self, fate: str) -> None:
        if fate == OK:
            self.storage.clear()
            return
        if self.storage:
            self._become(Status.UNINSTALLING, dict(self.storage[-1].annotations))
        if fate == FAIL:
            self._failed()
            return
        raise Crashed

    def _failed(self) -> None:
        count = self.attempts.count + 1 if self.attempts.digest == self.desired.digest else 1
        retry_at = self.now + timedelta(seconds=2**count)
        self.attempts = Attempts(count, self.desired.digest, retry_at, "it failed")

    def _add(self, status: Status, content: str, told: dict[str, str]) -> None:
        number = self.storage[-1].number + 1 if self.storage else 1
        self.contents[number] = content
        self.storage.append(
            Revision(RELEASE, number, status, annotations=told, uid=f"{number}-{self.now}")
        )

    def _become(self, status: Status, told: dict[str, str]) -> None:
        self.storage[-1] = replace(self.storage[-1], status=status, annotations=told)

    def _supersede(self) -> None:
        self.storage = [
            replace(one, status=Status.SUPERSEDED) if one.status is Status.DEPLOYED else one
            for one in self.storage
        ]

    # What must hold

    @invariant()
    def one_revision_is_in_force(self) -> None:
        deployed = [one for one in self.storage if one.status is Status.DEPLOYED]
        assert len(deployed) <= 1

    @invariant()
    def a_healthy_world_comes_back_in_sync(self) -> None:
        """Checked on a copy of the world, after every step of the story."""
        before = (
            list(self.storage), self.attempts, self.likeness, self.now, self.forced, self.desired,
            dict(self.contents), self.unready,
        )  # fmt: skip
        self.unready = ()
        self.desired = replace(self.desired, commands=commands())
        for _ in range(4):
            self.now += timedelta(days=1)
            decision = self.turn_well()
        self.check_end(decision)
        revisions = [one.number for one in self.storage]
        self.now += timedelta(days=1)
        self.turn_well()
        assert [one.number for one in self.storage] == revisions, "a revision without a cause"
        (
            self.storage, self.attempts, self.likeness, self.now, self.forced, self.desired,
            self.contents, self.unready,
        ) = before  # fmt: skip

    def turn_well(self) -> Decision:
        """A turn in which every verb ends well."""
        return self._turn([])

    def check_end(self, decision: Decision) -> None:
        newest = self.storage[-1] if self.storage else None
        if self.gone:
            assert isinstance(decision, Forget), decision
            assert newest is None or newest.owner != KEY.owner
        elif isinstance(decision, Refuse):
            assert decision.reason == "RolledBack"
            assert newest is not None
            assert newest.status is Status.DEPLOYED
        else:
            assert isinstance(decision, Nothing), decision
            assert newest is not None
            assert (newest.status, newest.digest) == (Status.DEPLOYED, self.desired.digest)
            assert decide(self.desired, self.observe()) == decision


World.TestCase.settings = settings(max_examples=300, stateful_step_count=25, deadline=None)
TestWorld = World.TestCase
