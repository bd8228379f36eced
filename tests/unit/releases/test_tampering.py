"""What somebody did to a release's records, told from what Helmward does itself."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from helmward.model import (
    Adopt,
    Compare,
    Condition,
    Decision,
    Install,
    Revision,
    Rollback,
    Told,
    Uninstall,
    Unlock,
    Upgrade,
)
from helmward.releases.tampering import tampering
from tests.support.builders import (
    FORMER,
    KEY,
    RELEASE,
    a_declared,
    a_revision,
    an_observed,
)
from tests.support.decisions import FOREIGN, OTHER

IN_SYNC = Condition("Ready", "True", "InSync", "")
FAILED = Condition("Ready", "False", "ReleaseFailed", "")
ROLLED_BACK = Condition("Ready", "False", "RolledBack", "")
TOLD = Told(release_name=RELEASE.name, revision=2, conditions=(IN_SYNC,))
UPGRADE, INSTALL = Upgrade("why"), Install("why")


def told(ready: Condition = IN_SYNC, **changes: Any) -> Told:
    given: dict[str, Any] = {"release_name": RELEASE.name, "revision": 2, "conditions": (ready,)}
    return Told(**given | changes)


@dataclass
class Case:
    name: str
    words: str
    history: tuple[Revision, ...] = ()
    decision: Decision = UPGRADE
    done: tuple[Decision, ...] = ()
    told: Told = TOLD
    former: Revision | None = None
    deleting: bool = False


OVER_OURS = (a_revision(3, **FOREIGN), a_revision(2, "superseded"))
AT = "2026-01-02T03:04:05Z"
CASES = [
    Case("written over", f"revision 3 by another tool at {AT}", OVER_OURS, done=(Compare(3, ""),)),
    Case(
        "written over by another HelmRelease",
        f"revision 3 by HelmRelease {OTHER.owner} at {AT}",
        (a_revision(3, owner=OTHER.owner), a_revision(2, "superseded")),
    ),
    Case(
        "half uninstalled by a tool that drops our annotations",
        f"revision 2 was marked uninstalling by another tool at {AT}",
        (a_revision(2, "uninstalling", **FOREIGN),),
        Uninstall(RELEASE, ""),
    ),
    Case("written over with the same", "", OVER_OURS, Adopt(3, "")),
    Case("taken over for the first time", "", (a_revision(7, **FOREIGN),), told=Told()),
    Case("removed", "revision 2 was removed by another tool", (), INSTALL),
    Case(
        "removed, an older one is left",
        "revision 2 was removed by another tool: 1 is left",
        (a_revision(1, "superseded"),),
    ),
    Case(
        "uninstalled with its history kept",
        f"revision 2 was marked uninstalled by another tool at {AT}",
        (a_revision(2, "uninstalled"),),
        INSTALL,
    ),
    Case(
        "half uninstalled",
        f"revision 2 was marked uninstalling by another tool at {AT}",
        (a_revision(2, "uninstalling"),),
        Uninstall(RELEASE, ""),
    ),
    Case(
        "marked failed",
        f"revision 2 was marked failed by another tool at {AT}",
        (a_revision(2, "failed"),),
    ),
    Case(
        "what a rollback brought back was removed",
        "revision 2 was removed by another tool",
        (),
        INSTALL,
        told=told(ROLLED_BACK),
    ),
    Case("ended by ourselves", "", (a_revision(2, "failed", outcome="broken"),)),
    Case("never installed", "", (), INSTALL, told=Told()),
    Case("failed before", "", (), INSTALL, told=told(FAILED)),
    Case("cleared away in this turn", "", (), INSTALL, done=(Uninstall(RELEASE, ""),)),
    Case("rolled back in this turn", "", (a_revision(3),), done=(Rollback(1, ""),)),
    Case("renamed", "", (), INSTALL, told=told(release_name=FORMER.name)),
    Case("moved", "", (), INSTALL, former=a_revision(release=FORMER)),
    Case("deleted", "", (a_revision(2, "failed"),), Uninstall(RELEASE, ""), deleting=True),
    Case("something new is asked for", "", (a_revision(2),)),
    Case(
        "an upgrade that a crash cut short", "", (a_revision(3, "pending-upgrade"),), Unlock(3, "")
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_told(case: Case) -> None:
    declared = a_declared(key=KEY, told=case.told, deleting=case.deleting)
    observed = an_observed(*case.history, former=case.former)
    assert tampering(declared, observed, case.decision, case.done) == case.words


def test_what_the_other_tool_said_is_told_too() -> None:
    """`helm` describes what it did; the watch does not follow that."""
    newest = replace(a_revision(3, **FOREIGN), description="Rollback to 1")
    observed = an_observed(newest, a_revision(2, "superseded"))
    found = tampering(a_declared(told=TOLD), observed, UPGRADE, ())
    assert found == f"revision 3 by another tool at {AT}: Rollback to 1"
