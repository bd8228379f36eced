"""Whether a kind stays is asked of the API server itself, once for all who want to know."""

import asyncio
from typing import Any

import pytest

from helmward.apis import V1
from helmward.errors import AccessDenied, HelmwardError, NotFound
from helmward.releases.kinds import Kind


class Server:
    """Has one CRD, or gives an error, and counts how often it is asked."""

    def __init__(self, error: HelmwardError | None = None) -> None:
        self.asked = 0
        self.metadata: dict[str, Any] = {}
        self._error = error

    async def get(self, *_: Any) -> dict[str, Any]:
        self.asked += 1
        await asyncio.sleep(0)
        if self._error:
            raise self._error
        return {"metadata": self.metadata}


def a_kind(server: Server) -> Kind:
    kube: Any = server
    return Kind(kube, V1, None, lambda _: None)


async def test_a_hundred_deletions_ask_once() -> None:
    """All were heard of before the answer was asked for."""
    server = Server()
    kind = a_kind(server)
    assert all(await asyncio.gather(*(kind.stays(float(number)) for number in range(-100, 0))))
    assert server.asked == 1


async def test_a_deletion_that_was_heard_of_later_asks_again() -> None:
    """The CRD may have been deleted since: then this is no wish of a user's."""
    server = Server()
    kind = a_kind(server)
    assert await kind.stays(0.0)
    server.metadata = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert await kind.stays(0.0)
    assert not await kind.stays(kind._asked)
    assert server.asked == 2


@pytest.mark.parametrize("error", [AccessDenied("no"), NotFound("no")])
async def test_who_may_not_look_takes_a_deletion_for_what_it_is(error: HelmwardError) -> None:
    assert await a_kind(Server(error)).stays(0.0)
