"""What acting needs: the engine, the cluster, and in whose name it writes."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import Final

from helmward.apis import Generation
from helmward.engine import ActionOptions, Engine, OnPhase, WriterId
from helmward.kube import Kube
from helmward.model import (
    CHART,
    COMMIT,
    CONTENT,
    DIGEST,
    FORCED,
    HIDDEN,
    NOTHING_SET,
    OWNER,
    Declared,
    Desired,
    Observed,
    Revision,
)
from helmward.releases.judging import Judges
from helmward.releases.storage import Storage
from helmward.runtime.sessions import Sessions

GRACE: Final = timedelta(seconds=15)
"""How much longer than Helm's own timeouts a call may take before it is cancelled."""
OPERATIONS: Final = 3
"""Helm's timeout is that of one operation: the hooks before, the wait, the hooks after."""


def allowed(timeout: timedelta) -> timedelta:
    """Return how long a call may take whose operations have each this long."""
    return timeout * OPERATIONS + GRACE


@dataclass(frozen=True, slots=True)
class Hands:
    """The tools of every verb."""

    engine: Engine
    kube: Kube
    generation: Generation
    storage: Storage
    sessions: Sessions
    writer: WriterId
    """The session that claims what is written, and how long it still may."""
    kind_stays: Callable[[], Awaitable[bool]]
    """Whether the CRD was not being deleted when the HelmRelease was, as the server has it."""
    exists: Callable[[str], bool] = lambda _: False
    """Whether a HelmRelease, named as antecedent annotations do, is in the cluster."""
    log_diffs: bool = False
    """Whether an upgrade logs what of the values changes."""
    judges: Judges | None = None
    """Who tells whether what a HelmRelease depends on is ready."""
    antecedents: tuple[str, ...] = ()
    """The annotations of all generations that say whose an object is."""

    @property
    def session(self) -> str:
        """The session's Lease: `<namespace>/<name>`."""
        return self.writer.session


@dataclass(frozen=True, slots=True)
class Task:
    """For whom a verb is performed, and on what it stands."""

    declared: Declared
    desired: Desired
    why: str
    observed: Observed
    on_phase: OnPhase | None = None
    emptied: bool = False
    """Whether this turn has uninstalled the release, and no action before it is in doubt."""

    @property
    def deadline(self) -> timedelta:
        """How long the whole call may take."""
        return allowed(self.desired.timeout)

    @property
    def annotations(self) -> Mapping[str, str]:
        """What the release Secret tells of who asked for it."""
        desired = self.desired
        told = {
            OWNER: desired.key.owner,
            DIGEST: desired.digest,
            CHART: str(desired.chart),
        }
        if desired.chart:
            told[CONTENT] = desired.chart.digest
            if desired.chart.commit:
                told[COMMIT] = desired.chart.commit
        if desired.hidden:
            told[HIDDEN] = json.dumps(sorted(desired.hidden, key=str))
        if self.observed.forced:
            # The status may never come to say that the token was served.
            told[FORCED] = desired.commands.force_at
        return told

    @property
    def object_annotations(self) -> Mapping[str, str]:
        """What every object tells of whose it is, in the words of the API in use."""
        key, value = self.declared.antecedent
        return {key: value} if key else NOTHING_SET

    def options(self, session: str, *, first: bool) -> ActionOptions:
        """How install (`first`) and upgrade are performed."""
        asked = self.desired.options
        return ActionOptions(
            timeout=asked.timeout,
            wait=asked.wait and (asked.install_waits or not first),
            max_history=asked.max_history,
            take_ownership=self.desired.commands.take_ownership,
            skip_crds=asked.skip_crds,
            force=asked.force,
            values_policy=asked.values_policy,
            disable_openapi_validation=asked.disable_openapi_validation,
            stamp=_may_be_written_late(self.observed.history, session),
        )


def _may_be_written_late(history: Iterable[Revision], session: str) -> bool:
    """Tell whether somebody who was cut off may still have requests on their way.

    All since the last revision that was in force count: of those that failed in
    between, none may have come to every object. Whom we cancelled ourselves has
    heard of it.
    """
    since = takewhile(lambda one: not one.good, history)
    return any(one.outcome == "broken" or (one.outcome and one.session != session) for one in since)
