"""The hook that fluxd had: what told it of a push goes on working, over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from helmward.settings import RefSettings, RepositorySettings, WebSettings
from helmward.web import WebServer
from helmward.web import body as body_module
from helmward.web.body import LARGEST_BODY
from helmward.web.followed import Followed, FollowedRepositories, Look
from helmward.web.notify import LONGEST_TEXT
from tests.unit.web.test_server import serving

URL = "https://git.example.com/shop/config.git"
PATH = "/api/flux/v11/notify"


@dataclass
class Caller:
    """A client, and which repositories were looked at."""

    url: str
    client: aiohttp.ClientSession
    looked: list[str] = field(default_factory=list)

    async def post(self, body: bytes, path: str = PATH) -> tuple[int, str]:
        async with self.client.post(self.url + path, data=body) as response:
            return response.status, await response.text()

    async def git(self, url: str, branch: str | None = None) -> tuple[int, str]:
        source = {"URL": url} | ({} if branch is None else {"Branch": branch})
        return await self.post(json.dumps({"Kind": "git", "Source": source}).encode())


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    looked: list[str] = []
    repositories = [
        RepositorySettings(URL, "shop", RefSettings(branch="main")),
        RepositorySettings("git@git.example.com:ops/base.git", "base"),
    ]

    def look_of(name: str) -> Look:
        return lambda: looked.append(name)

    followed = FollowedRepositories(Followed(one, look_of(one.name)) for one in repositories)
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {}, followed=followed)
    async with serving(web) as url, aiohttp.ClientSession() as client:
        yield Caller(url, client, looked)


@pytest.mark.parametrize(
    "url", [URL, "ssh://git@git.example.com/Shop/config", "git@git.example.com:shop/config.git"]
)
async def test_a_push_has_its_repository_looked_at(caller: Caller, url: str) -> None:
    """However its address is spelled; the answer is fluxd's."""
    assert await caller.git(url, "main") == (202, "")
    assert caller.looked == ["shop"]


@pytest.mark.parametrize("version", ["v6", "v7", "v8", "v9", "v10", "v11"])
async def test_old_versions_of_the_api_are_answered(caller: Caller, version: str) -> None:
    body = json.dumps({"Kind": "git", "Source": {"URL": URL, "Branch": "main"}}).encode()

    assert (await caller.post(body, f"/api/flux/{version}/notify"))[0] == 202
    assert caller.looked == ["shop"]


async def test_names_of_fields_are_read_as_go_reads_them(caller: Caller) -> None:
    """flux-recv and scripts spell them in more than one way."""
    body = json.dumps({"kind": "git", "source": {"url": URL, "branch": "main"}}).encode()

    assert (await caller.post(body))[0] == 202
    assert caller.looked == ["shop"]


@pytest.mark.parametrize(
    ("url", "branch"),
    [
        (URL, "other"),
        ("https://git.example.com/shop/other.git", "main"),
        ("nonsense", None),
        ("", ""),
    ],
)
async def test_what_is_not_followed_is_accepted_and_causes_nothing(
    caller: Caller, url: str, branch: str | None
) -> None:
    """As with fluxd; and whoever asks does not learn which repositories there are."""
    assert await caller.git(url, branch) == (202, "")
    assert caller.looked == []


async def test_news_of_an_image_is_accepted_and_causes_nothing(caller: Caller) -> None:
    image = {"Name": {"Domain": "", "Image": "shop/cart"}}

    assert (await caller.post(json.dumps({"Kind": "image", "Source": image}).encode()))[0] == 202
    assert caller.looked == []


NO_NOTICES: list[tuple[Any, str]] = [
    (b"", "the body is no JSON"),
    (b"\xff\x00", "the body is no JSON"),
    (b"[" * 20_000, "the body is no JSON"),
    (b"[]", "the body must be an object"),
    ({}, "Source must be an object"),
    ({"Kind": "git"}, "Source must be an object"),
    ({"Kind": "git", "Source": URL}, "Source must be an object"),
    ({"Kind": "svn", "Source": {}}, "unknown kind of change: Kind must be git or image"),
    ({"Source": {"URL": URL}}, "unknown kind of change: Kind must be git or image"),
    ({"Kind": ["git"], "Source": {}}, "unknown kind of change: Kind must be git or image"),
    ({"Kind": "git", "Source": {"URL": 1}}, "Source.URL must be a text"),
    ({"Kind": "git", "Source": {"URL": URL, "Branch": ["main"]}}, "Source.Branch must be a text"),
    ({"Kind": "git", "Source": {"URL": "x" * (LONGEST_TEXT + 1)}}, "Source.URL must be a text"),
]


@pytest.mark.parametrize(("body", "said"), NO_NOTICES, ids=[row[1] for row in NO_NOTICES])
async def test_what_is_no_notice_is_told_what_one_is(caller: Caller, body: Any, said: str) -> None:
    status, text = await caller.post(body if isinstance(body, bytes) else json.dumps(body).encode())

    assert status == 400
    assert text.startswith(said)
    assert caller.looked == []


async def test_a_body_that_is_too_large_is_refused(caller: Caller) -> None:
    assert (await caller.post(b" " * (LARGEST_BODY + 1)))[0] == 413


async def test_a_body_that_does_not_come_is_not_waited_for(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_module, "TO_SEND", 0.05)
    end = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await end.wait()

    async with caller.client.post(caller.url + PATH, data=slowly()) as response:
        assert response.status == 408
    end.set()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("POST", "/api/flux/v5/notify", 404),
        ("POST", "/api/flux/v12/notify", 404),
        ("GET", "/api/flux/v11/services", 404),
        ("GET", "/api/flux/v6/identity.pub", 404),
    ],
)
async def test_nothing_else_of_fluxds_api_is_there(
    caller: Caller, method: str, path: str, status: int
) -> None:
    async with caller.client.request(method, caller.url + path) as response:
        assert response.status == status


async def test_who_follows_no_repository_has_no_such_hook() -> None:
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {})
    async with (
        serving(web) as url,
        aiohttp.ClientSession() as client,
        client.post(url + PATH, data=b"{}") as response,
    ):
        assert response.status == 404
