"""Does one thing with each of many steps, a few at a time.

Called by `apply`. One step's failure is that step's alone; a cluster that is
gone ends all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, TypeVar

from helmward.errors import ClusterUnavailable, HelmwardError, Invalid
from helmward.gitops.cluster import Cluster, raise_if_gone
from helmward.gitops.plan import Step
from helmward.gitops.policies import wrong
from helmward.gitops.report import Refusal

IN_FLIGHT: Final = 8

T = TypeVar("T")
One = Callable[[Step], Awaitable[T]]


async def each(cluster: Cluster, steps: Sequence[Step], one: One[T]) -> list[T | Refusal]:
    """Return what came of each step, in their order.

    Raises:
        ClusterUnavailable: the API server is gone; the rest was left.
    """
    results: dict[int, T | Refusal] = {}
    lost: list[ClusterUnavailable] = []
    line = enumerate(steps)
    async with asyncio.TaskGroup() as group:
        for _ in range(min(IN_FLIGHT, len(steps))):
            group.create_task(_work(cluster, line, one, results, lost))
    if lost:
        raise lost[0]
    return [results[index] for index in range(len(steps))]


async def _work(
    cluster: Cluster,
    line: Iterator[tuple[int, Step]],
    one: One[T],
    results: dict[int, T | Refusal],
    lost: list[ClusterUnavailable],
) -> None:
    for index, step in line:
        try:
            results[index] = await _tried(cluster, step, one)
        except ClusterUnavailable as error:
            lost.append(error)
        if lost:
            return


async def _tried(cluster: Cluster, step: Step, one: One[T]) -> T | Refusal:
    try:
        if fault := wrong(step.manifest.object):
            raise Invalid(fault)
        return await one(step)
    except ClusterUnavailable as error:
        await raise_if_gone(cluster, error)
        return _refusal(step, error)
    except HelmwardError as error:
        return _refusal(step, error)


def _refusal(step: Step, error: HelmwardError) -> Refusal:
    return Refusal(step.id, step.manifest.place, error.reason, str(error))
