"""Each order between two rules, with its reason, over every situation that can be put together.

Where two rules have an answer, the first counts. `ORDERS` is the whole of what
that decides: each pair in it is a test, and a pair that is not in it fails one.
"""

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from helmward.model import Desired, DriftMode, Key, ObjectRef, Observed, Revision, Writer
from helmward.releases.decide import RULES
from tests.support.builders import (
    FORMER,
    KEY,
    RELEASE,
    a_desired,
    a_revision,
    an_observed,
    commands,
    options,
    tried,
)

ORDERS = {
    "leave_with_its_kind": (
        "A CRD that is deleted takes no release with it, whatever else is true.",
        (
            "leave_suspended_behind let_go_of_nothing leave_living_writer unlock_pending "
            "uninstall_deleted uninstall_former_of_deleted "
            "wait_for_dependents"
        ),
    ),
    "leave_suspended_behind": (
        "Left alone means left behind, not uninstalled, unlocked or waited for.",
        (
            "let_go_of_nothing leave_living_writer unlock_pending uninstall_deleted "
            "uninstall_former_of_deleted "
            "wait_for_dependents"
        ),
    ),
    "let_go_of_nothing": (
        "Who owns nothing has nothing to wait for and nothing to make.",
        ("hold_back_failed install_absent take_over wait_for_dependents"),
    ),
    "leave_suspended": (
        "Left alone means that nothing is decided, refused or repaired.",
        (
            "refuse_taken_name leave_living_writer resume_wait unlock_pending roll_back_failed "
            "refuse_rolled_back hold_back_failed move_renamed finish_uninstall install_absent "
            "take_over retry_rolled_back clear_failed_install upgrade_failed "
            "upgrade_out_of_sync upgrade_forced test_untested sweep_late_objects "
            "refuse_cycle wait_for_dependencies tell_cycle "
            "keep_in_force look_at_suspects correct_drift"
        ),
    ),
    "refuse_taken_name": (
        "Whoever does not hold the name does not touch what is under it.",
        (
            "leave_living_writer resume_wait unlock_pending roll_back_failed refuse_rolled_back "
            "hold_back_failed move_renamed finish_uninstall install_absent take_over "
            "retry_rolled_back clear_failed_install upgrade_failed upgrade_out_of_sync "
            "upgrade_forced test_untested sweep_late_objects "
            "refuse_cycle wait_for_dependencies tell_cycle "
            "keep_in_force look_at_suspects correct_drift"
        ),
    ),
    "leave_living_writer": (
        "A lock is broken only once its writer is gone.",
        "unlock_pending",
    ),
    "resume_wait": (
        "A mere wait is gone on with rather than broken.",
        "unlock_pending",
    ),
    "unlock_pending": (
        "Whatever comes next, the lost writer must not come back with his status first.",
        (
            "uninstall_deleted hold_back_failed move_renamed upgrade_failed "
            "refuse_cycle wait_for_dependencies wait_for_dependents"
        ),
    ),
    "uninstall_deleted": (
        "What is deleted is not repaired, rolled back, tested or brought in sync.",
        (
            "uninstall_former_of_deleted roll_back_failed refuse_rolled_back hold_back_failed "
            "finish_uninstall install_absent retry_rolled_back clear_failed_install "
            "upgrade_failed upgrade_out_of_sync upgrade_forced test_untested sweep_late_objects "
            "keep_in_force look_at_suspects correct_drift"
        ),
    ),
    "uninstall_former_of_deleted": (
        "What is deleted does not move first; its back-off is its own.",
        "hold_back_failed move_renamed",
    ),
    "roll_back_failed": (
        "The way back is not a try: it neither waits nor gives way to one.",
        (
            "hold_back_failed move_renamed upgrade_failed upgrade_forced test_again "
            "keep_in_force refuse_cycle wait_for_dependencies"
        ),
    ),
    "refuse_rolled_back": (
        "What is not to be tried again promises no next try.",
        ("hold_back_failed move_renamed retry_rolled_back refuse_cycle wait_for_dependencies"),
    ),
    "wait_for_dependents": (
        "Whoever needs it while he goes still has it.",
        "uninstall_deleted uninstall_former_of_deleted",
    ),
    "refuse_cycle": (
        "What can never become ready is told at once, and not waited for.",
        "hold_back_failed wait_for_dependencies",
    ),
    "wait_for_dependencies": (
        "Nothing is taken away or made before all is there that it needs.",
        (
            "clear_failed_install finish_uninstall install_absent move_renamed retry_rolled_back "
            "take_over upgrade_failed upgrade_forced upgrade_out_of_sync"
        ),
    ),
    "keep_in_force": (
        "What is not replaced for now is what somebody relies on.",
        "refuse_rolled_back hold_back_failed refuse_cycle wait_for_dependencies",
    ),
    "hold_back_failed": (
        "What failed is left as it is until its next try.",
        (
            "move_renamed finish_uninstall install_absent take_over retry_rolled_back "
            "clear_failed_install upgrade_failed upgrade_out_of_sync test_untested "
            "sweep_late_objects "
            "wait_for_dependencies tell_cycle"
        ),
    ),
    "move_renamed": (
        "The old release goes before anything is done under the new name.",
        (
            "finish_uninstall install_absent take_over retry_rolled_back clear_failed_install "
            "upgrade_failed upgrade_out_of_sync upgrade_forced test_untested sweep_late_objects "
            "look_at_suspects correct_drift"
        ),
    ),
    "finish_uninstall": (
        "A half uninstalled release is not upgraded.",
        "upgrade_failed",
    ),
    "install_absent": (
        "Where nothing is there is nothing to force.",
        "upgrade_forced",
    ),
    "take_over": (
        "What is not ours becomes ours before it is brought in sync.",
        "upgrade_out_of_sync",
    ),
    "retry_rolled_back": (
        "The description says that it is a retry.",
        "upgrade_out_of_sync",
    ),
    "clear_failed_install": (
        "A first install that failed starts from nothing.",
        "upgrade_failed upgrade_forced test_again",
    ),
    "upgrade_failed": (
        "The description says what went before.",
        "upgrade_forced",
    ),
    "upgrade_out_of_sync": (
        "A cause of its own is told rather than the force; tests come after.",
        ("upgrade_forced sweep_late_objects look_at_suspects correct_drift"),
    ),
    "upgrade_forced": (
        "What is forced is tested and swept in its new state.",
        ("test_untested sweep_late_objects look_at_suspects correct_drift"),
    ),
    "test_untested": (
        "Late objects are looked for once all is as asked for.",
        "sweep_late_objects look_at_suspects correct_drift tell_cycle",
    ),
    "sweep_late_objects": (
        "What a lost writer made late would be taken for drift.",
        "look_at_suspects correct_drift tell_cycle",
    ),
    "look_at_suspects": (
        "A release that is as asked for is looked after, whatever its HelmRelease says.",
        "tell_cycle",
    ),
    "correct_drift": (
        "A release that is as asked for is looked after, whatever its HelmRelease says.",
        "tell_cycle",
    ),
}
"""By the rule that decides: why, and which rules would have answered next."""

FOREIGN: dict[str, Any] = {"owner": "", "digest": ""}
BEFORE = a_revision(1, digest="before")
WAS_BEFORE = a_revision(1, "superseded", digest="before")
HISTORIES: tuple[tuple[Revision, ...], ...] = (
    (),
    (a_revision(),),
    (a_revision(digest="old"),),
    (a_revision(2, "failed"),),
    (a_revision(2, "failed", volumes="data"),),
    (a_revision(2, "failed"), BEFORE),
    (a_revision(2, "pending-upgrade"), a_revision(1)),
    (a_revision(2, "pending-upgrade", phase="waiting"), a_revision(1)),
    (a_revision(7, **FOREIGN),),
    (a_revision(7, "failed", **FOREIGN),),
    (a_revision(2, "uninstalling"),),
    (a_revision(3, "uninstalled"),),
    (
        a_revision(3, digest="before", rolled_back_from="asked", rollbacks="1"),
        a_revision(2, "failed"),
        WAS_BEFORE,
    ),
    (a_revision(tests="1"),),
    (a_revision(tests="1", tested="failed"),),
    (a_revision(2, tests="1", tested="failed"), WAS_BEFORE),
    (a_revision(2, "superseded", outcome="superseded"), BEFORE),
)
FORMERS = (None, a_revision(4, release=FORMER), a_revision(4, release=FORMER, volumes="data"))
POLICIES = (
    options(),
    options(rollback={}, test={}),
    options(rollback={"retry": True}, test={}),
)
YES_NO = (False, True)
FIRST: tuple[dict[str, Any], ...] = (
    {"unready": ("HelmRelease shop/db is not ready yet",)},
    {"unready": ("HelmRelease shop/db is not ready yet",), "cycle": "shop/cart -> shop/cart"},
    {"dependents": ("shop/web",)},
)
"""What has to come or go first."""
MODES = (None, DriftMode.WARN, DriftMode.ENABLED)
"""What is done about an object that somebody changed; None: nobody did."""
CHANGED = ObjectRef("v1", "ConfigMap", RELEASE.namespace, "web")


def situations() -> Iterator[tuple[Desired, Observed]]:
    """Yield every combination of what the rules ask of."""
    asked = itertools.product(YES_NO, YES_NO, POLICIES)
    found = itertools.product(
        HISTORIES,
        FORMERS,
        (None, Key(KEY.api, "team", RELEASE.name)),
        ({}, {"attempts": tried()}),
        (Writer.GONE, Writer.ALIVE),
        itertools.product(YES_NO, YES_NO, YES_NO),
        MODES,
        ({}, *FIRST),
    )
    for (deleting, suspend, policy), (
        history,
        former,
        holder,
        failed,
        writer,
        flags,
        drift,
        first,
    ) in itertools.product(asked, found):
        going, forced, sweep = flags
        observed = an_observed(
            *history,
            former=former,
            name_holder=holder,
            writer=writer,
            kind_is_going=going,
            forced=forced,
            sweep_due=sweep,
            suspects=frozenset({CHANGED} if drift else ()),
            **failed,
            **first,
        )
        yield (
            a_desired(
                deleting=deleting,
                commands=commands(suspend=suspend),
                options=policy,
                drift_mode=drift or DriftMode.WARN,
            ),
            observed,
        )


@cache
def decided() -> frozenset[tuple[str, str]]:
    """Return each pair of rules of which one decided because it stands before the other."""
    pairs = set()
    for desired, observed in situations():
        answers = (rule.name for rule in RULES if rule.check(desired, observed))
        pairs.add(tuple(itertools.islice(answers, 2)))
    return frozenset((first, second) for first, second in filter(lambda one: len(one) > 1, pairs))


PAIRS = [
    pytest.param(first, second, id=f"{first} before {second}")
    for first, (_why, others) in ORDERS.items()
    for second in others.split()
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_first_decides(first: str, second: str) -> None:
    """Both have an answer somewhere, and it is never the second's that counts."""
    assert (first, second) in decided()
    assert (second, first) not in decided()


def test_no_other_order_decides_anything() -> None:
    """A new rule has to say what it stands before, and why."""
    assert decided() == {(first, second) for first, second in (one.values for one in PAIRS)}


def test_every_order_has_a_reason() -> None:
    assert all(why.endswith(".") for why, _ in ORDERS.values())
