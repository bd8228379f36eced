"""How `driftDetection` reads in every generation, what breaks it, and how drift is told."""

from typing import Any

import pytest

from helmward.apis import GENERATIONS, Generation
from helmward.model import (
    DRIFT_DETECTION,
    Condition,
    DriftMode,
    DriftPolicy,
    DriftStanding,
    DriftState,
    DriftTarget,
    IgnoreRule,
    Stage,
    Told,
)
from tests.support.builders import NOW
from tests.support.declared import an_account, conditions, read, told_of

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)
FULL = {
    "mode": "enabled",
    "ignore": [
        {"paths": ["/spec/replicas", ""]},
        {
            "paths": ["/data"],
            "target": {
                "group": "apps",
                "version": "v1",
                "kind": "Deploy.*",
                "name": "web",
                "namespace": "shop",
                "labelSelector": "app=web",
                "annotationSelector": "own",
            },
        },
    ],
}


def drift_of(
    served: Generation, given: Any = None, annotation: str | None = None
) -> tuple[DriftPolicy, str]:
    spec = {} if given is None else {"driftDetection": given}
    annotations = {DRIFT_DETECTION: annotation} if annotation else {}
    declared = read(served, spec, annotations=annotations)
    return declared.drift, declared.problem


@BOTH
def test_who_says_nothing_leaves_it_to_the_flag(served: Generation) -> None:
    assert drift_of(served) == (DriftPolicy(), "")


@BOTH
def test_all_that_can_be_said(served: Generation) -> None:
    policy, problem = drift_of(served, FULL)
    target = DriftTarget("apps", "v1", "Deploy.*", "web", "shop", "app=web", "own")
    rules = (IgnoreRule(("/spec/replicas", "")), IgnoreRule(("/data",), target))
    assert (policy, problem) == (DriftPolicy(DriftMode.ENABLED, rules), "")


@BOTH
@pytest.mark.parametrize(
    ("spec", "annotation", "mode"),
    [
        ("warn", None, DriftMode.WARN),
        (None, "enabled", DriftMode.ENABLED),
        (None, "disabled", DriftMode.DISABLED),
        ("warn", "enabled", DriftMode.WARN),
    ],
)
def test_the_spec_counts_before_the_annotation(
    served: Generation, spec: str | None, annotation: str | None, mode: DriftMode
) -> None:
    given = {"mode": spec} if spec else None
    policy, problem = drift_of(served, given, annotation)
    assert (policy.mode, problem) == (mode, "")


PROBLEMS = [
    ({"mode": "on"}, 'spec.driftDetection.mode: "on" is none of enabled, warn, disabled'),
    (
        {"ignore": [{"paths": []}]},
        "spec.driftDetection.ignore[0].paths: names no path; give one, as /spec/replicas",
    ),
    (
        {"ignore": [{"paths": ["/a", "spec.replicas"]}]},
        (
            'spec.driftDetection.ignore[0].paths[1]: "spec.replicas" is no JSON pointer; '
            "begin it with /"
        ),
    ),
    (
        {"ignore": [{"paths": ["/a"]}, {"paths": ["/a"], "target": {"name": "web("}}]},
        'spec.driftDetection.ignore[1].target.name: "web(" is no regular expression',
    ),
]


@BOTH
@pytest.mark.parametrize(("given", "words"), PROBLEMS)
def test_what_breaks_a_rule_is_named(served: Generation, given: Any, words: str) -> None:
    _, problem = drift_of(served, given)
    assert words in problem


@BOTH
def test_an_annotation_that_means_nothing_is_named(served: Generation) -> None:
    _, problem = drift_of(served, annotation="on")
    assert DRIFT_DETECTION in problem


# The condition

OLD = Condition("Drifted", "True", "DriftDetected", "ConfigMap shop/web: deleted", NOW)
OLD_CORRECTED = Condition("Drifted", "False", "DriftCorrected", "ConfigMap shop/web: deleted", NOW)


def told(
    served: Generation, before: Condition | None, drift: DriftStanding | None
) -> tuple[str, str, str] | None:
    """Return status, reason and message of the condition that follows another."""
    known = Told(conditions=(before,) if before else ())
    found = told_of(served, an_account(drift=drift), known).conditions
    words = ((one.status, one.reason, one.message) for one in found if one.type == "Drifted")
    return next(words, None)


def standing(state: DriftState, message: str = "x") -> DriftStanding:
    return DriftStanding(state, message)


CONDITIONS = [
    pytest.param(None, None, None, id="nothing was ever known"),
    pytest.param(None, standing(DriftState.NONE), None, id="there never was any"),
    pytest.param(
        None, standing(DriftState.DETECTED), ("True", "DriftDetected", "x"), id="detected"
    ),
    pytest.param(
        None, standing(DriftState.CONTESTED), ("True", "Contested", "x"), id="fought over"
    ),
    pytest.param(
        OLD, standing(DriftState.CORRECTED), ("False", "DriftCorrected", "x"), id="put right"
    ),
    pytest.param(
        None, standing(DriftState.UNSEEN), ("Unknown", "CannotLook", "x"), id="cannot look"
    ),
    pytest.param(
        OLD,
        standing(DriftState.NONE),
        ("False", "DriftGone", "nothing differs any more"),
        id="mended by others",
    ),
    pytest.param(
        OLD_CORRECTED,
        standing(DriftState.NONE),
        ("False", "DriftCorrected", OLD.message),
        id="what was put right stays told",
    ),
    pytest.param(OLD, None, ("True", "DriftDetected", OLD.message), id="nobody knows better"),
    pytest.param(OLD, standing(DriftState.OFF), None, id="nobody looks any more"),
]


@BOTH
@pytest.mark.parametrize(("before", "drift", "wanted"), CONDITIONS)
def test_how_drift_is_told(
    served: Generation,
    before: Condition | None,
    drift: DriftStanding | None,
    wanted: tuple[str, str, str] | None,
) -> None:
    assert told(served, before, drift) == wanted


@BOTH
def test_a_drifted_release_is_ready(served: Generation) -> None:
    """It was released as asked for."""
    account = an_account(stage=Stage.READY, drift=standing(DriftState.DETECTED))
    assert conditions(told_of(served, account))["Ready"][0] == "True"
