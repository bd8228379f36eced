"""Webhooks of git hosts: who knows the secret may ask for a look, and for nothing else."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from helmward.settings import WebSettings
from helmward.web import WebServer
from helmward.web import body as body_module
from helmward.web import hooks as hooks_module
from helmward.web.hooks import LARGEST_BODY, Hooks, addresses
from tests.unit.web.test_server import serving

SECRET = b"planted-secret"
CLONE, SSH = "https://git.example.com/Shop/charts.git", "git@git.example.com:Shop/charts.git"
PUSH = {"repository": {"clone_url": CLONE, "ssh_url": SSH, "name": "charts"}, "ref": "refs/x"}
PAYLOADS = {
    "github": {**PUSH, "pusher": {"email": "a@example.com"}},
    "gitlab": {"project": {"git_http_url": CLONE, "git_ssh_url": SSH}},
    "bitbucket": {
        "repository": {"links": {"html": {"href": CLONE}, "clone": [{"href": SSH, "name": "ssh"}]}}
    },
    "gitea": PUSH,
    "generic": {"urls": [CLONE, SSH]},
}


def signed(body: bytes, secret: bytes = SECRET) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def headers_of(provider: str, body: bytes, secret: bytes = SECRET) -> dict[str, str]:
    """Sign as each git host does."""
    digits = signed(body, secret)
    return {
        "github": {"X-Hub-Signature-256": f"sha256={digits}"},
        "gitlab": {"X-Gitlab-Token": secret.decode()},
        "bitbucket": {"X-Hub-Signature": f"sha256={digits}"},
        "gitea": {"X-Gitea-Signature": digits},
        "generic": {"X-Signature": f"sha256={digits}"},
    }[provider]


DELIVERIES = {
    "github": "X-GitHub-Delivery",
    "gitlab": "X-Gitlab-Event-UUID",
    "bitbucket": "X-Request-UUID",
    "gitea": "X-Gitea-Delivery",
    "generic": "X-Delivery-Id",
}
ALL = pytest.mark.parametrize("provider", list(PAYLOADS))


@dataclass
class Host:
    """A git host, and what its hooks caused."""

    url: str
    client: aiohttp.ClientSession
    secrets: Path
    refreshed: list[list[str]] = field(default_factory=list)

    async def post(self, provider: str, body: bytes, headers: dict[str, str]) -> int:
        url = f"{self.url}/api/v1/hooks/{provider}"
        async with self.client.post(url, data=body, headers=headers) as response:
            return response.status

    async def push(self, provider: str, payload: Any = None, **more: str) -> int:
        body = json.dumps(PAYLOADS[provider] if payload is None else payload).encode()
        return await self.post(provider, body, headers_of(provider, body) | more)


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    refreshed: list[list[str]] = []
    for name in PAYLOADS:
        (tmp_path / name).write_bytes(SECRET + b"\n")
    routes = Hooks(tmp_path, refreshed.append).routes()
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {}, routes=routes)
    async with serving(web) as url, aiohttp.ClientSession() as client:
        yield Host(url, client, tmp_path, refreshed)


@ALL
async def test_a_push_refreshes_the_repository_that_it_names(host: Host, provider: str) -> None:
    assert await host.push(provider) == 202
    assert [sorted(urls) for urls in host.refreshed] == [sorted([CLONE, SSH])]


@ALL
@pytest.mark.parametrize("wrong", ["missing", "wrong", "other body", "empty", "odd"])
async def test_who_does_not_know_the_secret_causes_nothing(
    host: Host, provider: str, wrong: str
) -> None:
    """A body is not even read before that is known."""
    body = json.dumps(PAYLOADS[provider]).encode()
    headers = {
        "missing": {},
        "wrong": headers_of(provider, body, b"another"),
        "other body": headers_of(provider, body + b" ", b"x" if provider == "gitlab" else SECRET),
        "empty": dict.fromkeys(headers_of(provider, body), ""),
        "odd": dict.fromkeys(headers_of(provider, body), "sha256=\xe4"),
    }[wrong]

    assert await host.post(provider, body, headers) == 401
    assert host.refreshed == []


@ALL
async def test_a_delivery_that_comes_again_does_nothing(host: Host, provider: str) -> None:
    """It is answered alike; the next one counts again."""
    for number in ("1", "1", "2"):
        assert await host.push(provider, **{DELIVERIES[provider]: number}) == 202
    assert len(host.refreshed) == 2


async def test_deliveries_are_forgotten_at_last(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They must not fill the memory."""
    monkeypatch.setattr(hooks_module, "MOST_DELIVERIES", 2)
    for number in ("1", "2", "3", "1", "3"):
        await host.push("github", **{"X-GitHub-Delivery": number})
    assert len(host.refreshed) == 4


@ALL
async def test_without_a_secret_there_is_no_such_hook(host: Host, provider: str) -> None:
    """An empty one would let everybody in."""
    (host.secrets / provider).unlink()
    assert await host.push(provider) == 404
    (host.secrets / provider).write_bytes(b"\n")
    assert await host.post(provider, b"{}", headers_of(provider, b"{}", b"")) == 404


async def test_a_new_secret_counts_at_once(host: Host) -> None:
    (host.secrets / "github").write_bytes(b"rotated")
    assert await host.push("github") == 401
    body = json.dumps(PUSH).encode()
    assert await host.post("github", body, headers_of("github", body, b"rotated")) == 202


async def test_no_other_names_no_other_methods(host: Host) -> None:
    (host.secrets / "other").write_bytes(SECRET)
    assert await host.post("other", b"{}", {}) == 404
    assert await host.post("..%2fgithub", b"{}", {}) == 404
    async with host.client.get(f"{host.url}/api/v1/hooks/github") as response:
        assert response.status == 405


async def test_a_body_that_is_too_large_is_not_taken(host: Host) -> None:
    """As large as may be is, and that is more than other paths take."""
    text = json.dumps({"repository": {"clone_url": CLONE}, "pad": ""})
    fits = text[:-2] + "x" * (LARGEST_BODY - len(text)) + text[-2:]

    assert await host.post("github", fits.encode(), headers_of("github", fits.encode())) == 202
    more = fits.encode() + b" "
    assert await host.post("github", more, headers_of("github", more)) == 413
    assert host.refreshed == [[CLONE]]


async def test_a_body_that_comes_too_slowly_is_not_waited_for(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_module, "TO_SEND", 0.05)

    async def drip() -> AsyncIterator[bytes]:
        yield b"{"
        await hold.wait()

    hold = asyncio.Event()
    async with host.client.post(f"{host.url}/api/v1/hooks/github", data=drip()) as response:
        assert response.status == 408
    hold.set()


async def test_a_form_is_read_too(host: Host) -> None:
    """GitHub's first choice in its settings."""
    body = urlencode({"payload": json.dumps(PUSH)}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert await host.post("github", body, headers_of("github", body) | form) == 202
    assert host.refreshed == [[CLONE, SSH]]


@pytest.mark.parametrize(
    "body",
    [b"", b"no JSON", b"\xff", b"[" * 100_000, b"7", b'{"zen": "ping"}', b'{"clone_url": 7}'],
    ids=["empty", "text", "bytes", "deep", "number", "ping", "no text"],
)
async def test_who_knows_the_secret_is_answered_alike_whatever_he_sends(
    host: Host, body: bytes
) -> None:
    assert await host.post("github", body, headers_of("github", body)) == 202
    assert host.refreshed == []


def test_addresses_are_bounded_and_are_addresses() -> None:
    """A body may hold anything; what is no address of a repository is left out."""
    odd = ["javascript:alert(1)", "file:///etc", "https://a b", "x" * 3000, "", "user@host:x"]
    assert addresses(json.dumps({"urls": odd}).encode()) == ["user@host:x"]
    many = {"urls": [f"https://h/{number}" for number in range(1000)]}
    assert len(addresses(json.dumps(many).encode())) == hooks_module.MOST_URLS
