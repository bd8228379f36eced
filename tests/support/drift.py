"""Objects that differ, and a watch that sees what a test says."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from helmward.model import Author, Divergence, FieldChange, ObjectRef, Revision

WEB = ObjectRef("apps/v1", "Deployment", "shop", "web")
CONFIG = ObjectRef("v1", "ConfigMap", "shop", "web")
AT = datetime(2026, 1, 2, 10, 40, 12, tzinfo=UTC)
SCALE = Author("kubectl-scale", "Update", AT, "scale")


def a_change(
    path: str = "/spec/replicas",
    desired: str = "1",
    live: str = "5",
    author: Author | None = SCALE,
) -> FieldChange:
    return FieldChange(path, desired, live, author)


def scaled(of: ObjectRef = WEB, **changes: Any) -> Divergence:
    return Divergence(of, **{"changes": (a_change(),), **changes})


def deleted(of: ObjectRef = CONFIG, **changes: Any) -> Divergence:
    return Divergence(of, **{"gone": True, **changes})


@dataclass
class Seen:
    """A watch of one release; who marks and settles is noted."""

    suspect: set[ObjectRef] = field(default_factory=set)
    is_unknown: bool = False
    is_ready: bool = True
    unseen: tuple[str, ...] = ()

    def ready(self, _: Revision) -> bool:
        return self.is_ready

    def suspects(self, _: Revision) -> frozenset[ObjectRef]:
        return frozenset(self.suspect)

    def unknown(self, _: Revision) -> bool:
        return self.is_unknown

    def polled(self, _: Revision) -> tuple[str, ...]:
        return self.unseen

    def mark(self, _: Revision, objects: Collection[ObjectRef]) -> frozenset[ObjectRef]:
        return frozenset(objects or self.suspect)

    def settle(self, mark: frozenset[ObjectRef]) -> None:
        self.suspect -= mark
