"""Rows of the rules in `decide/going.py`: deleted, suspended, without a right to the name."""

from helmward.model import Forget, Key, Refuse, Suspended, Uninstall, Wait
from tests.support.builders import FORMER, RELEASE, SOON, a_revision, commands, tried
from tests.support.decisions import OTHER, Row


def held_by(holder: Key) -> str:
    return (
        f'spec.releaseName: "shop-cart" is held by HelmRelease {holder}; '
        "choose another name, or delete that one"
    )


ROWS = [
    # Going
    Row(
        "deleted with its CRD leaves the release",
        "leave_with_its_kind",
        Forget("its CRD is being deleted: the release stays as it is"),
        desired={"deleting": True},
        observed={"newest": a_revision(), "kind_is_going": True},
    ),
    Row(
        "deleted while suspended leaves the release",
        "leave_suspended_behind",
        Forget("suspended: revision 1 stays as it is"),
        desired={"deleting": True, "commands": commands(suspend=True)},
        observed={"newest": a_revision()},
    ),
    Row(
        "deleted without a release is let go",
        "let_go_of_nothing",
        Forget("no release of this HelmRelease is left"),
        desired={"deleting": True},
    ),
    Row(
        "deleted while another's release stands under the name is let go",
        "let_go_of_nothing",
        Forget("no release of this HelmRelease is left"),
        desired={"deleting": True},
        observed={"newest": a_revision(owner=OTHER.owner)},
    ),
    Row(
        "suspended is left alone",
        "leave_suspended",
        Suspended("suspended: nothing is done until that is taken back"),
        desired={"commands": commands(suspend=True), "chart": None, "digest": "suspended"},
        observed={"newest": a_revision()},
    ),
    Row(
        "a taken name is refused and names the holder",
        "refuse_taken_name",
        Refuse("ReleaseNameTaken", held_by(OTHER)),
        observed={"name_holder": OTHER},
    ),
    # Deleted
    Row(
        "deleted with a release is an uninstall",
        "uninstall_deleted",
        Uninstall(RELEASE, "the HelmRelease is deleted"),
        desired={"deleting": True, "digest": "deleted"},
        observed={"newest": a_revision()},
    ),
    Row(
        "deleted with a release under a former name uninstalls that",
        "uninstall_former_of_deleted",
        Uninstall(FORMER, "the HelmRelease is deleted"),
        desired={"deleting": True, "digest": "deleted"},
        observed={"former": a_revision(release=FORMER)},
    ),
    Row(
        "a failed uninstall waits for its back-off",
        "uninstall_deleted",
        Wait("it failed", until=SOON),
        desired={"deleting": True, "digest": "deleted"},
        observed={"newest": a_revision(), "attempts": tried("deleted")},
    ),
]
