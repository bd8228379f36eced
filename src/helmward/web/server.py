"""The server behind --listen: /metrics, /healthz, /readyz.

Called by `app`, which says what ready and alive mean by handing in checks.
Later pages (webhooks, dashboard) join through `routes`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from helmward.settings import WebSettings
from helmward.web.address import listening

Check = Callable[[], bool]
Checks = Mapping[str, Check]
_LAST_WORDS: Final = 2.0
"""Seconds that answers under way get when the server stops."""


class WebServer:
    """Serves one port while `run` runs; a check that raises counts as failed."""

    def __init__(
        self,
        settings: WebSettings,
        registry: CollectorRegistry,
        checks: Checks,
        *,
        alive: Checks | None = None,
        routes: Iterable[web.RouteDef] = (),
    ) -> None:
        self.started = asyncio.Event()
        self.port = 0
        """The port in use, known once `started` is set."""
        self._settings = settings
        self._registry = registry
        self._ready, self._alive = checks, alive or {}
        self._routes = list(routes)
        _add_process_metrics(registry)

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            ConfigInvalid: the address of --listen cannot be had.
        """
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=_LAST_WORDS)
        sock = listening(self._settings.listen)
        try:
            await runner.setup()
            await web.SockSite(runner, sock).start()
            self.port = sock.getsockname()[1]
            self.started.set()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()
            sock.close()

    def _app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", _answer_of(self._alive)),
                web.get("/readyz", _answer_of(self._ready)),
                *self._routes,
            ]
        )
        return app

    async def _metrics(self, request: web.Request) -> web.Response:
        """Write all metrics in the format that the client asks for."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})


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
