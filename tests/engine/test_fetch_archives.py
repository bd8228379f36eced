"""Charts by the archive's own address, and charts within the address."""

import base64
from pathlib import Path

import pytest

from helmward.errors import ChartNotFound, ChartRejected, SourceUnavailable, SpecInvalid
from helmward.model import Access
from helmward.settings import EngineSettings
from tests.support.charts import CONFIG_MAP, ChartRepo, make_chart
from tests.support.engines import Fetching, fetching

ONE = {"c.yaml": CONFIG_MAP}


@pytest.mark.parametrize(
    ("name", "version"), [("", ""), ("app", ""), ("app", "1.0.0"), ("", "^1.0"), ("app", "1.x")]
)
async def test_an_archive_is_fetched_by_its_own_address(
    web: Fetching, repo: ChartRepo, name: str, version: str
) -> None:
    repo.add("app", "1.0.0", ONE)
    chart = await web.pull(f"{repo.url}/app-1.0.0.tgz?x=1", name, version)
    assert (chart.name, chart.version) == ("app", "1.0.0")
    assert repo.count("index.yaml") == 0


async def test_an_archive_is_asked_for_again_by_its_tag(web: Fetching, repo: ChartRepo) -> None:
    url = f"{repo.url}/{repo.add('app', '1.0.0', ONE).name}"
    first = await web.pull(url)
    assert await web.pull(url, age=3600) == first
    assert len(repo.requests) == 1
    assert await web.pull(url) == first
    assert repo.count(".tgz", 304) == 1
    repo.add("app", "1.0.0", ONE, {"greeting": "changed"})
    assert (await web.pull(url)).digest != first.digest


async def test_an_archive_that_is_down_serves_what_was_fetched(
    web: Fetching, repo: ChartRepo
) -> None:
    """One that is gone does not: that is an answer."""
    url = f"{repo.url}/{repo.add('app', '1.0.0', ONE).name}"
    first = await web.pull(url)
    repo.fail(status=503)
    kept = await web.pull(url)
    assert (kept.digest, "503" in kept.stale_reason) == (first.digest, True)
    repo.fail(status=404)
    with pytest.raises(SourceUnavailable, match="404"):
        await web.pull(url)


async def test_an_archive_is_kept_over_a_restart(repo: ChartRepo, tmp_path: Path) -> None:
    url = f"{repo.url}/{repo.add('app', '1.0.0', ONE).name}"
    async with fetching(EngineSettings(cache=tmp_path / "cache")) as web:
        first = await web.pull(url)
        await web.restart()
        assert await web.pull(url) == first
        assert repo.count(".tgz", 304) == 1
        repo.fail(status=500)
        await web.restart()
        assert (await web.pull(url)).digest == first.digest


async def test_an_archive_has_to_hold_what_is_asked_for(web: Fetching, repo: ChartRepo) -> None:
    url = f"{repo.url}/{repo.add('app', '1.0.0', ONE).name}"
    with pytest.raises(ChartRejected, match='holds chart "app", not "other"'):
        await web.pull(url, "other")
    with pytest.raises(ChartNotFound, match=r"holds version 1\.0\.0, not \^2"):
        await web.pull(url, "app", "^2")
    with pytest.raises(SpecInvalid, match="neither a version nor a range"):
        await web.pull(url, "app", "not one!")


async def test_an_archive_is_kept_for_those_who_may_fetch_it(
    web: Fetching, repo: ChartRepo
) -> None:
    url = f"{repo.url}/{repo.add('app', '1.0.0', ONE).name}"
    repo.authorization = "Bearer planted"
    await web.pull(url, access=Access(token="planted"))
    with pytest.raises(SourceUnavailable, match="401"):
        await web.pull(url, age=3600)


@pytest.mark.parametrize("kind", ["application/gzip", "application/x-gzip", ""])
async def test_a_chart_can_lie_in_the_address(web: Fetching, tmp_path: Path, kind: str) -> None:
    packed = make_chart(tmp_path, "app", "1.0.0", ONE).read_bytes()
    url = f"data:{kind};base64,{base64.b64encode(packed).decode()}"
    assert (await web.pull(url, "")).version == "1.0.0"
    with pytest.raises(ChartRejected, match='the data: URL holds chart "app", not "other"'):
        await web.pull(url, "other")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("data:application/gzip,plain", "not in base64"),
        ("data:application/gzip;base64,!!!", "not in base64"),
    ],
)
async def test_an_address_that_holds_nothing_is_refused(
    web: Fetching, url: str, words: str
) -> None:
    with pytest.raises(SpecInvalid, match=words):
        await web.pull(url)


async def test_a_data_url_with_something_else_is_no_chart(web: Fetching) -> None:
    with pytest.raises(ChartRejected, match="the data: URL"):
        await web.pull(f"data:;base64,{base64.b64encode(b'planted').decode()}")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "file://host/x.tgz", "/etc/x.tgz", "stable"])
async def test_files_are_no_addresses(web: Fetching, url: str) -> None:
    with pytest.raises(SpecInvalid, match="must start with https://"):
        await web.pull(url)
    with pytest.raises(SpecInvalid):
        await web.fetch(url)
