"""Rules for what comes first: what a HelmRelease depends on, and what depends on it."""

from typing import Final

from helmward.model import Decision, Desired, Judge, Observed, Refuse, Wait
from helmward.releases.decide.facts import in_force, some

NOT_READY: Final = "DependencyNotReady"
CYCLE: Final = "DependencyCycle"
DEPENDENTS: Final = "DependentsGoFirst"


def wait_for_dependents(desired: Desired, observed: Observed) -> Decision | None:
    """A deleted HelmRelease goes after those that depend on it, if they are deleted too.

    For those that are not, it waits a moment only: whoever deletes many deletes
    one after another.
    """
    until, now = observed.dependents_until, observed.now
    if not desired.deleting or not observed.dependents:
        return None
    if until and now and now >= until:
        return None
    who = some(observed.dependents, ", ")
    return Wait(f"goes after what depends on it: {who}", until=until, reason=DEPENDENTS)


def refuse_cycle(desired: Desired, observed: Observed) -> Decision | None:
    """A HelmRelease that depends on itself, on however long a way, is not installed or upgraded."""
    return None if in_force(desired, observed) else tell_cycle(desired, observed)


def tell_cycle(desired: Desired, observed: Observed) -> Decision | None:
    """A release that is as asked for stays so if it comes to depend on itself; that is told."""
    if desired.deleting or not observed.cycle:
        return None
    why = f"spec.dependsOn: it depends on itself: {observed.cycle}; take one of these steps away"
    return Refuse(CYCLE, why)


def wait_with_a_problem(observed: Observed, problem: str) -> Wait | None:
    """Let a first install wait though it cannot be found out yet what it is to be.

    What comes before it may well make what is lacking: a ConfigMap with values, a
    chart's repository.
    """
    if observed.newest or not observed.unready:
        return None
    return Wait(f"waits: {some(observed.unready, '; ')}; {problem}", reason=NOT_READY)


def wait_for_dependencies(desired: Desired, observed: Observed) -> Decision | None:
    """Before an install, an upgrade or a take-over all that it depends on has to be ready.

    A release that is as asked for waits for nothing.
    """
    if desired.deleting or in_force(desired, observed):
        return None
    if observed.unready:
        return Wait(f"waits: {some(observed.unready, '; ')}", reason=NOT_READY)
    if observed.unjudged:
        return Judge(why="look whether what it depends on is ready")
    return None
