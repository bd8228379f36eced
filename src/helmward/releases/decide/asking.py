"""Rules that bring a release to what is asked for."""

from helmward.model import (
    Adopt,
    Compare,
    Decision,
    Desired,
    Install,
    Observed,
    Refuse,
    Render,
    Status,
    Sweep,
    Test,
    Uninstall,
    Upgrade,
)
from helmward.model.declared import VOLUMES_MAY_GO
from helmward.releases.decide.facts import LATE, change, own_newest, owns, whose


def move_renamed(desired: Desired, observed: Observed) -> Decision | None:
    """A renamed release moves: once the new one renders, the old one goes, volumes only if told."""
    former = observed.former
    if former is None:
        return None
    if former.volumes and not desired.commands.volumes_may_go:
        return Refuse(
            reason="VolumesAtStake",
            why=(
                f'moving to "{desired.release}" uninstalls "{former.release}" and with it '
                f"PersistentVolumeClaims ({former.volumes}); take the new name back, or set the "
                f'annotation {VOLUMES_MAY_GO}: "delete"'
            ),
        )
    if not observed.renders:
        return Render(why=f'the release is renamed to "{desired.release}"')
    return Uninstall(former.release, why=f'the release is renamed to "{desired.release.name}"')


def finish_uninstall(_: Desired, observed: Observed) -> Decision | None:
    """An uninstall that was interrupted is finished before the release is made anew."""
    newest = observed.newest
    if newest and newest.status is Status.UNINSTALLING:
        return Uninstall(newest.release, why="an uninstall was interrupted")
    return None


def install_absent(desired: Desired, observed: Observed) -> Decision | None:
    """A release that is not in Helm's storage, or was uninstalled there, is installed."""
    newest = observed.newest
    if newest is None or newest.status is Status.UNINSTALLED:
        return Install(why=f"install {desired.chart}")
    return None


def take_over(desired: Desired, observed: Observed) -> Decision | None:
    """A revision of no living HelmRelease becomes ours: as it is if it is what is asked for.

    It is compared first. One whose objects say that they are another
    HelmRelease's is refused; one that differs is upgraded.
    """
    newest = observed.newest
    if newest is None or owns(desired, newest):
        return None
    found = observed.likeness
    if found is None or found.revision != newest.number or found.digest != desired.digest:
        return Compare(newest.number, why=f"revision {newest.number} is by {whose(newest)}")
    if found.owner:
        return Refuse(
            reason="ReleaseNameTaken",
            why=(
                f'spec.releaseName: the objects of release "{desired.release}" are managed by '
                f"{found.owner}; choose another name, or delete that one"
            ),
        )
    if found.same and newest.status is Status.DEPLOYED and not observed.forced:
        return Adopt(newest.number, why=f"revision {newest.number} is what is asked for")
    what = "brought back" if any(owns(desired, one) for one in observed.history) else "taken over"
    difference = f": {found.difference}" if found.difference else ""
    return Upgrade(why=f"revision {newest.number} by {whose(newest)} is {what}{difference}")


def upgrade_forced(desired: Desired, observed: Observed) -> Decision | None:
    """An upgrade that is forced by annotation is made even without another cause."""
    if observed.forced and own_newest(desired, observed):
        return Upgrade(why="forced by annotation")
    return None


def upgrade_out_of_sync(desired: Desired, observed: Observed) -> Decision | None:
    """A release whose chart, values or options differ from what is asked for is upgraded."""
    newest = observed.newest
    if newest is None or newest.digest == desired.digest:
        return None
    return Upgrade(why=change(desired, newest))


def test_untested(desired: Desired, observed: Observed) -> Decision | None:
    """A new revision is tested where the HelmRelease says so and its chart has tests."""
    newest = own_newest(desired, observed)
    if newest is None or not (desired.options.test.enable and newest.has_tests):
        return None
    if newest.digest == desired.digest and not newest.tested and not newest.failed_digest:
        return Test(newest.number, why=f"revision {newest.number} is not tested yet")
    return None


def sweep_late_objects(_: Desired, observed: Observed) -> Decision | None:
    """What a writer who was stopped made late is deleted, what he left undone is finished."""
    if observed.sweep_due and observed.newest and observed.newest.status is Status.DEPLOYED:
        return Sweep(why=LATE)
    return None
