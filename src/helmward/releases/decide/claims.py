"""Rules for a revision that somebody writes, or died writing."""

from helmward.model import Decision, Desired, Observed, Resume, Unlock, Wait, Writer
from helmward.releases.decide.facts import outlived


def leave_living_writer(_: Desired, observed: Observed) -> Decision | None:
    """A pending revision whose writer lives, or may live, is left alone."""
    newest = observed.newest
    if newest is None or not newest.status.pending:
        return None
    if observed.writer is Writer.ALIVE:
        return Wait(why=f"revision {newest.number} is being written by {newest.session}")
    if observed.writer is Writer.FOREIGN and not outlived(observed):
        why = f"revision {newest.number} is {newest.status} by another tool"
        return Wait(why=why, until=observed.foreign_until)
    return None


def resume_wait(desired: Desired, observed: Observed) -> Decision | None:
    """A revision of what is asked for whose writer died while it only waited is waited for."""
    newest = observed.newest
    if newest is None or not newest.status.pending or desired.deleting:
        return None
    asked = desired.digest in {newest.digest, newest.failed_digest}
    if observed.writer is Writer.GONE and newest.phase == "waiting" and asked:
        return Resume(newest.number, why="its writer is gone; the wait goes on")
    return None


def unlock_pending(_: Desired, observed: Observed) -> Decision | None:
    """A pending revision whose writer is gone is unlocked before anything else."""
    newest = observed.newest
    if newest and newest.status.pending:
        return Unlock(revision=newest.number, why=f"left {newest.status} by a writer that is gone")
    return None
