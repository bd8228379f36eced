"""The rules in their order, and what each may lead from and to.

The order is the policy. The states are what the drawn diagram shows; a test
holds every rule to what it says here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from helmward.model import (
    Adopt,
    Compare,
    Correct,
    Decision,
    Desired,
    Forget,
    Install,
    Look,
    Observed,
    Refuse,
    Render,
    Resume,
    Rollback,
    Status,
    Suspended,
    Sweep,
    Test,
    Uninstall,
    Unlock,
    Upgrade,
    Wait,
)
from helmward.releases.decide import asking, claims, drift, failures, going
from helmward.releases.decide.facts import bad, owns, rolled_back

Check = Callable[[Desired, Observed], Decision | None]


class State(StrEnum):
    """What a HelmRelease finds under its release name."""

    ABSENT = "Absent"
    FOREIGN = "Foreign"
    PENDING = "Pending"
    DEPLOYED = "Deployed"
    FAILED = "Failed"
    ROLLED_BACK = "RolledBack"
    UNFINISHED = "Unfinished"


WORDS: Mapping[State, str] = {
    State.ABSENT: "nothing, or a history that ended with an uninstall",
    State.FOREIGN: "a revision by another tool, or of a HelmRelease that is gone",
    State.PENDING: "a revision that somebody writes, or died writing",
    State.DEPLOYED: "a revision of its own that is in force",
    State.FAILED: "a revision of its own that failed, or whose tests failed and decide",
    State.ROLLED_BACK: "a revision of its own that brought an older state back",
    State.UNFINISHED: "a revision of its own that was superseded, or is half uninstalled",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it asks, in which states it may answer, and what comes of its answers."""

    check: Check
    states: tuple[State, ...]
    leads: Mapping[type, State | None]
    """By kind of decision: the state when the verb succeeds; None: nothing changes."""

    @property
    def name(self) -> str:
        """The rule's name, which is a sentence in short."""
        return self.check.__name__


def state_of(desired: Desired, observed: Observed) -> State:
    """Return what a HelmRelease finds under its release name."""
    newest = observed.newest
    if newest is None or newest.status is Status.UNINSTALLED:
        return State.ABSENT
    if newest.status.pending:
        return State.PENDING
    if not owns(desired, newest):
        return State.FOREIGN
    if bad(desired, newest):
        return State.FAILED
    if newest.status is not Status.DEPLOYED:
        return State.UNFINISHED
    return State.ROLLED_BACK if rolled_back(desired, newest) else State.DEPLOYED


A, X, P, D, F, R, U = State
ANY = tuple(State)

RULES: tuple[Rule, ...] = (
    Rule(going.leave_with_its_kind, ANY, {Forget: None}),
    Rule(going.leave_suspended_behind, ANY, {Forget: None}),
    Rule(going.let_go_of_nothing, (A, X, P), {Forget: None}),
    Rule(going.leave_suspended, ANY, {Suspended: None}),
    Rule(going.refuse_taken_name, ANY, {Refuse: None}),
    Rule(claims.leave_living_writer, (P,), {Wait: None}),
    Rule(claims.resume_wait, (P,), {Resume: D}),
    Rule(claims.unlock_pending, (P,), {Unlock: F}),
    Rule(going.uninstall_deleted, (D, F, R, U), {Uninstall: A, Wait: None}),
    Rule(going.uninstall_former_of_deleted, (A, X), {Uninstall: None, Wait: None}),
    Rule(failures.roll_back_failed, (F,), {Rollback: R}),
    Rule(drift.keep_in_force, (D, F, R), {Look: None, Correct: None}),
    Rule(failures.refuse_rolled_back, (R,), {Refuse: None, Sweep: None}),
    Rule(failures.hold_back_failed, ANY, {Wait: None}),
    Rule(asking.move_renamed, ANY, {Refuse: None, Render: None, Uninstall: None}),
    Rule(asking.finish_uninstall, (X, U), {Uninstall: A}),
    Rule(asking.install_absent, (A,), {Install: D}),
    Rule(asking.take_over, (X,), {Compare: None, Refuse: None, Adopt: D, Upgrade: D}),
    Rule(failures.retry_rolled_back, (R,), {Upgrade: D}),
    Rule(failures.clear_failed_install, (F,), {Uninstall: A}),
    Rule(failures.upgrade_failed, (F, U), {Upgrade: D}),
    Rule(asking.upgrade_out_of_sync, (D, F, R), {Upgrade: D}),
    Rule(asking.upgrade_forced, (D, F, R), {Upgrade: D}),
    Rule(failures.test_again, (F,), {Test: D}),
    Rule(asking.test_untested, (D,), {Test: D}),
    Rule(asking.sweep_late_objects, (D, F, R), {Sweep: None}),
    Rule(drift.look_at_suspects, (D, F, R), {Look: None}),
    Rule(drift.correct_drift, (D, F, R), {Correct: None}),
)
