"""Sources that do not answer hold up nobody who does not need them."""

import asyncio
from pathlib import Path

from helmward.apis import V1
from tests.support.charts import ChartRepo
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane


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
