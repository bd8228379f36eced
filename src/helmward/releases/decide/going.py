"""Rules for a HelmRelease that is deleted, suspended, or has no right to its name."""

from helmward.model import (
    Decision,
    Desired,
    Forget,
    Observed,
    Refuse,
    Suspended,
    Uninstall,
)
from helmward.releases.decide.facts import own_newest, owns, spaced

DELETED = "the HelmRelease is deleted"


def leave_with_its_kind(desired: Desired, observed: Observed) -> Decision | None:
    """A HelmRelease deleted because its CRD is deleted leaves its release as it is."""
    if desired.deleting and observed.kind_is_going:
        return Forget(why="its CRD is being deleted: the release stays as it is")
    return None


def leave_suspended_behind(desired: Desired, observed: Observed) -> Decision | None:
    """A suspended HelmRelease that is deleted leaves its release as it is."""
    if desired.deleting and desired.commands.suspend:
        newest = observed.newest
        which = f"revision {newest.number}" if newest else "nothing"
        return Forget(why=f"suspended: {which} stays as it is")
    return None


def let_go_of_nothing(desired: Desired, observed: Observed) -> Decision | None:
    """A HelmRelease that is deleted and owns no release loses its finalizer at once."""
    if desired.deleting and not (owns(desired, observed.newest) or observed.former):
        return Forget(why="no release of this HelmRelease is left")
    return None


def leave_suspended(desired: Desired, _: Observed) -> Decision | None:
    """A suspended HelmRelease is left alone, whatever it asks for and whatever is there."""
    if desired.commands.suspend and not desired.deleting:
        return Suspended(why="suspended: nothing is done until that is taken back")
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


def uninstall_deleted(desired: Desired, observed: Observed) -> Decision | None:
    """The release of a deleted HelmRelease is uninstalled, retries spaced out."""
    newest = own_newest(desired, observed)
    if newest is None or not desired.deleting:
        return None
    return spaced(desired, observed) or Uninstall(newest.release, DELETED)


def uninstall_former_of_deleted(desired: Desired, observed: Observed) -> Decision | None:
    """What a deleted HelmRelease still owns under a former name is uninstalled too."""
    former = observed.former
    if former is None or not desired.deleting:
        return None
    return spaced(desired, observed) or Uninstall(former.release, DELETED)
