"""Finds the plural of a kind by asking the server for one group and version, once."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from helmward.errors import NotFound
from helmward.kube.resources import Resource, parse_api_version

PATIENCE: Final = 2.0
"""Seconds for which a kind that was not found is not asked for again."""


class _Kind(msgspec.Struct, frozen=True):
    name: str
    kind: str
    namespaced: bool


class _Kinds(msgspec.Struct, frozen=True):
    resources: list[_Kind] = []


class Discovery:
    """The kinds of the cluster, as far as somebody asked for them."""

    def __init__(
        self, ask: Callable[[str], Awaitable[bytes]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[tuple[str, str], Resource] = {}
        self._asked: dict[str, float] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def find(self, api_version: str, kind: str) -> Resource:
        """Return the resource of a kind.

        Raises:
            NotFound: the cluster has no such kind (yet).
        """
        async with self._locks[api_version]:
            if (api_version, kind) not in self._known and self._may_ask(api_version):
                await self._learn(api_version)
        if found := self._known.get((api_version, kind)):
            return found
        raise NotFound(f"the cluster has no kind {kind} in {api_version}; is its CRD installed?")

    def _may_ask(self, api_version: str) -> bool:
        asked = self._asked.get(api_version)
        return asked is None or self._clock() - asked >= PATIENCE

    async def _learn(self, api_version: str) -> None:
        group, version = parse_api_version(api_version)
        try:
            body = await self._ask(f"/apis/{api_version}" if group else f"/api/{api_version}")
        except NotFound:
            body = b"{}"
        self._asked[api_version] = self._clock()
        for found in msgspec.json.decode(body, type=_Kinds).resources:
            if "/" not in found.name:
                resource = Resource(group, version, found.name, found.kind, found.namespaced)
                self._known[api_version, found.kind] = resource
