"""What is kept of releases: which kinds they need, and what they have lost."""

from helmward.releases.awake.followed import Followed, Lost, kinds_in_force
from helmward.releases.awake.inventory import GroupKind, Inventory, kinds_of
from helmward.releases.awake.watches import Needs
from tests.support.builders import a_revision

MAPS, WORKLOADS = GroupKind("", "ConfigMap"), GroupKind("apps", "Deployment")


def test_a_kind_is_needed_as_long_as_one_release_has_it() -> None:
    """The last one that goes takes it along."""
    needs, nothing = Needs(), kinds_of("")
    one, other = kinds_of("v1/ConfigMap"), kinds_of("v1/ConfigMap,apps/v1/Deployment")
    needs.change(nothing, one)
    needs.change(nothing, other)
    needs.change(other, one)
    without_workloads = [*needs]
    needs.change(one, nothing)
    needs.change(one, nothing)

    assert without_workloads == [MAPS]
    assert MAPS not in needs


def test_the_most_usual_version_is_asked_for_first() -> None:
    """An object is the same in each; old charts may name one that is not served any more."""
    needs = Needs()
    for version in ("v1beta1", "v1", "v1"):
        needs.change(kinds_of(""), kinds_of(f"apps/{version}/Deployment"))

    assert needs.versions(WORKLOADS) == ["apps/v1", "apps/v1beta1"]


def test_while_an_upgrade_runs_the_kinds_before_it_count() -> None:
    """Its own are known when it has ended; a watch that stands need not begin anew."""
    before = a_revision(1, kinds="v1/ConfigMap")

    assert kinds_in_force([a_revision(2, "pending-upgrade"), before]) == {MAPS: "v1"}
    assert kinds_in_force([a_revision(2, "deployed"), a_revision(1, "superseded")]) == {}


def test_two_in_force_count_both_and_the_newest_first() -> None:
    """For the moment in which the older one is not superseded yet."""
    newer = a_revision(2, kinds="apps/v1/Deployment")
    older = a_revision(1, kinds="apps/v1beta1/Deployment,v1/ConfigMap")

    assert kinds_in_force([newer, older]) == {WORKLOADS: "apps/v1", MAPS: "v1"}


def test_what_another_revision_does_not_have_is_not_lost() -> None:
    """An upgrade removes objects, and its watch tells of each."""
    followed = Followed(lost={b"kept..": Lost(), b"not it": Lost()})
    look = followed.look
    followed.renew("uid", Inventory({}, {b"kept..": b""}), 7.0)
    kept = [*followed.lost]
    followed.renew("other", None, 8.0)

    assert kept == [b"kept.."]
    assert followed.look is not look
    assert followed.lost == {}
    assert (followed.revision, followed.fresh_until) == ("other", 8.0)
