"""Metrics and health over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Counter

from helmward.errors import ConfigInvalid
from helmward.settings import WebSettings
from helmward.web import WebServer
from helmward.web.address import parse


@asynccontextmanager
async def serving(server: WebServer) -> AsyncIterator[str]:
    """Run the server and give its URL."""
    task = asyncio.create_task(server.run())
    async with asyncio.timeout(10):
        await server.started.wait()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def a_server(
    registry: CollectorRegistry | None = None, *, listen: str = "127.0.0.1:0", **checks: bool
) -> WebServer:
    ready = {name: lambda holds=holds: holds for name, holds in checks.items()}
    return WebServer(WebSettings(listen), registry or CollectorRegistry(), ready)


async def fetch(url: str, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text()


async def test_metrics_are_those_of_the_registry_and_of_the_process() -> None:
    registry = CollectorRegistry()
    Counter("helmward_turns", "Turns.", registry=registry).inc(3)

    async with serving(a_server(registry)) as url:
        status, text = await fetch(f"{url}/metrics")

    assert status == 200
    assert "helmward_turns_total 3.0" in text
    assert "process_resident_memory_bytes" in text
    assert "process_cpu_seconds_total" in text


async def test_metrics_come_as_openmetrics_to_who_asks() -> None:
    async with serving(a_server()) as url:
        _, text = await fetch(f"{url}/metrics", Accept="application/openmetrics-text")

    assert text.endswith("# EOF\n")


async def test_the_default_registry_is_not_filled_twice() -> None:
    async with serving(a_server(REGISTRY)) as url:
        status, _ = await fetch(f"{url}/metrics")

    assert status == 200


async def test_health_is_ok_while_the_loop_answers() -> None:
    """Not being ready must not get the process killed."""
    async with serving(a_server(informers=False)) as url:
        assert await fetch(f"{url}/healthz") == (200, "OK")


async def test_readiness_names_what_is_not_ready() -> None:
    async with serving(a_server(informers=False, engine=True)) as url:
        status, text = await fetch(f"{url}/readyz")

    assert status == 503
    assert '"failing": ["informers"]' in text


async def test_readiness_follows_its_checks() -> None:
    ready = False
    server = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {"engine": lambda: ready})

    async with serving(server) as url:
        before, _ = await fetch(f"{url}/readyz")
        ready = True
        after = await fetch(f"{url}/readyz")

    assert before == 503
    assert after == (200, "OK")


async def test_a_check_that_raises_counts_as_failed() -> None:
    def broken() -> bool:
        raise RuntimeError

    server = WebServer(
        WebSettings("127.0.0.1:0"), CollectorRegistry(), {}, alive={"engine": broken}
    )

    async with serving(server) as url:
        status, text = await fetch(f"{url}/healthz")

    assert status == 503
    assert "engine" in text


async def test_an_address_in_use_names_the_flag_and_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigInvalid, match=rf"--listen {listen}: .* in use; choose another"):
            await a_server(listen=listen).run()


async def test_a_host_that_is_not_there_names_the_flag() -> None:
    with pytest.raises(ConfigInvalid, match=r"--listen 192\.0\.2\.1:0: "):
        await a_server(listen="192.0.2.1:0").run()


async def test_an_empty_host_is_every_address() -> None:
    async with serving(a_server(listen=":0")) as url:
        assert await fetch(f"{url}/healthz") == (200, "OK")


async def test_the_port_is_free_again_after_the_end() -> None:
    server = a_server()
    async with serving(server):
        pass

    with socket.create_server(("127.0.0.1", server.port)):
        pass


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        (":3030", ("", 3030)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_is_read(listen: str, address: tuple[str, int]) -> None:
    assert parse(listen) == address


@pytest.mark.parametrize("listen", ["", "3030", ":", ":x", ":70000", "host"])
def test_an_address_without_a_port_is_refused(listen: str) -> None:
    with pytest.raises(ConfigInvalid, match="--listen"):
        parse(listen)


async def test_metrics_have_a_port_of_their_own_where_one_is_named() -> None:
    """As with fluxd: the other port then has none, and this one has nothing else."""
    settings = WebSettings("127.0.0.1:0", listen_metrics="127.0.0.1:0")
    server = WebServer(settings, CollectorRegistry(), {})

    async with serving(server) as url:
        metrics = f"http://127.0.0.1:{server.metrics_port}"
        assert server.metrics_port != server.port
        status, text = await fetch(f"{metrics}/metrics")
        assert status == 200
        assert "process_cpu_seconds_total" in text
        assert [(await fetch(one))[0] for one in (f"{url}/metrics", f"{metrics}/healthz")] == [
            *(404, 404),
        ]
        assert await fetch(f"{url}/healthz") == (200, "OK")


async def test_without_one_they_are_with_all_else() -> None:
    server = a_server()
    async with serving(server):
        assert server.metrics_port == server.port


async def test_an_address_of_metrics_that_is_taken_is_told_by_its_flag() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = WebServer(
            WebSettings("127.0.0.1:0", listen_metrics=address), CollectorRegistry(), {}
        )
        with pytest.raises(ConfigInvalid, match=f"--listen-metrics {address}: .* in use"):
            await server.run()
        with socket.create_server(("127.0.0.1", server.port)):
            pass
