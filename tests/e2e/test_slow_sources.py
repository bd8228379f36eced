"""Sources that do not answer hold up nobody who does not need them."""

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path

from helmward.apis import V1
from tests.support.charts import ChartRepo
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.wait import until


class Gate(ChartRepo):
    """A repository that answers once it is let to."""

    def __init__(self, folder: Path) -> None:
        self.asked, self.opened = threading.Event(), threading.Event()
        super().__init__(folder)

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        self.asked.set()
        self.opened.wait(30)
        return super().answer(path, headers)


async def test_what_was_asked_for_while_a_chart_was_fetched_is_what_is_installed(
    plane: Plane, releases: Releases, charts: Path, release: str
) -> None:
    """The older one would be a revision that nobody wants any more."""
    v1 = releases.of("app", resource=V1.resource)
    with Gate(charts) as gate:
        async with running(settings_for(plane.kubeconfig)):
            source = {"repository": gate.url}
            await v1.apply("web", chart=source, values={"colour": "red"})
            await until(gate.asked.is_set)
            await v1.apply("web", chart=source, values={"colour": "green"})
            await v1.apply("other", chart=source)
            await v1.delete("other")
            gate.opened.set()
            await v1.ready("web")
            (only,) = await v1.revisions(release)
            assert only["config"] == {"colour": "green"}
            await v1.clear()


async def test_a_repository_that_does_not_answer_holds_up_no_other_release(
    plane: Plane, releases: Releases, tmp_path: Path
) -> None:
    """Two workers, ten releases that wait for it, and one that does not need it."""
    v1 = releases.of("app", resource=V1.resource)
    with ChartRepo(tmp_path / "silent") as silent:
        silent.fail(delay=20)
        async with running(settings_for(plane.kubeconfig, workers=2)):
            waits = {"chart": {"repository": silent.url}}
            await asyncio.gather(*(v1.apply(f"waits-{number}", **waits) for number in range(10)))
            await v1.apply("web")
            await v1.ready("web", within=15)
            await v1.clear()
