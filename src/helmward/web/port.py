"""One address on which routes are answered; a client that asks for nothing is hung up on.

Opened by the server. Knows nothing of what is answered.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from helmward.web.address import listening
from helmward.web.body import LARGEST_BODY

LAST_WORDS: Final = 2.0
"""Seconds that answers under way get when the server stops."""
_TO_ASK: Final = 5.0
"""Seconds in which a client that has connected must have asked for something."""
_IDLE: Final = 75.0
"""Seconds that a connection is kept open between two requests."""


class Port:
    """Answers while it is open; `number` is the port in use from then on."""

    def __init__(self, listen: str, routes: Iterable[web.RouteDef], *, said: str) -> None:
        """`said` is the flag that names the address."""
        self.number = 0
        self._listen, self._said = listen, said
        self._routes = list(routes)
        self._silent: dict[web.RequestHandler, asyncio.TimerHandle] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Accept connections; answers under way end with it.

        Raises:
            ConfigInvalid: the address cannot be had.
        """
        runner = web.AppRunner(
            self._app(),
            access_log=None,
            shutdown_timeout=LAST_WORDS,
            keepalive_timeout=_IDLE,
            lingering_time=_TO_ASK,
        )
        sock = listening(self._listen, self._said)
        self.number = sock.getsockname()[1]
        try:
            await runner.setup()
            async with self._accepting(runner, sock):
                yield
        finally:
            await runner.cleanup()
            sock.close()

    @asynccontextmanager
    async def _accepting(self, runner: web.AppRunner, sock: socket.socket) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()

        def accept() -> web.RequestHandler:
            assert runner.server is not None  # noqa: S101  # set up by the caller
            handler = runner.server()
            self._silent[handler] = loop.call_later(_TO_ASK, self._hang_up, handler)
            return handler

        server = await loop.create_server(accept, sock=sock)
        try:
            yield
        finally:
            server.close()
            for timer in self._silent.values():
                timer.cancel()

    def _hang_up(self, handler: web.RequestHandler) -> None:
        """Close a connection on which nothing was asked for; aiohttp waits for ever."""
        del self._silent[handler]
        if handler.transport is not None:
            handler.transport.abort()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._note], client_max_size=LARGEST_BODY)
        app.add_routes(self._routes)
        return app

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a connection live that has asked for something."""
        if timer := self._silent.pop(request.protocol, None):
            timer.cancel()
        return await handler(request)
