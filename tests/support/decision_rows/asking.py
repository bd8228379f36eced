"""Rows of the rules in `decide/asking.py`: brought to what is asked for, tested, moved, adopted."""

from helmward.model import (
    Adopt,
    Compare,
    Install,
    Nothing,
    Refuse,
    Render,
    Sweep,
    Test,
    Uninstall,
    Upgrade,
)
from tests.support.builders import FORMER, RELEASE, a_chart, a_revision, alike, commands, options
from tests.support.decisions import FOREIGN, OTHER, TESTS, Row


def managed_by(owner: str) -> str:
    return (
        f'spec.releaseName: the objects of release "{RELEASE}" are managed by {owner}; '
        "choose another name, or delete that one"
    )


VOLUMES = (
    f'moving to "{RELEASE}" uninstalls "{FORMER}" and with it PersistentVolumeClaims (data); '
    'take the new name back, or set the annotation helmward.dev/volumes: "delete"'
)


ROWS = [
    # Sync
    Row("in sync", "", Nothing("in sync"), observed={"newest": a_revision()}),
    # Install and upgrade
    Row(
        "an interrupted uninstall is finished",
        "finish_uninstall",
        Uninstall(RELEASE, "an uninstall was interrupted"),
        observed={"newest": a_revision(2, "uninstalling")},
    ),
    Row("absent is installed", "install_absent", Install("install cart-1.0.0")),
    Row(
        "uninstalled with its history kept is installed",
        "install_absent",
        Install("install cart-1.0.0"),
        observed={"newest": a_revision(3, "uninstalled")},
    ),
    Row(
        "another chart is an upgrade that names both",
        "upgrade_out_of_sync",
        Upgrade("chart cart-1.0.0 -> cart-2.0.0"),
        desired={"chart": a_chart("2.0.0"), "digest": "new"},
        observed={"newest": a_revision()},
    ),
    Row(
        "other values are an upgrade",
        "upgrade_out_of_sync",
        Upgrade("values or options changed (generation 4)"),
        desired={"generation": 4, "digest": "new"},
        observed={"newest": a_revision()},
    ),
    Row(
        "a forced upgrade needs no other cause",
        "upgrade_forced",
        Upgrade("forced by annotation"),
        observed={"newest": a_revision(), "forced": True},
    ),
    Row(
        "what is left over is looked for when it is time",
        "sweep_late_objects",
        Sweep("a writer was stopped; what he left or made late is tidied up"),
        observed={"newest": a_revision(), "sweep_due": True},
    ),
    # Tests
    Row(
        "a new revision is tested",
        "test_untested",
        Test(1, "revision 1 is not tested yet"),
        desired=TESTS,
        observed={"newest": a_revision(tests="2")},
    ),
    Row(
        "a chart without tests is in sync",
        "",
        Nothing("in sync"),
        desired=TESTS,
        observed={"newest": a_revision()},
    ),
    Row(
        "tests that passed are not run again",
        "",
        Nothing("in sync"),
        desired=TESTS,
        observed={"newest": a_revision(tests="1", tested="passed")},
    ),
    Row(
        "failed tests that are to be ignored are in sync",
        "",
        Nothing("in sync"),
        desired={"options": options(test={"ignore_failures": True})},
        observed={"newest": a_revision(tests="1", tested="failed")},
    ),
    Row(
        "failed tests are run again where there is no way back",
        "test_again",
        Test(2, "its tests failed; run again"),
        desired=TESTS,
        history=(
            a_revision(2, tests="1", tested="failed"),
            a_revision(1, "superseded", digest="before"),
        ),
    ),
    # Rename
    Row(
        "a new name is rendered first",
        "move_renamed",
        Render('the release is renamed to "shop/shop-cart"'),
        observed={"former": a_revision(4, release=FORMER)},
    ),
    Row(
        "a former name goes once the new one renders",
        "move_renamed",
        Uninstall(FORMER, 'the release is renamed to "shop-cart"'),
        observed={"former": a_revision(4, release=FORMER), "renders": True},
    ),
    Row(
        "a move that takes volumes needs a word of the user",
        "move_renamed",
        Refuse("VolumesAtStake", VOLUMES),
        observed={"former": a_revision(4, release=FORMER, volumes="data")},
    ),
    Row(
        "a move that may take volumes goes on",
        "move_renamed",
        Render('the release is renamed to "shop/shop-cart"'),
        desired={"commands": commands(volumes_may_go=True)},
        observed={"former": a_revision(4, release=FORMER, volumes="data")},
    ),
    # Adoption
    Row(
        "a release by a human's helm is compared first",
        "take_over",
        Compare(7, "revision 7 is by another tool"),
        observed={"newest": a_revision(7, **FOREIGN)},
    ),
    Row(
        "what was compared with something else is compared anew",
        "take_over",
        Compare(7, "revision 7 is by another tool"),
        observed={"newest": a_revision(7, **FOREIGN), "likeness": alike(7, digest="old")},
    ),
    Row(
        "a release that is what is asked for is adopted as it is",
        "take_over",
        Adopt(7, "revision 7 is what is asked for"),
        observed={"newest": a_revision(7, **FOREIGN), "likeness": alike(7)},
    ),
    Row(
        "a failed release that is what is asked for is upgraded",
        "take_over",
        Upgrade("revision 7 by another tool is taken over"),
        observed={"newest": a_revision(7, "failed", **FOREIGN), "likeness": alike(7)},
    ),
    Row(
        "a release that differs is taken over by an upgrade",
        "take_over",
        Upgrade("revision 7 by another tool is taken over: values differ at replicas"),
        observed={
            "newest": a_revision(7, **FOREIGN),
            "likeness": alike(7, same=False, difference="values differ at replicas"),
        },
    ),
    Row(
        "a release whose HelmRelease is gone is taken over",
        "take_over",
        Upgrade(f"revision 1 by HelmRelease {OTHER.owner} is taken over"),
        observed={
            "newest": a_revision(owner=OTHER.owner),
            "likeness": alike(same=False),
        },
    ),
    Row(
        "a release whose objects are another HelmRelease's is refused",
        "take_over",
        Refuse("ReleaseNameTaken", managed_by("team:helmrelease/cart")),
        observed={
            "newest": a_revision(**FOREIGN),
            "likeness": alike(owner="team:helmrelease/cart"),
        },
    ),
    Row(
        "a revision that somebody else's helm wrote over ours is brought back",
        "take_over",
        Upgrade("revision 2 by another tool is brought back: values differ at replicas"),
        history=(a_revision(2, **FOREIGN), a_revision(1, "superseded")),
        observed={"likeness": alike(2, same=False, difference="values differ at replicas")},
    ),
]
