"""Many releases of one chart cost its source what one costs."""

import asyncio

from helmward.apis import V1
from tests.support.charts import ChartRepo
from tests.support.operator import Releases
from tests.support.wait import until
from tests.support.world import look, ready

MANY = 200


async def test_two_hundred_releases_of_one_chart_fetch_it_once(
    operator: Releases, repo: ChartRepo
) -> None:
    """Indexes and archives are shared, also by those who ask while they are on their way."""
    v1 = operator.of("app", resource=V1.resource)
    before = repo.count("/index.yaml"), repo.count("/app-1.0.0.tgz")
    names = [f"web-{number}" for number in range(MANY)]
    for start in range(0, MANY, 20):
        await asyncio.gather(*(v1.apply(one, values={}) for one in names[start : start + 20]))

    async def all_are_ready() -> bool:
        world = await look(v1)
        return all(ready(world.resources[name]) for name in names)

    await until(all_are_ready, within=120, every=0.5)
    assert (repo.count("/index.yaml"), repo.count("/app-1.0.0.tgz")) == (before[0] + 1, 1)
