"""Webhooks that ask to look at once, over a real socket."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from helmward.settings import WebSettings
from helmward.web import WebServer, port, refresh, server
from helmward.web.body import LARGEST_BODY
from tests.support.wait import until
from tests.unit.web.test_server import fetch, serving

PATH = "/api/v1/sync-git"


@dataclass
class Called:
    """Counts the refreshes."""

    times: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        self.times.append(asyncio.get_running_loop().time())


@dataclass
class Hook:
    """The server's URL, a client, and what it caused."""

    url: str
    client: aiohttp.ClientSession
    called: Called

    async def post(self, body: bytes = b"", **headers: str) -> tuple[int, str]:
        async with self.client.post(self.url + PATH, data=body, headers=headers) as response:
            return response.status, await response.text()


@pytest.fixture
def called() -> Called:
    return Called()


@pytest.fixture
async def hook(called: Called) -> AsyncIterator[Hook]:
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {}, on_refresh=called)
    async with serving(web) as url, aiohttp.ClientSession() as client:
        yield Hook(url, client, called)


@pytest.fixture
def short_pause(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(refresh, "PAUSE", 0.05)
    return 0.05


@pytest.mark.parametrize("body", [b"", b'{"ref": "refs/heads/main"}', b"\x00 no JSON"])
async def test_a_call_is_answered_at_once_whatever_it_says(hook: Hook, body: bytes) -> None:
    """The old operator's hooks go on working: each git host sends something else."""
    assert await hook.post(body) == (200, "OK")
    assert len(hook.called.times) == 1


async def test_calls_in_a_row_become_two_refreshes(short_pause: float, hook: Hook) -> None:
    """One at once, one for whoever came meanwhile: nothing is lost, nothing piles up."""
    answers = await asyncio.gather(*(hook.post() for _ in range(20)))

    assert set(answers) == {(200, "OK")}
    await until(lambda: len(hook.called.times) == 2)
    first, second = hook.called.times
    assert second - first >= short_pause * 0.9
    await asyncio.sleep(0)
    assert await hook.post() == (200, "OK")
    await until(lambda: len(hook.called.times) == 3)


async def test_other_methods_are_not_allowed(hook: Hook) -> None:
    """A browser that follows a link must not refresh the world."""
    async with hook.client.get(hook.url + PATH) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"
    assert hook.called.times == []


async def test_a_body_that_is_too_large_is_refused(hook: Hook) -> None:
    status, _ = await hook.post(b"x" * (LARGEST_BODY + 1))

    assert status == 413
    assert hook.called.times == []


async def test_a_caller_who_does_not_finish_holds_nothing_up(called: Called) -> None:
    """The answer comes before the body does."""
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {}, on_refresh=called)
    async with serving(web) as url, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(url))
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode())

        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
    assert len(called.times) == 1


@pytest.mark.parametrize("said", [b"", b"GET /metrics HTTP/1.1\r\nX-Slow: "])
async def test_a_connection_that_asks_for_nothing_is_closed(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """Else a few thousand of them take every socket there is."""
    monkeypatch.setattr(port, "_TO_ASK", 0.1)
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {})
    async with serving(web) as url, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(url))
        writer.write(said)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()


async def test_a_connection_that_has_asked_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prometheus asks again on the same one."""
    monkeypatch.setattr(port, "_TO_ASK", 0.1)
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {})
    async with serving(web) as url, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(url))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"OK")
        silent, other = await asyncio.open_connection("127.0.0.1", port_of(url))
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await silent.readexactly(1)  # the time to ask is over for both
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.readuntil(b"OK")
        writer.close()
        other.close()


async def test_without_a_refresh_there_is_no_such_path() -> None:
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {})
    async with serving(web) as url, aiohttp.ClientSession() as client:
        response = await client.post(url + PATH)
        assert response.status == 404


async def test_metrics_wait_a_moment_for_those_of_others() -> None:
    updated: list[str] = []

    async def update() -> None:
        updated.append("engine")

    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {}, before_metrics=update)
    async with serving(web) as url:
        status, _ = await fetch(f"{url}/metrics")
    assert status == 200
    assert updated == ["engine"]


async def test_metrics_come_without_those_that_do_not_arrive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An engine that hangs must not blind whoever looks for the reason."""
    monkeypatch.setattr(server, "_UPDATE", 0.05)
    web = WebServer(
        WebSettings("127.0.0.1:0"),
        CollectorRegistry(),
        {},
        before_metrics=asyncio.Event().wait,  # type: ignore[arg-type]
    )
    async with serving(web) as url:
        _, text = await fetch(f"{url}/metrics")
    assert "process_resident_memory_bytes" in text


def port_of(url: str) -> int:
    found = re.search(r":(\d+)$", url)
    assert found
    return int(found[1])
