"""Rows of the rules in `decide/failures.py`: gone back from, cleared away, tried again."""

from helmward.model import Nothing, Refuse, Rollback, Sweep, Uninstall, Upgrade, Wait
from tests.support.builders import (
    PAST,
    RELEASE,
    SOON,
    a_chart,
    a_revision,
    commands,
    options,
    tried,
)
from tests.support.decisions import (
    RETRY,
    ROLLBACK,
    ROLLED_BACK,
    TESTS,
    UPGRADE_FAILED,
    Row,
    brought_back,
)

REFUSED = (
    "revision 3 brought back what was before cart-1.0.0; change the spec or its values, "
    "or set spec.rollback.retry"
)


ROWS = [
    # Rollback
    Row(
        "a failed upgrade is rolled back",
        "roll_back_failed",
        Rollback(1, "revision 2 failed"),
        desired=ROLLBACK,
        history=UPGRADE_FAILED,
        observed={"attempts": tried()},
    ),
    Row(
        "an upgrade whose tests failed is rolled back",
        "roll_back_failed",
        Rollback(1, "revision 2 failed its tests"),
        desired={"options": options(rollback={}, test={})},
        history=(
            a_revision(2, tests="1", tested="failed"),
            a_revision(1, "superseded", digest="before"),
        ),
    ),
    Row(
        "a rollback passes over what never was in force",
        "roll_back_failed",
        Rollback(1, "revision 4 failed"),
        desired=ROLLBACK,
        history=(
            a_revision(4, "failed"),
            a_revision(3, "superseded", outcome="superseded"),
            a_revision(2, "failed"),
            a_revision(1, digest="before"),
        ),
    ),
    Row(
        "a way back that was cut short is gone again",
        "roll_back_failed",
        Rollback(1, "revision 3 was left unfinished; gone back again"),
        desired=ROLLBACK,
        history=(
            a_revision(
                3,
                "failed",
                digest="before",
                rolled_back_from="asked",
                rollbacks="1",
                outcome="broken",
            ),
            a_revision(2, "failed"),
            a_revision(1, digest="before"),
        ),
    ),
    Row(
        "what was rolled back is looked after before it is refused",
        "refuse_rolled_back",
        Sweep("a writer was stopped; what he left or made late is tidied up"),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed={"sweep_due": True},
    ),
    Row(
        "what was rolled back is refused",
        "refuse_rolled_back",
        Refuse("RolledBack", REFUSED),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed={"attempts": tried()},
    ),
    Row(
        "what was rolled back too often is refused",
        "refuse_rolled_back",
        Refuse("RolledBack", REFUSED),
        desired=RETRY,
        history=(brought_back(2), *ROLLED_BACK[1:]),
    ),
    Row(
        "what was rolled back is tried again where that is allowed",
        "retry_rolled_back",
        Upgrade("tried again after rollback 1: cart-1.0.0"),
        desired=RETRY,
        history=ROLLED_BACK,
    ),
    Row(
        "what was rolled back is tried again when it is forced",
        "retry_rolled_back",
        Upgrade("tried again after rollback 1: cart-1.0.0"),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed={"forced": True, "attempts": tried()},
    ),
    Row(
        "what was rolled back is tried again when failures count anew",
        "retry_rolled_back",
        Upgrade("tried again after rollback 1: cart-1.0.0"),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed={"reset": True},
    ),
    Row(
        "after a rollback something new is an upgrade",
        "upgrade_out_of_sync",
        Upgrade("chart cart-1.0.0 -> cart-2.0.0"),
        desired=ROLLBACK | {"chart": a_chart("2.0.0"), "digest": "new"},
        history=ROLLED_BACK,
    ),
    Row(
        "after a rollback, asking for what it brought back is in sync",
        "",
        Nothing("in sync"),
        desired=ROLLBACK | {"digest": "before"},
        history=ROLLED_BACK,
    ),
    Row(
        "after a rollback of a forced upgrade what is back is what is asked for",
        "",
        Nothing("in sync"),
        desired=RETRY,
        history=(
            a_revision(3, rolled_back_from="asked", rollbacks="1"),
            a_revision(2, "failed"),
            a_revision(1, "superseded"),
        ),
    ),
    # Failures
    Row(
        "a failure waits for its back-off",
        "hold_back_failed",
        Wait("it failed", until=SOON),
        history=UPGRADE_FAILED,
        observed={"attempts": tried()},
    ),
    Row(
        "a failure does not wait when it is forced",
        "upgrade_failed",
        Upgrade("revision 2 failed; tried again"),
        history=UPGRADE_FAILED,
        observed={"attempts": tried(), "forced": True},
    ),
    Row(
        "a failure is tried again after its back-off",
        "upgrade_failed",
        Upgrade("revision 2 failed; tried again"),
        history=UPGRADE_FAILED,
        observed={"attempts": tried(retry_at=PAST)},
    ),
    Row(
        "a failure does not hold back what is asked for anew",
        "upgrade_failed",
        Upgrade("revision 2 failed; values or options changed (generation 1)"),
        desired={"digest": "new"},
        history=UPGRADE_FAILED,
        observed={"attempts": tried()},
    ),
    Row(
        "a failed rollback is upgraded over",
        "upgrade_failed",
        Upgrade("revision 3 failed; values or options changed (generation 1)"),
        desired=ROLLBACK,
        history=(
            a_revision(3, "failed", digest="before", rolled_back_from="asked", rollbacks="1"),
            *UPGRADE_FAILED,
        ),
    ),
    Row(
        "what was left unfinished is gone on with",
        "upgrade_failed",
        Upgrade("revision 1 was left unfinished; tried again"),
        observed={"newest": a_revision(1, "failed", phase="done", outcome="broken")},
    ),
    Row(
        "what was cancelled is gone on with",
        "upgrade_failed",
        Upgrade("revision 1 was cancelled; tried again"),
        observed={"newest": a_revision(1, "failed", phase="done", outcome="cancelled")},
    ),
    Row(
        "what was superseded is upgraded over",
        "upgrade_failed",
        Upgrade("revision 2 was superseded while it waited; chart cart-1.0.0 -> cart-2.0.0"),
        desired={"chart": a_chart("2.0.0"), "digest": "new"},
        history=(a_revision(2, "superseded", outcome="superseded"), a_revision(1)),
    ),
    Row(
        "a failed first install is cleared away",
        "clear_failed_install",
        Uninstall(RELEASE, "the first install failed in revision 1"),
        observed={"newest": a_revision(1, "failed", phase="done")},
    ),
    Row(
        "a first install whose tests failed is cleared away",
        "clear_failed_install",
        Uninstall(RELEASE, "the first install failed in revision 1"),
        desired=TESTS,
        observed={"newest": a_revision(1, tests="1", tested="failed")},
    ),
    Row(
        "a failed first install that made volumes is upgraded over",
        "upgrade_failed",
        Upgrade("revision 1 failed; tried again"),
        observed={"newest": a_revision(1, "failed", phase="done", volumes="data")},
    ),
    Row(
        "a failed first install that made volumes is cleared away when volumes may go",
        "clear_failed_install",
        Uninstall(RELEASE, "the first install failed in revision 1"),
        desired={"commands": commands(volumes_may_go=True)},
        observed={"newest": a_revision(1, "failed", phase="done", volumes="data")},
    ),
    Row(
        "what somebody else installed is upgraded over, though the first upgrade failed too",
        "upgrade_failed",
        Upgrade("revision 2 failed; tried again"),
        history=(
            a_revision(2, "failed", phase="done"),
            a_revision(1, "failed", owner="", digest=""),
        ),
    ),
]
