"""Kinds are asked for once, and again after a while when they were not there."""

import asyncio
import json
from dataclasses import dataclass, field

import pytest

from helmward.errors import NotFound
from helmward.kube.discovery import Discovery


@dataclass
class Server:
    """An API server that only knows discovery."""

    kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    now: float = 0.0

    async def ask(self, path: str) -> bytes:
        self.asked.append(path)
        await asyncio.sleep(0)
        if path not in self.kinds:
            raise NotFound(path)
        resources = [
            {"name": plural, "kind": kind, "namespaced": True, "verbs": []}
            for plural, kind in self.kinds[path].items()
        ]
        return json.dumps({"resources": resources}).encode()

    def discovery(self) -> Discovery:
        return Discovery(self.ask, lambda: self.now)


async def test_a_group_is_asked_for_once_even_by_many() -> None:
    """A burst of turns at the start is one request."""
    server = Server({"/apis/apps/v1": {"deployments": "Deployment", "deployments/status": "Scale"}})
    discovery = server.discovery()
    found = await asyncio.gather(*(discovery.find("apps/v1", "Deployment") for _ in range(9)))

    assert {resource.plural for resource in found} == {"deployments"}
    assert server.asked == ["/apis/apps/v1"]


async def test_a_kind_that_comes_later_is_found_later() -> None:
    """Its CRD may be part of the same release; until then the server is left in peace."""
    server = Server()
    discovery = server.discovery()
    for _ in range(5):
        with pytest.raises(NotFound, match="is its CRD installed"):
            await discovery.find("x.io/v1", "Thing")
    server.kinds["/apis/x.io/v1"] = {"things": "Thing"}
    server.now = 3.0

    assert (await discovery.find("x.io/v1", "Thing")).plural == "things"
    assert len(server.asked) == 2


async def test_the_core_group_has_a_path_of_its_own() -> None:
    """It is older than groups."""
    server = Server({"/api/v1": {"secrets": "Secret", "pods": "Pod"}})

    assert (await server.discovery().find("v1", "Pod")).path("a") == "/api/v1/namespaces/a/pods"
