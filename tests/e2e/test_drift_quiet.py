"""What costs nothing: objects that nobody took anything from, releases that are left in peace."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from helmward.apis import V1
from helmward.kube.resources import CONFIG_MAPS
from tests.e2e.test_checks import serving
from tests.support.operator import Releases
from tests.support.plane import Plane
from tests.support.stories import history


class Scrape:
    """The metrics of an operator."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def __call__(self, name: str) -> float:
        """Read one that has no labels, or whose labels are given too."""
        async with self._session.get(f"{self._url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        found = [line for line in lines if line.startswith(f"{name} ")]
        return float(found[0].rpartition(" ")[2]) if found else 0.0


@pytest.fixture
async def metrics(plane: Plane, releases: Releases) -> AsyncIterator[Scrape]:
    async with serving(plane, releases) as url, aiohttp.ClientSession() as session:
        yield Scrape(url, session)


async def patch(v1: Releases, name: str, **data: str) -> None:
    await v1.kube.patch(CONFIG_MAPS, name, v1.namespace, {"data": data})


async def test_what_others_add_is_not_even_looked_at(metrics: Scrape, releases: Releases) -> None:
    """A field of somebody else's beside ours takes nothing from us.

    Another release that really drifted shows that the watch had come that far.
    """
    v1 = releases.of("app", resource=V1.resource)
    for name in ("web", "other"):
        await v1.apply(name, values={"colour": "red"})
        await v1.ready(name)
    await patch(v1, f"{v1.namespace}-other-0", colour="by hand")
    await v1.says("other", "by hand", kind="Drifted")
    before = await metrics("helmward_engine_api_requests_total")
    as_it_was = await v1.get("web")

    for number in range(10):
        await patch(v1, f"{v1.namespace}-web-0", own=str(number))
    await patch(v1, f"{v1.namespace}-other-0", colour="again")
    await v1.says("other", "again", kind="Drifted")

    assert await metrics("helmward_engine_api_requests_total") - before <= 3, "one look at one"
    assert await v1.get("web") == as_it_was
    assert not await v1.condition("web", "Drifted")


async def test_a_correction_is_looked_at_no_more(metrics: Scrape, releases: Releases) -> None:
    """What we wrote ourselves comes back through the watch, and is no news."""
    v1 = releases.of("app", resource=V1.resource)
    for name in ("web", "other"):
        await v1.apply(name, values={"colour": "red"}, driftDetection={"mode": "enabled"})
        await v1.ready(name)
    await patch(v1, f"{v1.namespace}-web-0", colour="by hand")
    await v1.says("web", "DriftCorrected", kind="Drifted")
    as_it_was = await v1.get("web")
    await patch(v1, f"{v1.namespace}-other-0", colour="by hand")
    await v1.says("other", "DriftCorrected", kind="Drifted")

    assert await metrics("helmward_engine_api_requests_total") > 0
    assert await v1.get("web") == as_it_was
    assert await history(v1, f"{v1.namespace}-web") == ["1 deployed"]


async def test_drift_is_measured(metrics: Scrape, releases: Releases) -> None:
    """How much there is now, and how much there was."""
    v1 = releases.of("app", resource=V1.resource)
    await v1.apply("web", values={"colour": "red", "objects": 2})
    await v1.ready("web")
    labels = f'{{api="helm.fluxcd.io/v1",name="web",namespace="{v1.namespace}"}}'
    gauge = f"helmward_release_drifted_objects{labels}"
    assert await metrics(gauge) == 0
    await patch(v1, f"{v1.namespace}-web-0", colour="by hand")
    await v1.says("web", "web-0", kind="Drifted")
    await v1.kube.delete(CONFIG_MAPS, f"{v1.namespace}-web-1", v1.namespace)
    await v1.says("web", "web-1: deleted", kind="Drifted")
    assert await metrics(gauge) == 2
    assert await metrics("helmward_drift_detected_total") == 2

    await v1.apply(
        "web", values={"colour": "red", "objects": 2}, driftDetection={"mode": "enabled"}
    )
    await v1.says("web", "DriftCorrected", kind="Drifted")
    assert await metrics(gauge) == 0
    assert await metrics("helmward_drift_corrected_total") == 2
    assert await metrics("helmward_drift_contested_total") == 0
