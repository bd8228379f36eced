"""How each HelmRelease stands, as gauges that are read off what is known.

Fed by `Meters`. Nothing has to be removed series by series: who is not known
has none, and a condition or a version that is no longer told is not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from helmward.model import Account, Declared, DriftState, Key, ReleaseRef, Stage, Told

OLD_NAME: Final = "flux_helm_operator_release_condition_info"
WHO: Final = ("api", "namespace", "name")
"""Two generations may hold HelmReleases of one name."""
UNSEEN: Final = frozenset({DriftState.OFF, DriftState.UNSEEN})
_VALUES: Final = {"True": 1, "False": -1}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one HelmRelease."""

    key: Key
    release: ReleaseRef
    stage: Stage
    conditions: tuple[tuple[str, int], ...] = ()
    chart: str = ""
    version: str = ""
    revision: int = 0
    suspended: bool = False
    attempts: int = 0
    retry_at: float | None = None
    pending_since: float | None = None
    """None when it is Ready."""
    phase: str = ""
    """How far the action under way has come; empty when there is none."""
    drifted: int | None = None
    """How many objects are not as they should be; None where nobody looks."""

    @property
    def who(self) -> list[str]:
        """The labels that every gauge of ours has."""
        return [self.key.api, self.key.namespace, self.key.name]


def standing(declared: Declared, account: Account, told: Told) -> Standing:
    """Take from what a turn found and told what is measured."""
    newest, attempts = account.newest, account.attempts
    retry_at = attempts.retry_at if attempts else None
    return Standing(
        key=declared.key,
        release=declared.release,
        stage=account.stage,
        conditions=tuple((one.type, _VALUES.get(one.status, 0)) for one in told.conditions),
        chart=account.chart_name,
        version=newest.chart.removeprefix(f"{account.chart_name}-") if newest else "",
        revision=newest.number if newest else 0,
        suspended=declared.commands.suspend or account.stage is Stage.SUSPENDED,
        attempts=attempts.count if attempts else 0,
        retry_at=retry_at.timestamp() if retry_at else None,
        drifted=_drifted(account),
    )


def _drifted(account: Account) -> int | None:
    drift = account.drift
    return drift.objects if drift and drift.state not in UNSEEN else None


class Standings(Collector):
    """The gauges of all HelmReleases."""

    def __init__(self) -> None:
        self.known: dict[Key, Standing] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Tell how everything stands now."""
        known = list(self.known.values())
        yield _conditions(known)
        yield _info(known)
        yield _ready(known)
        yield _stage(known)
        yield _phase(known)
        yield from _numbers(known)


def _conditions(known: list[Standing]) -> GaugeMetricFamily:
    """Tell the conditions by release; where two HelmReleases aim at one, the worse counts."""
    labels = ("target_namespace", "release_name", "condition")
    family = GaugeMetricFamily(OLD_NAME, "Conditions: -1 false, 0 unknown, 1 true.", labels=labels)
    values: dict[tuple[str, str, str], int] = {}
    for one in known:
        for condition, value in one.conditions:
            where = (one.release.namespace, one.release.name, condition)
            values[where] = min(value, values.get(where, value))
    for where, value in values.items():
        family.add_metric(where, value)
    return family


def _info(known: list[Standing]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "helmward_release_info",
        "Which release a HelmRelease is, and what is released; always 1.",
        labels=(*WHO, "release_namespace", "release", "chart", "version"),
    )
    for one in known:
        where = [one.release.namespace, one.release.name]
        family.add_metric([*one.who, *where, one.chart, one.version], 1)
    return family


def _ready(known: list[Standing]) -> GaugeMetricFamily:
    words = "1 when all is as asked for, else 0."
    family = GaugeMetricFamily("helmward_release_ready", words, labels=WHO)
    for one in known:
        family.add_metric(one.who, one.stage is Stage.READY)
    return family


def _stage(known: list[Standing]) -> GaugeMetricFamily:
    words = f"How far it is from what it asks for: {', '.join(Stage)}; always 1."
    family = GaugeMetricFamily("helmward_release_stage", words, labels=(*WHO, "stage"))
    for one in known:
        family.add_metric([*one.who, one.stage], 1)
    return family


def _phase(known: list[Standing]) -> GaugeMetricFamily:
    words = "How far the action under way has come; always 1, absent when there is none."
    family = GaugeMetricFamily("helmward_release_phase", words, labels=(*WHO, "phase"))
    for one in known:
        if one.phase:
            family.add_metric([*one.who, one.phase], 1)
    return family


_NUMBERS: Final = {
    "revision": "Helm's newest revision; 0 when there is none.",
    "suspended": "1 while it is suspended, else 0.",
    "attempts": "Failures since the last success of what is asked for.",
    "next_attempt_timestamp_seconds": "When a failure is tried again; absent when nothing is.",
    "pending_since_timestamp_seconds": "Since when it is not Ready; absent while it is.",
    "drifted_objects": "Objects that somebody changed; absent where nobody looks.",
}


def _numbers(known: list[Standing]) -> Iterator[GaugeMetricFamily]:
    families = {
        name: GaugeMetricFamily(f"helmward_release_{name}", words, labels=WHO)
        for name, words in _NUMBERS.items()
    }
    for one in known:
        values = (
            one.revision,
            one.suspended,
            one.attempts,
            one.retry_at,
            one.pending_since,
            one.drifted,
        )
        for family, value in zip(families.values(), values, strict=True):
            if value is not None:
                family.add_metric(one.who, value)
    yield from families.values()
