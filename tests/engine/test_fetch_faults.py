"""What sources of charts do wrong, and what is said of it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from helmward.errors import ChartRejected, SourceUnavailable
from helmward.model import Access
from helmward.settings import EngineSettings
from tests.support.charts import CONFIG_MAP, ChartRepo
from tests.support.engines import Fetching, fetching

ONE = {"c.yaml": CONFIG_MAP}


@pytest.fixture
async def web() -> AsyncIterator[Fetching]:
    async with fetching() as running:
        yield running


ARCHIVE_FAULTS = {
    "401": ({"status": 401}, "answered 401 Unauthorized: the credentials are missing"),
    "403": ({"status": 403}, "answered 403 Forbidden: the credentials are missing"),
    "404": ({"status": 404}, "answered 404 Not Found: is the address right?"),
    "429": ({"status": 429}, "answered 429 Too Many Requests"),
    "500": ({"status": 500}, "answered 500 Internal Server Error"),
    "truncated": ({"cut": 100}, "broke off: the connection was closed too early"),
    "reset": ({"cut": 100, "reset": True}, "broke off"),
    "html": ({"body": b"<!doctype html><p>Sign in</p>"}, "web page (HTML)"),
}


@pytest.mark.parametrize(("fault", "words"), ARCHIVE_FAULTS.values(), ids=ARCHIVE_FAULTS.keys())
async def test_an_archive_that_does_not_come_is_the_sources_fault(
    web: Fetching, repo: ChartRepo, fault: dict[str, Any], words: str
) -> None:
    repo.add("app", "1.0.0", ONE)
    repo.fail(".tgz", **fault)
    with pytest.raises(SourceUnavailable, match=re.escape(words)) as caught:
        await web.pull(repo.url)
    assert "app-1.0.0.tgz" in str(caught.value)
    repo.heal()
    assert (await web.pull(repo.url)).version == "1.0.0"


async def test_wrong_credentials_are_said_to_be_wrong(web: Fetching, repo: ChartRepo) -> None:
    repo.add("app", "1.0.0", ONE)
    repo.authorization = "Bearer right"
    with pytest.raises(SourceUnavailable, match=r"401 Unauthorized: the credentials are wrong"):
        await web.pull(repo.url, access=Access(token="planted"))
    assert "planted" not in str(web.logs)


async def test_a_source_that_asks_for_time_is_left_alone(web: Fetching, repo: ChartRepo) -> None:
    """Others who ask meanwhile are answered from the memory of it."""
    repo.add("app", "1.0.0", ONE)
    repo.fail("index.yaml", status=429, headers={"Retry-After": "120"})
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match="asks to be left alone for") as caught:
            await web.pull(repo.url)
        assert caught.value.retry_after == pytest.approx(120, abs=60)
    assert repo.count("index.yaml") == 1


async def test_a_slow_drip_ends_with_the_call(web: Fetching, repo: ChartRepo) -> None:
    """Each byte comes in time, the whole would take minutes."""
    repo.add("app", "1.0.0", ONE)
    repo.fail(".tgz", drip=0.5)
    with pytest.raises(SourceUnavailable, match="was not waited for: the deadline has passed"):
        await web.pull(repo.url, deadline=timedelta(seconds=1))


async def test_an_unknown_name_is_said_to_be_unknown(web: Fetching) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        await web.pull("http://nobody.invalid/charts")


@pytest.mark.parametrize(
    ("settings", "flag"),
    [
        (EngineSettings(largest_chart=100), "--chart-max-size"),
        (EngineSettings(largest_index=100), "--index-max-size"),
    ],
)
async def test_what_is_too_large_names_the_flag(
    repo: ChartRepo, settings: EngineSettings, flag: str
) -> None:
    repo.add("app", "1.0.0", ONE)
    async with fetching(settings) as web:
        with pytest.raises(ChartRejected, match=f"larger than the 100 bytes .* {flag} raises that"):
            await web.pull(repo.url)
