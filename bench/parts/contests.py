"""Storms of all contestants: without pods, with pods, of a large chart."""

from collections.abc import Mapping, Sequence

from bench.collected import Collected
from bench.contest import Contested, contests
from bench.loads import LARGE, NO_PODS, WITH_PODS
from bench.parts.part import Ask


async def storms(ask: Ask, collected: Collected) -> None:
    """Measure all sizes where there are no pods, and releases alone."""
    scale = ask.scale
    sizes = {"floor": scale.storms, "helm": (scale.by_helm,), "helmward": scale.storms}
    alone = dict.fromkeys(sizes, scale.alone_others) | {"helmward": scale.alone}
    asked = Contested(NO_PODS, _of(ask, sizes), alone)
    collected.contests += await contests(asked, ask.folder, ask.say)


async def pods(ask: Ask, collected: Collected) -> None:
    """Measure the smallest size where each release has a pod."""
    first = ask.scale.storms[:1]
    sizes = {"floor": first, "helm": (ask.scale.by_helm,), "helmward": first}
    asked = Contested(WITH_PODS, _of(ask, sizes), {})
    collected.contests += await contests(asked, ask.folder, ask.say)


async def large(ask: Ask, collected: Collected) -> None:
    """Measure a chart of forty objects, without the helm CLI."""
    sizes = dict.fromkeys(("floor", "helmward"), (ask.scale.large,))
    asked = Contested(LARGE, _of(ask, sizes), {})
    collected.contests += await contests(asked, ask.folder, ask.say)


def _of(ask: Ask, sizes: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    return {name: size for name, size in sizes.items() if name in ask.contestants}
