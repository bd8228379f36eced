"""`POST /api/v1/sync-git`: whoever pushed something asks to look at once.

Joined to the server by itself. Knows a callback and nothing of what it does;
anybody may call, so what a caller can cause is bounded.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from aiohttp import web

from helmward.web.body import LARGEST_BODY

PATH: Final = "/api/v1/sync-git"
PAUSE: Final = 5.0
"""Seconds between two refreshes: calls between them become one, at the end of it."""
Ring = Callable[[], None]


class Bell:
    """Calls `refresh` when rung: at once, but never twice within the pause, `PAUSE` by default.

    No ring is lost: one that comes too soon is answered by a later call.
    """

    def __init__(self, refresh: Ring, *, pause: float | None = None) -> None:
        self._refresh = refresh
        self._pause = PAUSE if pause is None else pause
        self._resting: asyncio.TimerHandle | None = None
        self._again = False

    def ring(self) -> None:
        """Refresh now, or at the end of the pause."""
        if self._resting is not None:
            self._again = True
            return
        self._resting = asyncio.get_running_loop().call_later(self._pause, self._rested)
        self._refresh()

    def still(self) -> None:
        """Forget rings that were not answered: the server stops."""
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def _rested(self) -> None:
        self._resting = None
        if self._again:
            self._again = False
            self.ring()


def route(rings: Iterable[Ring]) -> web.RouteDef:
    """Return the route, which rings them all; other methods than POST are answered with 405."""
    ringing = tuple(rings)

    async def sync_git(request: web.Request) -> web.Response:
        """Answer `OK` at once; what stands in the body does not matter."""
        if (request.content_length or 0) > LARGEST_BODY:
            raise web.HTTPRequestEntityTooLarge(
                max_size=LARGEST_BODY, actual_size=request.content_length or 0
            )
        for ring in ringing:
            ring()
        return web.Response(text="OK")

    return web.post(PATH, sync_git)
