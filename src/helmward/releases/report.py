"""What users read: status, events and metrics; nothing else writes them.

`loop` hands over an account of what was found and done. The words of the
status are the generation's; what has not changed is not sent again. Whatever
text leaves passes through `mask` first.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog

from helmward.apis import Generation
from helmward.errors import NotFound, SessionLost
from helmward.kube import Kube
from helmward.logs import redacted
from helmward.model import Account, Declared, DriftState, Stage, Told
from helmward.releases.drift import News, listed
from helmward.releases.durations import SYNC
from helmward.releases.meters import Meters
from helmward.runtime.events import EventRecorder, Regarding

__all__ = ["Meters", "Reporter"]

WAITING: Final = "waiting"
"""The engine's word for the phase in which workloads become ready."""
REMEMBERED: Final = 4096
"""Of how many resources that are gone late news is still recognised as late."""

log = structlog.get_logger("helmward.releases")


class Reporter:
    """Writes the status of all HelmReleases, their events and their metrics."""

    def __init__(  # noqa: PLR0913  # every way out, by name
        self,
        kube: Kube,
        generations: Mapping[str, Generation],
        recorder: EventRecorder,
        meters: Meters,
        mask: Callable[[str], str] = lambda text: text,
        *,
        alive: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kube = kube
        self._generations = generations
        self._recorder = recorder
        self._meters = meters
        self._mask = mask
        self._on_told: Callable[[Declared, Told, Told], None] = lambda *_: None
        self._alive = alive
        self._clock = clock
        self._told: dict[str, Told] = {}
        self._well: dict[str, tuple[Account, str]] = {}
        """The last account of what is Ready, and the digest of the status that tells of it."""
        self._waiting: dict[str, float] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()

    def told(self, declared: Declared) -> Told:
        """Return what the status says, also before the watch has brought it back."""
        return self._told.get(declared.uid, declared.told)

    def subscribe(self, on_told: Callable[[Declared, Told, Told], None]) -> None:
        """Tell `on_told` of every status that was written: whose, what it said, what it says."""
        self._on_told = on_told

    def tells(self, declared: Declared, account: Account) -> bool:
        """Tell whether the status is known to say just this, of a release that is Ready."""
        return self._well.get(declared.uid) == (account, self.told(declared).digest)

    async def report(self, declared: Declared, account: Account) -> bool:
        """Write the status if it says something new, and tell whether it did.

        Raises:
            ClusterUnavailable: the status is written at the next turn.
            SessionLost: the status is another's to write by now.
        """
        before, now = self.told(declared), datetime.now(UTC)
        if self.tells(declared, account):
            return False
        generation = self._generations[declared.key.api]
        status, told = generation.status(self._masked(account), before, now)
        if declared.uid not in self._gone:
            self._meters.told(declared, account, told, now)
        self._well.pop(declared.uid, None)
        if told.digest == before.digest:
            self._keep(declared, account, told)
            return False
        if not self._alive():
            raise SessionLost("the session is over: the status is another's to write")
        key = declared.key
        try:
            await self._kube.replace_status(generation.resource, key.name, key.namespace, status)
        except NotFound:
            return False
        if declared.uid not in self._gone:
            self._told[declared.uid] = told
            self._on_told(declared, before, told)
        return True

    def _keep(self, declared: Declared, account: Account, told: Told) -> None:
        """Remember that the status tells of an account, so that it is not worded again."""
        if account.stage is Stage.READY and declared.uid not in self._gone:
            self._well[declared.uid] = (account, told.digest)

    def event(self, declared: Declared, account: Account) -> None:
        """Tell of something that happened, as a Kubernetes Event and a log line."""
        warning = account.stage in {Stage.WAITING, Stage.STALLED}
        generation = self._generations[declared.key.api]
        named = generation.failed_event if warning else generation.synced_event
        said = {"action": account.action or None, "reason": account.reason}
        self._say(declared, named, account.message, warning=warning, **said)

    def warn(self, declared: Declared, reason: str, message: str) -> None:
        """Tell of something that the status does not say, as an Event and a log line."""
        self._say(declared, reason, message, warning=True)

    def drift(self, declared: Declared, news: News) -> None:
        """Tell of objects that somebody changed: events, log lines, and how many there were."""
        left = [one for one in news.detected if not one.corrected]
        self._meters.drifted(news)
        for state, found in (
            (DriftState.DETECTED, left),
            (DriftState.CORRECTED, news.corrected),
            (DriftState.CONTESTED, news.contested),
        ):
            if found:
                self.drifted(declared, state, listed(found))

    def drifted(self, declared: Declared, state: DriftState, message: str) -> None:
        """Tell of drift in so many words, as an event and a log line."""
        self._say(declared, str(state), message, warning=state is not DriftState.CORRECTED)

    def _say(
        self, declared: Declared, named: str, message: str, *, warning: bool, **said: str | None
    ) -> None:
        """Record an Event of that name, and write a log line that says more of it."""
        regarding = _regarding(self._generations[declared.key.api], declared)
        clean = self._clean(message)
        self._recorder.record(regarding, named, clean, warning=warning)
        write = log.warning if warning else log.info
        write(clean, **({"reason": named} | said), **_names(declared))

    def tampered(self, declared: Declared, message: str) -> None:
        """Tell what somebody did to the records of a release."""
        self._meters.detected.inc()
        self.drifted(declared, DriftState.DETECTED, message)

    def phase(self, declared: Declared, name: str, detail: str = "") -> None:
        """Note how far the action under way has come, in the engine's words."""
        log.debug("phase", phase=name, detail=self._clean(detail), **_names(declared))
        if declared.uid in self._gone:
            return
        self._waited(declared)
        if name == WAITING:
            self._waiting[declared.uid] = self._clock()
        self._meters.phase(declared, name)

    def acted(self, action: str, account_of: Declared, seconds: float, *, success: bool) -> None:
        """Count an action of Helm's, or `sync` for a whole turn; it is over."""
        if not success and action != SYNC:
            said = f"{action} failed"  # what scripts look for in the log
            log.info(said, action=action, seconds=round(seconds, 3), **_names(account_of))
        if account_of.uid in self._gone:
            return
        self._waited(account_of)
        self._meters.phase(account_of, "")
        self._meters.acted(action, account_of, seconds, success=success)

    def turned(self, stage: Stage) -> None:
        """Count a turn."""
        self._meters.turns.labels(stage).inc()

    def spared(self) -> None:
        """Count a check that needed no turn."""
        self._meters.checks.inc()

    def forget(self, declared: Declared) -> None:
        """Drop what is kept of a resource that is gone, its metrics too.

        An action that ends after its resource was seen to go brings nothing back.
        """
        self._told.pop(declared.uid, None)
        self._well.pop(declared.uid, None)
        self._waiting.pop(declared.uid, None)
        self._meters.forget(declared)
        self._gone[declared.uid] = None
        if len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)

    def _waited(self, declared: Declared) -> None:
        """Count a wait for workloads, if one ends here."""
        if (began := self._waiting.pop(declared.uid, None)) is not None:
            self._meters.waits.observe(self._clock() - began)

    def _clean(self, text: str) -> str:
        # What is secret first: a URL cut open would no longer be recognised as one.
        return redacted(self._mask(text))

    def _masked(self, account: Account) -> Account:
        """Clean every text of an account; names stay, or the status would tell of others."""
        chart, attempts, newest = account.chart, account.attempts, account.newest
        drift = account.drift
        return replace(
            account,
            drift=drift and replace(drift, message=self._clean(drift.message)),
            message=self._clean(account.message),
            chart_problem=self._clean(account.chart_problem),
            chart=chart and replace(chart, stale_reason=self._clean(chart.stale_reason)),
            attempts=attempts and replace(attempts, cause=self._clean(attempts.cause)),
            newest=newest and replace(newest, description=self._clean(newest.description)),
        )


def _names(declared: Declared) -> dict[str, str]:
    """Return who a log line is about, under the keys that the old operator used."""
    key, release = declared.key, declared.release
    return {
        "resource": f"{key.namespace}:helmrelease/{key.name}",
        "release": release.name,
        "targetNamespace": release.namespace,
    }


def _regarding(generation: Generation, declared: Declared) -> Regarding:
    resource, key = generation.resource, declared.key
    return Regarding(resource.api_version, resource.kind, key.namespace, key.name, declared.uid)
