"""Watches end by themselves, so that connections spread anew, but not all at the same time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from helmward.kube.listing import LONGEST, SHORTEST, Selection, Start, watch
from helmward.kube.resources import SECRETS
from helmward.kube.transport import Request, Transport


class Server:
    """Answers each watch with nothing and keeps what was asked for."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    @asynccontextmanager
    async def stream(self, request: Request, _: float) -> AsyncIterator["Server"]:
        self.asked.append(request)
        yield self

    async def iter_any(self) -> AsyncIterator[bytes]:
        return
        yield b""


async def lasting(server: Server) -> int:
    """Watch until the server ends it; return for how many seconds was asked."""
    transport = cast("Transport", server)
    async for _ in watch(transport, Selection(SECRETS), Start("1"), 75.0):
        pass
    asked: Any = server.asked[-1].params
    return int(asked["timeoutSeconds"])


async def test_watches_last_for_long_and_end_apart() -> None:
    """Each beginning is a request: an idle operator has a dozen watches."""
    server = Server()
    lengths = [await lasting(server) for _ in range(30)]
    assert all(SHORTEST <= one <= LONGEST for one in lengths)
    assert len(set(lengths)) > 1
