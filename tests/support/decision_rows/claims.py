"""Rows of the rules in `decide/claims.py`: revisions that somebody writes, or died writing."""

from helmward.model import Resume, Unlock, Wait, Writer
from tests.support.builders import PAST, SOON, a_revision
from tests.support.decisions import FOREIGN, Row

ROWS = [
    Row(
        "pending by a living writer is left alone",
        "leave_living_writer",
        Wait("revision 2 is being written by ops/helmward-a"),
        observed={
            "newest": a_revision(2, "pending-upgrade", session="ops/helmward-a"),
            "writer": Writer.ALIVE,
        },
    ),
    Row(
        "pending by a human's helm is left alone for its own timeout",
        "leave_living_writer",
        Wait("revision 1 is pending-install by another tool", until=SOON),
        observed={
            "newest": a_revision(1, "pending-install", **FOREIGN),
            "writer": Writer.FOREIGN,
            "foreign_until": SOON,
        },
    ),
    Row(
        "a wait whose writer is gone is gone on with",
        "resume_wait",
        Resume(2, "its writer is gone; the wait goes on"),
        observed={
            "newest": a_revision(2, "pending-upgrade", phase="waiting"),
            "writer": Writer.GONE,
        },
    ),
    Row(
        "a rollback that waits is gone on with too",
        "resume_wait",
        Resume(3, "its writer is gone; the wait goes on"),
        observed={
            "newest": a_revision(
                3, "pending-rollback", digest="before", rolled_back_from="asked", phase="waiting"
            ),
            "writer": Writer.GONE,
        },
    ),
    Row(
        "a wait for what is asked for no more is unlocked",
        "unlock_pending",
        Unlock(2, "left pending-upgrade by a writer that is gone"),
        desired={"digest": "new"},
        observed={
            "newest": a_revision(2, "pending-upgrade", phase="waiting"),
            "writer": Writer.GONE,
        },
    ),
    Row(
        "pending by a writer that is gone is unlocked",
        "unlock_pending",
        Unlock(2, "left pending-upgrade by a writer that is gone"),
        observed={
            "newest": a_revision(2, "pending-upgrade", phase="applying"),
            "writer": Writer.GONE,
        },
    ),
    Row(
        "pending by a human's helm is unlocked after its own timeout",
        "unlock_pending",
        Unlock(1, "left pending-install by a writer that is gone"),
        observed={
            "newest": a_revision(1, "pending-install", **FOREIGN),
            "writer": Writer.FOREIGN,
            "foreign_until": PAST,
        },
    ),
]
