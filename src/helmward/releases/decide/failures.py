"""Rules for what failed: gone back from, cleared away, tried again later."""

from typing import Final

from helmward.model import (
    Decision,
    Desired,
    Observed,
    Refuse,
    Rollback,
    Status,
    Sweep,
    Test,
    Uninstall,
    Upgrade,
)
from helmward.releases.decide.facts import (
    LATE,
    bad,
    change,
    good_before,
    own_newest,
    owns,
    retry_is_allowed,
    rolled_back,
    spaced,
)

ENDED: Final = {
    "superseded": "was superseded while it waited",
    "cancelled": "was cancelled",
    "broken": "was left unfinished",
}


def roll_back_failed(desired: Desired, observed: Observed) -> Decision | None:
    """A failed upgrade is rolled back at once where the HelmRelease says so.

    So is one whose way back was cut short.
    """
    newest = own_newest(desired, observed)
    if newest is None or not desired.options.rollback.enable or not bad(desired, newest):
        return None
    target = good_before(observed)
    if target is None:
        return None
    if newest.outcome and newest.failed_digest == desired.digest:
        why = f"revision {newest.number} {ENDED.get(newest.outcome, newest.outcome)}"
        return Rollback(target.number, why=f"{why}; gone back again")
    if newest.outcome or newest.failed_digest or newest.digest != desired.digest:
        return None
    what = "failed" if newest.status is Status.FAILED else "failed its tests"
    return Rollback(target.number, why=f"revision {newest.number} {what}")


def refuse_rolled_back(desired: Desired, observed: Observed) -> Decision | None:
    """What was rolled back is refused once the HelmRelease allows no further try."""
    newest = own_newest(desired, observed)
    if newest is None or not rolled_back(desired, newest):
        return None
    if retry_is_allowed(desired, observed, newest):
        return None
    if observed.sweep_due:
        return Sweep(why=LATE)
    return Refuse(
        reason="RolledBack",
        why=(
            f"revision {newest.number} brought back what was before {desired.chart}; change the "
            "spec or its values, or set spec.rollback.retry"
        ),
    )


def hold_back_failed(desired: Desired, observed: Observed) -> Decision | None:
    """What failed is tried again after its back-off; anything new asked for, at once."""
    if observed.forced or observed.reset:
        return None
    return spaced(desired, observed)


def retry_rolled_back(desired: Desired, observed: Observed) -> Decision | None:
    """What was rolled back is tried again as often as the HelmRelease allows."""
    newest = own_newest(desired, observed)
    if newest is None or not rolled_back(desired, newest):
        return None
    return Upgrade(why=f"tried again after rollback {newest.rollbacks}: {desired.chart}")


def clear_failed_install(desired: Desired, observed: Observed) -> Decision | None:
    """A first install that failed is uninstalled before the next try, unless that takes volumes.

    Its objects stay until then, so that they can be looked at. What somebody
    else had installed before is not ours to clear away.
    """
    newest = own_newest(desired, observed)
    if newest is None or newest.outcome or not bad(desired, newest):
        return None
    if not all(owns(desired, one) for one in observed.history):
        return None
    if good_before(observed) is not None:
        return None
    if newest.volumes and not desired.commands.volumes_may_go:
        return None
    return Uninstall(newest.release, why=f"the first install failed in revision {newest.number}")


def test_again(desired: Desired, observed: Observed) -> Decision | None:
    """Tests that failed, with nothing to go back to, are run again after the back-off."""
    newest = own_newest(desired, observed)
    if newest is None or newest.digest != desired.digest or newest.status is not Status.DEPLOYED:
        return None
    if bad(desired, newest):
        return Test(newest.number, why="its tests failed; run again")
    return None


def upgrade_failed(desired: Desired, observed: Observed) -> Decision | None:
    """A failed or superseded revision never blocks: the next one is written over it."""
    newest = own_newest(desired, observed)
    if newest is None or newest.status in {Status.DEPLOYED, Status.UNINSTALLED}:
        return None
    said = ENDED.get(newest.outcome, str(newest.status))
    if newest.digest == desired.digest:
        return Upgrade(why=f"revision {newest.number} {said}; tried again")
    return Upgrade(why=f"revision {newest.number} {said}; {change(desired, newest)}")
