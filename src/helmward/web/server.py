"""The server behind --listen: /metrics, /healthz, /readyz, the webhooks.

Called by `app`, which says what ready and alive mean by handing in checks, and
what a refresh is. Later pages (dashboard) join through `routes`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from typing import Final

from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from helmward.settings import WebSettings
from helmward.web import notify
from helmward.web.followed import FollowedRepositories
from helmward.web.port import Port
from helmward.web.refresh import Bell, route

Check = Callable[[], bool]
Checks = Mapping[str, Check]
Update = Callable[[], Awaitable[None]]
_UPDATE: Final = 2.0
"""Seconds that metrics of others may take to arrive; without them, the rest is told."""


class WebServer:
    """Serves its ports while `run` runs; a check that raises counts as failed."""

    def __init__(  # noqa: PLR0913  # what there is to answer with, by name
        self,
        settings: WebSettings,
        registry: CollectorRegistry,
        checks: Checks,
        *,
        alive: Checks | None = None,
        routes: Iterable[web.RouteDef] = (),
        on_refresh: Callable[[], None] | None = None,
        followed: FollowedRepositories | None = None,
        before_metrics: Update | None = None,
    ) -> None:
        self.started = asyncio.Event()
        self._settings = settings
        self._registry = registry
        self._ready, self._alive = checks, alive or {}
        self._bells: list[Bell | FollowedRepositories] = [Bell(on_refresh)] if on_refresh else []
        if followed:
            self._bells.append(followed)
        self._before_metrics = before_metrics
        hooks = notify.routes(followed.notified) if followed else []
        self._port = Port(settings.listen, [*self._routes(), *routes, *hooks], said="--listen")
        self._metrics_port = self._port
        if settings.listen_metrics:
            metrics = [web.get("/metrics", self._metrics)]
            self._metrics_port = Port(settings.listen_metrics, metrics, said="--listen-metrics")
        _add_process_metrics(registry)

    @property
    def port(self) -> int:
        """The port of --listen, known once `started` is set."""
        return self._port.number

    @property
    def metrics_port(self) -> int:
        """The port that has /metrics, likewise."""
        return self._metrics_port.number

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            ConfigInvalid: the address of --listen or --listen-metrics cannot be had.
        """
        async with AsyncExitStack() as ports:
            for port in dict.fromkeys((self._port, self._metrics_port)):
                await ports.enter_async_context(port.open())
            self.started.set()
            try:
                await asyncio.Event().wait()
            finally:
                for bell in self._bells:
                    bell.still()

    def _routes(self) -> Iterator[web.RouteDef]:
        if not self._settings.listen_metrics:
            yield web.get("/metrics", self._metrics)
        yield web.get("/healthz", _answer_of(self._alive))
        yield web.get("/readyz", _answer_of(self._ready))
        if self._bells:
            yield route([bell.ring for bell in self._bells])

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
