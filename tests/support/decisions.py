"""A row of the table of decisions, and the histories that many of them stand on."""

from dataclasses import dataclass, field
from typing import Any

from helmward.model import Decision, Key
from tests.support.builders import KEY, a_revision, options

OTHER = Key(KEY.api, "team", "cart")
FOREIGN: dict[str, Any] = {"owner": "", "digest": ""}


@dataclass
class Row:
    name: str
    rule: str
    decision: Decision
    desired: dict[str, Any] = field(default_factory=dict)
    observed: dict[str, Any] = field(default_factory=dict)
    history: tuple[Any, ...] = ()


def brought_back(rollbacks: int = 1) -> Any:
    """Revision 3 is a rollback of what is asked for, after revision 2 failed."""
    told: dict[str, Any] = {"rolled_back_from": "asked", "rollbacks": str(rollbacks)}
    return a_revision(3, digest="before", **told)


ROLLED_BACK = (
    brought_back(),
    a_revision(2, "failed"),
    a_revision(1, "superseded", digest="before"),
)
UPGRADE_FAILED = (a_revision(2, "failed", phase="done"), a_revision(1, digest="before"))
ROLLBACK: dict[str, Any] = {"options": options(rollback={})}
RETRY: dict[str, Any] = {"options": options(rollback={"retry": True, "max_retries": 1})}
TESTS: dict[str, Any] = {"options": options(test={})}
