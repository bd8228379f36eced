"""Documents of the web: asked for as little as possible, kept for worse days."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helmward.errors import ChartRejected, SourceUnavailable
from helmward.model import Access
from helmward.settings import EngineSettings
from tests.support.charts import ChartRepo
from tests.support.engines import Fetching, fetching

TOKEN = Access(token="planted")


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Fetching]:
    async with fetching(EngineSettings(cache=tmp_path / "cache")) as running:
        yield running


@pytest.fixture
def url(repo: ChartRepo) -> str:
    (repo.folder / "values.yaml").write_text("a: 1\n")
    return f"{repo.url}/values.yaml"


async def test_a_document_is_asked_for_by_its_tag(web: Fetching, repo: ChartRepo, url: str) -> None:
    assert (await web.fetch(url)).content == b"a: 1\n"
    assert (await web.fetch(url, age=3600)).content == b"a: 1\n"
    assert len(repo.requests) == 1
    assert (await web.fetch(url)).content == b"a: 1\n"
    assert repo.count("values.yaml", 304) == 1
    (repo.folder / "values.yaml").write_text("a: 2\n")
    assert (await web.fetch(url)).content == b"a: 2\n"


async def test_many_who_ask_at_once_share_one_request(
    web: Fetching, repo: ChartRepo, url: str
) -> None:
    repo.fail("values.yaml", delay=0.2)
    await asyncio.gather(*(web.fetch(url) for _ in range(16)))
    assert repo.count("values.yaml") == 1


@pytest.mark.parametrize("status", [401, 403, 400, 429, 500, 503])
async def test_a_document_that_is_not_given_any_more_is_served_with_the_reason(
    web: Fetching, repo: ChartRepo, url: str, status: int
) -> None:
    await web.fetch(url)
    repo.fail(status=status)
    kept = await web.fetch(url)
    assert kept.content == b"a: 1\n"
    assert f"answered {status}" in kept.stale_reason


@pytest.mark.parametrize("status", [404, 410])
async def test_a_document_that_is_gone_is_gone(
    web: Fetching, repo: ChartRepo, url: str, status: int
) -> None:
    await web.fetch(url)
    repo.fail(status=status)
    with pytest.raises(SourceUnavailable, match=str(status)):
        await web.fetch(url)


async def test_a_document_is_kept_over_a_restart_and_served_while_its_server_is_down(
    web: Fetching, tmp_path: Path
) -> None:
    with ChartRepo(tmp_path / "gone") as repo:
        (repo.folder / "values.yaml").write_text("a: 1\n")
        url = f"{repo.url}/values.yaml"
        await web.fetch(url, access=TOKEN)
    await web.restart()
    kept = await web.fetch(url, access=TOKEN)
    assert kept.content == b"a: 1\n"
    assert "connection refused" in kept.stale_reason
    with pytest.raises(SourceUnavailable):
        await web.fetch(url)


async def test_a_kept_document_that_was_changed_on_disk_is_not_served(
    web: Fetching, repo: ChartRepo, tmp_path: Path, url: str
) -> None:
    await web.fetch(url)
    await web.restart()
    (kept,) = (tmp_path / "cache" / "documents").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_bytes(kept.read_bytes().replace(b"a: 1", b"a: 7"))
    repo.fail(status=500)
    with pytest.raises(SourceUnavailable, match="500"):
        await web.fetch(url)


async def test_a_document_is_kept_for_those_who_may_fetch_it(
    web: Fetching, repo: ChartRepo, tmp_path: Path, url: str
) -> None:
    repo.authorization = "Bearer planted"
    await web.fetch(f"{url}?q=planted", access=TOKEN)
    with pytest.raises(SourceUnavailable, match="401"):
        await web.fetch(f"{url}?q=planted", age=3600)
    names = [path.name for path in (tmp_path / "cache" / "documents").iterdir()]
    assert "planted" not in str(names) + str(web.logs)


async def test_a_document_is_bounded(web: Fetching, url: str) -> None:
    with pytest.raises(ChartRejected, match="larger than the 4 bytes"):
        await web.fetch(url, most=4)
    await web.fetch(url, most=5)
    with pytest.raises(ChartRejected, match="larger than the 4 bytes"):
        await web.fetch(url, most=4, age=3600)


async def test_a_page_to_sign_in_is_no_document(web: Fetching, repo: ChartRepo, url: str) -> None:
    repo.fail("values.yaml", body=b"<!DOCTYPE html><html>Sign in</html>")
    with pytest.raises(SourceUnavailable, match="web page"):
        await web.fetch(url)
