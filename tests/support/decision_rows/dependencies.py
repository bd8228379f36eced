"""Rows of the rules in `decide/dependencies.py`: what comes first, and what goes first."""

from string import ascii_lowercase

from helmward.model import (
    Judge,
    Look,
    Nothing,
    ObjectRef,
    Refuse,
    Rollback,
    Sweep,
    Uninstall,
    Upgrade,
    Wait,
)
from tests.support.builders import (
    FORMER,
    PAST,
    RELEASE,
    SOON,
    a_revision,
    alike,
)
from tests.support.decisions import FOREIGN, ROLLBACK, UPGRADE_FAILED, Row

DB = "HelmRelease shop/db is not ready yet"
WAITS = Wait(f"waits: {DB}", reason="DependencyNotReady")
DEPLOYMENT = ObjectRef("apps/v1", "Deployment", "shop", "cart")
HAS = "revision 1 has: Deployment shop/cart"
UNREADY = {"unready": (DB,)}
JUDGE = Judge("look whether what it depends on is ready")
WAY = "shop/cart -> shop/db -> shop/cart"
CYCLE = Refuse(
    "DependencyCycle",
    f"spec.dependsOn: it depends on itself: {WAY}; take one of these steps away",
)
DELETED = {"deleting": True, "digest": "deleted"}


ROWS = [
    Row(
        "an install waits for what it depends on",
        "wait_for_dependencies",
        WAITS,
        observed=UNREADY,
    ),
    Row(
        "all that is not ready is told",
        "wait_for_dependencies",
        Wait(f"waits: {DB}; Secret shop/key is not there", reason="DependencyNotReady"),
        observed={"unready": (DB, "Secret shop/key is not there")},
    ),
    Row(
        "an upgrade waits too",
        "wait_for_dependencies",
        WAITS,
        observed={"newest": a_revision(digest="old"), **UNREADY},
    ),
    Row(
        "a take-over waits too",
        "wait_for_dependencies",
        WAITS,
        observed={"newest": a_revision(7, **FOREIGN), "likeness": alike(7), **UNREADY},
    ),
    Row(
        "a forced upgrade waits too",
        "wait_for_dependencies",
        WAITS,
        observed={"newest": a_revision(), "forced": True, **UNREADY},
    ),
    Row(
        "a move waits before the former release goes",
        "wait_for_dependencies",
        WAITS,
        observed={"former": a_revision(4, release=FORMER), "renders": True, **UNREADY},
    ),
    Row(
        "a failed upgrade is tried again once all is ready",
        "wait_for_dependencies",
        WAITS,
        observed={"newest": a_revision(2, "failed"), **UNREADY},
    ),
    Row(
        "a release in sync waits for nothing",
        "",
        Nothing("in sync"),
        observed={"newest": a_revision(), "unjudged": True, **UNREADY},
    ),
    Row(
        "other kinds are looked at before an install",
        "wait_for_dependencies",
        JUDGE,
        observed={"unjudged": True},
    ),
    Row(
        "other kinds are not looked at while a HelmRelease is waited for",
        "wait_for_dependencies",
        WAITS,
        observed={"unjudged": True, **UNREADY},
    ),
    Row(
        "what is ready is not waited for",
        "upgrade_out_of_sync",
        Upgrade("values or options changed (generation 1)"),
        observed={"newest": a_revision(digest="old")},
    ),
    Row(
        "what is in force is looked after while its upgrade waits",
        "keep_in_force",
        Look(1, frozenset({DEPLOYMENT}), f"somebody may have changed what {HAS}"),
        observed={
            "newest": a_revision(digest="old"),
            "suspects": frozenset({DEPLOYMENT}),
            **UNREADY,
        },
    ),
    Row(
        "a cycle is refused and named",
        "refuse_cycle",
        CYCLE,
        observed={"cycle": WAY, **UNREADY},
    ),
    Row(
        "a cycle is told of a release in sync too",
        "tell_cycle",
        CYCLE,
        observed={"newest": a_revision(), "cycle": WAY},
    ),
    Row(
        "a cycle keeps nobody from tidying up",
        "sweep_late_objects",
        Sweep("a writer was stopped; what he left or made late is tidied up"),
        observed={"newest": a_revision(), "cycle": WAY, "sweep_due": True},
    ),
    Row(
        "a member of a cycle that is deleted goes",
        "uninstall_deleted",
        Uninstall(RELEASE, "the HelmRelease is deleted"),
        desired=DELETED,
        observed={"newest": a_revision(), "cycle": WAY},
    ),
    Row(
        "what is deleted waits for no dependency",
        "uninstall_deleted",
        Uninstall(RELEASE, "the HelmRelease is deleted"),
        desired=DELETED,
        observed={"newest": a_revision(), "unjudged": True, **UNREADY},
    ),
    Row(
        "what is deleted goes after those that depend on it",
        "wait_for_dependents",
        Wait("goes after what depends on it: shop/a, shop/b", reason="DependentsGoFirst"),
        desired=DELETED,
        observed={"newest": a_revision(), "dependents": ("shop/a", "shop/b")},
    ),
    Row(
        "of many dependents some are named",
        "wait_for_dependents",
        Wait(
            "goes after what depends on it: " + ", ".join("abcdefghij") + ", 16 more",
            reason="DependentsGoFirst",
        ),
        desired=DELETED,
        observed={"newest": a_revision(), "dependents": tuple(ascii_lowercase)},
    ),
    Row(
        "dependents that are not deleted are waited for a moment",
        "wait_for_dependents",
        Wait("goes after what depends on it: shop/a", SOON, "DependentsGoFirst"),
        desired=DELETED,
        observed={
            "newest": a_revision(),
            "dependents": ("shop/a",),
            "dependents_until": SOON,
        },
    ),
    Row(
        "dependents that are not deleted hold nothing up for long",
        "uninstall_deleted",
        Uninstall(RELEASE, "the HelmRelease is deleted"),
        desired=DELETED,
        observed={
            "newest": a_revision(),
            "dependents": ("shop/a",),
            "dependents_until": PAST,
        },
    ),
    Row(
        "dependents are no matter while nothing is deleted",
        "",
        Nothing("in sync"),
        observed={"newest": a_revision(), "dependents": ("shop/a",)},
    ),
    Row(
        "the way back does not wait",
        "roll_back_failed",
        Rollback(1, "revision 2 failed"),
        desired=ROLLBACK,
        history=UPGRADE_FAILED,
        observed=UNREADY,
    ),
]
