"""The server behind --listen: /metrics, /healthz, /readyz, /api/v1/sync-git.

Called by `app`, which says what ready and alive mean by handing in checks, and
what a refresh is. Later pages (webhooks, dashboard) join through `routes`.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import REGISTRY, CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from helmward.settings import WebSettings
from helmward.web.address import listening
from helmward.web.refresh import LARGEST_BODY, Bell, route

Check = Callable[[], bool]
Checks = Mapping[str, Check]
Update = Callable[[], Awaitable[None]]
_LAST_WORDS: Final = 2.0
"""Seconds that answers under way get when the server stops."""
_TO_ASK: Final = 5.0
"""Seconds in which a client that has connected must have asked for something."""
_IDLE: Final = 75.0
"""Seconds that a connection is kept open between two requests."""
_UPDATE: Final = 2.0
"""Seconds that metrics of others may take to arrive; without them, the rest is told."""


class WebServer:
    """Serves one port while `run` runs; a check that raises counts as failed."""

    def __init__(  # noqa: PLR0913  # what there is to answer with, by name
        self,
        settings: WebSettings,
        registry: CollectorRegistry,
        checks: Checks,
        *,
        alive: Checks | None = None,
        routes: Iterable[web.RouteDef] = (),
        on_refresh: Callable[[], None] | None = None,
        before_metrics: Update | None = None,
    ) -> None:
        self.started = asyncio.Event()
        self.port = 0
        """The port in use, known once `started` is set."""
        self._settings = settings
        self._registry = registry
        self._ready, self._alive = checks, alive or {}
        self._routes = list(routes)
        self._bell = Bell(on_refresh) if on_refresh else None
        self._before_metrics = before_metrics
        self._silent: dict[web.RequestHandler, asyncio.TimerHandle] = {}
        _add_process_metrics(registry)

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            ConfigInvalid: the address of --listen cannot be had.
        """
        runner = web.AppRunner(
            self._app(),
            access_log=None,
            shutdown_timeout=_LAST_WORDS,
            keepalive_timeout=_IDLE,
            lingering_time=_TO_ASK,
        )
        sock = listening(self._settings.listen)
        try:
            await runner.setup()
            await self._serve(runner, sock)
        finally:
            await runner.cleanup()
            sock.close()

    async def _serve(self, runner: web.AppRunner, sock: socket.socket) -> None:
        """Accept connections until cancelled."""
        loop = asyncio.get_running_loop()

        def accept() -> web.RequestHandler:
            assert runner.server is not None  # noqa: S101  # set up by the caller
            handler = runner.server()
            self._silent[handler] = loop.call_later(_TO_ASK, self._hang_up, handler)
            return handler

        server = await loop.create_server(accept, sock=sock)
        self.port = sock.getsockname()[1]
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for timer in self._silent.values():
                timer.cancel()
            if self._bell:
                self._bell.still()

    def _hang_up(self, handler: web.RequestHandler) -> None:
        """Close a connection on which nothing was asked for; aiohttp waits for ever."""
        del self._silent[handler]
        if handler.transport is not None:
            handler.transport.abort()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._note], client_max_size=LARGEST_BODY)
        app.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", _answer_of(self._alive)),
                web.get("/readyz", _answer_of(self._ready)),
                *([route(self._bell)] if self._bell else []),
                *self._routes,
            ]
        )
        return app

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a connection live that has asked for something."""
        if timer := self._silent.pop(request.protocol, None):
            timer.cancel()
        return await handler(request)

    async def _metrics(self, request: web.Request) -> web.Response:
        """Write all metrics in the format that the client asks for."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        if self._before_metrics:
            with suppress(TimeoutError):
                async with asyncio.timeout(_UPDATE):
                    await self._before_metrics()
        # Thousands of releases take seconds to write out; nothing else may wait for it.
        body = await asyncio.to_thread(encode, self._registry)
        return web.Response(body=body, headers={"Content-Type": content_type})


def failing(checks: Checks) -> list[str]:
    """Name the checks that do not hold."""
    return [name for name, check in checks.items() if not _holds(check)]


def _holds(check: Check) -> bool:
    try:
        return check()
    except Exception:  # noqa: BLE001 (a broken check must answer 503, not 500)
        return False


def _answer_of(checks: Checks) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer 200 `OK` while all checks hold, otherwise 503 naming those that do not."""

    async def answer(_request: web.Request) -> web.Response:
        if names := failing(checks):
            return web.json_response({"status": "unavailable", "failing": names}, status=503)
        return web.Response(text="OK")

    return answer


def _add_process_metrics(registry: CollectorRegistry) -> None:
    """Add this process's CPU, memory and open files; the default registry has them."""
    if registry is not REGISTRY:
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
