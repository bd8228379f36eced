"""What acting needs: the engine, the cluster, and in whose name it writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from helmward.apis import Generation
from helmward.engine import Engine, OnPhase, WriterId
from helmward.kube import Kube
from helmward.model import CHART, DIGEST, OWNER, Declared, Desired
from helmward.releases.storage import Storage
from helmward.runtime.sessions import Sessions

GRACE: Final = timedelta(seconds=15)
"""How much longer than Helm's own timeout a call may take before it is cancelled."""


@dataclass(frozen=True, slots=True)
class Hands:
    """The tools of every verb."""

    engine: Engine
    kube: Kube
    generation: Generation
    storage: Storage
    sessions: Sessions
    session: str
    """The session that claims what is written: `<namespace>/<name>` of its Lease."""

    @property
    def writer(self) -> WriterId:
        """In whose name the engine writes."""
        return WriterId(self.session)


@dataclass(frozen=True, slots=True)
class Task:
    """For whom a verb is performed, and on what it stands."""

    declared: Declared
    desired: Desired
    why: str
    on_phase: OnPhase | None = None

    @property
    def deadline(self) -> timedelta:
        """How long the whole call may take."""
        return self.desired.timeout + GRACE

    @property
    def annotations(self) -> Mapping[str, str]:
        """What the release Secret tells of who asked for it."""
        return {
            OWNER: self.desired.key.owner,
            DIGEST: self.desired.digest,
            CHART: str(self.desired.chart),
        }
