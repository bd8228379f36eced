"""What Helmward does when: the rules, asked in order; the first answer counts.

Pure. `loop` calls `decide` with what is asked for and what was found; time,
retry counts and limits are fields of the arguments. The reference page is
printed from `RULES` and their docstrings.
"""

from collections.abc import Callable

from helmward.model import (
    Decision,
    Desired,
    Forget,
    Install,
    Nothing,
    Observed,
    Refuse,
    Revision,
    Status,
    Uninstall,
    Unlock,
    Upgrade,
    Wait,
    Writer,
)

Rule = Callable[[Desired, Observed], Decision | None]


def let_go_of_nothing(desired: Desired, observed: Observed) -> Decision | None:
    """A HelmRelease that is deleted and owns no release loses its finalizer at once."""
    if desired.deleting and not (_owns(desired, observed.newest) or observed.former):
        return Forget(why="no release of this HelmRelease is left")
    return None


def refuse_taken_name(desired: Desired, observed: Observed) -> Decision | None:
    """A release name that another HelmRelease holds is refused; the holder is undisturbed."""
    holder = observed.name_holder
    if desired.deleting or holder is None:
        return None
    return Refuse(
        reason="ReleaseNameTaken",
        why=(
            f'spec.releaseName: "{desired.release.name}" is held by HelmRelease {holder}; '
            "choose another name, or delete that one"
        ),
    )


def leave_living_writer(_: Desired, observed: Observed) -> Decision | None:
    """A pending revision whose writer lives, or may live, is left alone."""
    newest = observed.newest
    if newest is None or not newest.status.pending:
        return None
    if observed.writer is Writer.ALIVE:
        return Wait(why=f"revision {newest.number} is being written by {newest.session}")
    if observed.writer is Writer.FOREIGN and not _outlived(observed):
        why = f"revision {newest.number} is {newest.status} by another tool"
        return Wait(why=why, until=observed.foreign_until)
    return None


def unlock_pending(_: Desired, observed: Observed) -> Decision | None:
    """A pending revision whose writer is gone is unlocked before anything else."""
    newest = observed.newest
    if newest and newest.status.pending:
        return Unlock(revision=newest.number, why=f"left {newest.status} by a writer that is gone")
    return None


def uninstall_deleted(desired: Desired, observed: Observed) -> Decision | None:
    """The release of a deleted HelmRelease is uninstalled, retries spaced out."""
    if not desired.deleting:
        return None
    target = observed.newest if _owns(desired, observed.newest) else observed.former
    if target is None:
        return None
    return _spaced(desired, observed) or Uninstall(target.release, "the HelmRelease is deleted")


def hold_back_failed(desired: Desired, observed: Observed) -> Decision | None:
    """What failed is tried again after its back-off; anything new asked for, at once."""
    return _spaced(desired, observed)


def move_renamed(desired: Desired, observed: Observed) -> Decision | None:
    """A release under a former name goes before the one under the new name comes."""
    former = observed.former
    if former is None:
        return None
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


def upgrade_failed(desired: Desired, observed: Observed) -> Decision | None:
    """A failed revision never blocks: the next one is written over it."""
    newest = observed.newest
    if newest is None or newest.status is not Status.FAILED:
        return None
    if newest.digest == desired.digest:
        return Upgrade(why=f"revision {newest.number} failed; tried again")
    return Upgrade(why=f"revision {newest.number} failed; {_change(desired, newest)}")


def take_over(desired: Desired, observed: Observed) -> Decision | None:
    """A release that no HelmRelease owns is taken over by an upgrade."""
    newest = observed.newest
    if newest is None or newest.owner == desired.key.owner:
        return None
    former = f"HelmRelease {newest.owner}" if newest.owner else "another tool"
    return Upgrade(why=f"revision {newest.number} by {former} is taken over")


def upgrade_out_of_sync(desired: Desired, observed: Observed) -> Decision | None:
    """A release whose chart, values or options differ from what is asked for is upgraded."""
    newest = observed.newest
    if newest is None or newest.digest == desired.digest:
        return None
    return Upgrade(why=_change(desired, newest))


RULES: tuple[Rule, ...] = (
    let_go_of_nothing,
    refuse_taken_name,
    leave_living_writer,
    unlock_pending,
    uninstall_deleted,
    hold_back_failed,
    move_renamed,
    finish_uninstall,
    install_absent,
    upgrade_failed,
    take_over,
    upgrade_out_of_sync,
)


def decide(desired: Desired, observed: Observed) -> Decision:
    """Return the answer of the first rule that has one."""
    for rule in RULES:
        if decision := rule(desired, observed):
            return decision
    return Nothing(why="in sync")


def _owns(desired: Desired, revision: Revision | None) -> bool:
    return revision is not None and revision.owner == desired.key.owner


def _outlived(observed: Observed) -> bool:
    until, now = observed.foreign_until, observed.now
    return until is not None and now is not None and now >= until


def _spaced(desired: Desired, observed: Observed) -> Wait | None:
    """Wait while the same asked-for state failed and its next try is still to come."""
    tried, now = observed.attempts, observed.now
    if tried.digest != desired.digest or tried.retry_at is None or now is None:
        return None
    if now >= tried.retry_at:
        return None
    return Wait(why=tried.cause, until=tried.retry_at)


def _change(desired: Desired, newest: Revision) -> str:
    asked = str(desired.chart)
    if newest.chart and newest.chart != asked:
        return f"chart {newest.chart} -> {asked}"
    return f"values or options changed (generation {desired.generation})"
