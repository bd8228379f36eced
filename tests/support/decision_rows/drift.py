"""Rows of the rules in `decide/drift.py`: looked at, put right, left alone for a while."""

from typing import Any

from helmward.model import (
    Author,
    Correct,
    Divergence,
    Drift,
    DriftMode,
    FieldChange,
    Look,
    Nothing,
    ObjectRef,
    Refuse,
    Suspended,
    Upgrade,
    Wait,
)
from tests.support.builders import SOON, a_chart, a_revision, commands, tried
from tests.support.decision_rows.failures import REFUSED
from tests.support.decisions import ROLLBACK, ROLLED_BACK, UPGRADE_FAILED, Row

WEB = ObjectRef("apps/v1", "Deployment", "shop", "web")
CONFIG = ObjectRef("v1", "ConfigMap", "shop", "web")
ENABLED: dict[str, Any] = {"drift_mode": DriftMode.ENABLED}
DISABLED: dict[str, Any] = {"drift_mode": DriftMode.DISABLED}
SCALED = FieldChange("/spec/replicas", "1", "5", Author("kubectl-scale", "Update"))
BOTH = frozenset({WEB, CONFIG})
CHANGED = "somebody may have changed what revision 1 has: "
UNKNOWN = "it is not known whether all objects are as revision 1 has them"


def suspect(*objects: ObjectRef, **observed: Any) -> dict[str, Any]:
    return {"suspects": frozenset(objects), **observed}


def known(*found: Divergence) -> dict[str, Any]:
    return {"drift": Drift(1, found)}


ROWS = [
    Row(
        "a suspect is looked at",
        "look_at_suspects",
        Look(1, frozenset({CONFIG}), f"{CHANGED}ConfigMap shop/web"),
        observed=suspect(CONFIG, newest=a_revision()),
    ),
    Row(
        "a suspect is put right where that is wanted",
        "correct_drift",
        Correct(1, BOTH, f"{CHANGED}Deployment shop/web, ConfigMap shop/web"),
        desired=ENABLED,
        observed=suspect(CONFIG, WEB, newest=a_revision()),
    ),
    Row(
        "nobody looks where that is not wanted",
        "",
        Nothing("in sync"),
        desired=DISABLED,
        observed=suspect(CONFIG, newest=a_revision(), unknown_objects=True),
    ),
    Row(
        "of many suspects some are named",
        "look_at_suspects",
        Look(
            1,
            frozenset(ObjectRef("v1", "ConfigMap", "shop", one) for one in "abcde"),
            f"{CHANGED}ConfigMap shop/a, ConfigMap shop/b, ConfigMap shop/c and 2 more",
        ),
        observed=suspect(
            *(ObjectRef("v1", "ConfigMap", "shop", one) for one in "abcde"), newest=a_revision()
        ),
    ),
    Row(
        "all objects of a revision that does not tell are looked at",
        "look_at_suspects",
        Look(1, frozenset(), UNKNOWN),
        observed=suspect(CONFIG, newest=a_revision(), unknown_objects=True),
    ),
    Row(
        "all objects of a revision that does not tell are put right",
        "correct_drift",
        Correct(1, frozenset(), UNKNOWN),
        desired=ENABLED,
        observed={"newest": a_revision(), "unknown_objects": True},
    ),
    Row(
        "what is fought over has its turn later, the others now",
        "correct_drift",
        Correct(1, frozenset({CONFIG}), f"{CHANGED}ConfigMap shop/web"),
        desired=ENABLED,
        observed=suspect(CONFIG, WEB, newest=a_revision(), left_alone=frozenset({WEB})),
    ),
    Row(
        "where all is fought over nothing is done",
        "",
        Nothing("in sync"),
        desired=ENABLED,
        observed=suspect(WEB, newest=a_revision(), left_alone=frozenset({WEB})),
    ),
    Row(
        "what differs and was only told is put right once that is wanted",
        "correct_drift",
        Correct(1, frozenset({WEB}), f"{CHANGED}Deployment shop/web"),
        desired=ENABLED,
        observed={"newest": a_revision(), **known(Divergence(WEB, changes=(SCALED,)))},
    ),
    Row(
        "what was put right is not put right again",
        "",
        Nothing("in sync"),
        desired=ENABLED,
        observed={
            "newest": a_revision(),
            **known(Divergence(WEB, changes=(SCALED,), corrected=True)),
        },
    ),
    Row(
        "what is known to differ is not looked at again",
        "",
        Nothing("in sync"),
        observed={"newest": a_revision(), **known(Divergence(WEB, changes=(SCALED,)))},
    ),
    Row(
        "what could not be looked at is tried again",
        "look_at_suspects",
        Look(1, frozenset({WEB}), f"{CHANGED}Deployment shop/web"),
        observed={"newest": a_revision(), **known(Divergence(WEB, problem="forbidden"))},
    ),
    Row(
        "what is suspended is not looked at",
        "leave_suspended",
        Suspended("suspended: nothing is done until that is taken back"),
        desired=ENABLED | {"commands": commands(suspend=True)},
        observed=suspect(CONFIG, newest=a_revision()),
    ),
    Row(
        "something new that is asked for comes first",
        "upgrade_out_of_sync",
        Upgrade("chart cart-1.0.0 -> cart-2.0.0"),
        desired=ENABLED | {"chart": a_chart("2.0.0"), "digest": "new"},
        observed=suspect(CONFIG, newest=a_revision()),
    ),
    Row(
        "what is in force is kept while what failed waits for its next try",
        "keep_in_force",
        Correct(1, frozenset({CONFIG}), f"{CHANGED}ConfigMap shop/web"),
        desired=ENABLED,
        observed=suspect(CONFIG, newest=a_revision(digest="before"), attempts=tried()),
    ),
    Row(
        "what failed in the cluster is left as it is",
        "hold_back_failed",
        Wait("it failed", until=SOON),
        desired=ENABLED,
        history=UPGRADE_FAILED,
        observed=suspect(CONFIG, attempts=tried()),
    ),
    Row(
        "what a rollback brought back is kept",
        "keep_in_force",
        Look(
            3,
            frozenset({CONFIG}),
            "somebody may have changed what revision 3 has: ConfigMap shop/web",
        ),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed=suspect(CONFIG),
    ),
    Row(
        "what a rollback brought back is refused once it is as it should be",
        "refuse_rolled_back",
        Refuse("RolledBack", REFUSED),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed=known(Divergence(CONFIG, gone=True)),
    ),
]
