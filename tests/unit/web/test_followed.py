"""Who is looked at when somebody tells of a push, and how often."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from helmward.settings import RefSettings, RepositorySettings, WebSettings
from helmward.web import WebServer, followed
from helmward.web.followed import Followed, FollowedRepositories, branch_of
from helmward.web.hooks import Hooks
from tests.support.wait import until
from tests.unit.web.test_hooks import ALL, PAYLOADS, SECRET, headers_of
from tests.unit.web.test_server import serving

ANY = RefSettings()
URL = "https://git.example.com/Shop/charts.git"


class Looked:
    """Repositories that write down when they were looked at."""

    def __init__(self, *repositories: RepositorySettings) -> None:
        self.names: list[str] = []
        self.all = FollowedRepositories(Followed(one, self._look(one.name)) for one in repositories)

    def _look(self, name: str) -> followed.Look:
        return lambda: self.names.append(name)


def a_repository(
    url: str = URL, called: str = "shop", ref: RefSettings = ANY
) -> RepositorySettings:
    return RepositorySettings(url, called, ref)


@pytest.mark.parametrize(
    ("ref", "branch"),
    [
        ({}, ""),
        ({"branch": "main"}, "main"),
        ({"branch": "main", "tag": "v1"}, ""),
        ({"branch": "main", "semver": ">1"}, ""),
        ({"tag": "v1", "name": "refs/heads/main"}, "main"),
        ({"name": "refs/pull/1/head"}, ""),
        ({"branch": "main", "commit": "a" * 40}, ""),
    ],
)
def test_the_branch_that_is_followed(ref: dict[str, str], branch: str) -> None:
    assert branch_of(a_repository(ref=RefSettings(**ref))) == branch


async def test_a_repository_of_this_machine_is_known_by_its_address() -> None:
    """It has no host by which addresses could be alike."""
    looked = Looked(a_repository("file:///srv/shop.git"))
    looked.all.notified(["file:///srv/other.git", ""])
    assert looked.names == []
    looked.all.notified(["file:///srv/shop.git"])
    assert looked.names == ["shop"]


@pytest.mark.parametrize(
    ("ref", "pushed", "looked"),
    [
        ({"branch": "main"}, "main", True),
        ({"branch": "main"}, "refs/heads/main", True),
        ({"branch": "main"}, "other", False),
        ({"branch": "main"}, None, True),
        ({"branch": "main"}, "", True),
        ({}, "other", True),
        ({"semver": ">1"}, "other", True),
        ({"tag": "v1"}, "other", True),
    ],
)
async def test_a_branch_that_is_not_followed_is_no_news(
    ref: dict[str, str], pushed: str | None, looked: bool
) -> None:
    """What is followed by tag or by HEAD may have moved with any branch."""
    shop = Looked(a_repository(ref=RefSettings(**ref)))
    shop.all.notified([URL], pushed)
    shop.all.still()

    assert shop.names == (["shop"] if looked else [])


async def test_only_those_that_an_address_is_like_are_looked_at() -> None:
    some = Looked(
        a_repository(),
        a_repository("ssh://git@git.example.com:22/shop/charts", "over-ssh"),
        a_repository("https://git.example.com/shop/other", "other"),
    )
    some.all.notified(["git@git.example.com:shop/charts.git", "https://elsewhere.example/x"])
    some.all.still()

    assert some.names == ["shop", "over-ssh"]


async def test_calls_in_a_row_become_two_looks_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """One at once, one for whoever came meanwhile: nothing is lost, nothing piles up."""
    monkeypatch.setattr(followed, "PAUSE", 0.05)
    some = Looked(a_repository(), a_repository("https://git.example.com/b", "b"))
    for _ in range(20):
        some.all.notified([URL])
    some.all.ring()

    assert some.names == ["shop", "b"]
    await until(lambda: len(some.names) == 3)
    await asyncio.sleep(0)
    assert some.names == ["shop", "b", "shop"]
    some.all.still()


def test_the_pause_leaves_time_for_a_push_to_be_applied() -> None:
    """Who comes too soon is answered within a second."""
    assert followed.PAUSE <= 1.0


async def test_who_asks_for_everything_rings_charts_and_repositories() -> None:
    refreshed: list[str] = []
    some = Looked(a_repository(), a_repository("https://git.example.com/b", "b"))
    web = WebServer(
        WebSettings("127.0.0.1:0"),
        CollectorRegistry(),
        {},
        on_refresh=lambda: refreshed.append("charts"),
        followed=some.all,
    )
    async with (
        serving(web) as url,
        aiohttp.ClientSession() as client,
        client.post(f"{url}/api/v1/sync-git") as response,
    ):
        assert (response.status, await response.text()) == (200, "OK")

    assert refreshed == ["charts"]
    assert some.names == ["shop", "b"]


@ALL
async def test_a_signed_hook_tells_charts_and_repositories(provider: str, tmp_path: Path) -> None:
    """Both roles hear of the same push, each finds what it follows."""
    (tmp_path / provider).write_bytes(SECRET)
    charts: list[list[str]] = []
    some = Looked(
        a_repository(ref=RefSettings(branch="main")), a_repository("https://git.example.com/b", "b")
    )
    routes = Hooks(tmp_path, charts.append, some.all.notified).routes()
    web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {}, routes=routes)
    body = json.dumps(PAYLOADS[provider]).encode()
    async with (
        serving(web) as url,
        aiohttp.ClientSession() as client,
        client.post(
            f"{url}/api/v1/hooks/{provider}", data=body, headers=headers_of(provider, body)
        ) as response,
    ):
        assert response.status == 202
    some.all.still()

    assert len(charts) == 1
    assert some.names == ["shop"]
