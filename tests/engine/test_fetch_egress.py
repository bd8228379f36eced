"""Where requests may go."""

from pathlib import Path

import pytest

from helmward.errors import SourceForbidden
from helmward.settings import EngineSettings
from tests.support.charts import CONFIG_MAP, ChartRepo
from tests.support.engines import fetching

ONE = {"c.yaml": CONFIG_MAP}


async def test_an_address_that_no_prefix_allows_is_not_asked(repo: ChartRepo) -> None:
    repo.add("app", "1.0.0", ONE)
    async with fetching() as web:
        with pytest.raises(SourceForbidden, match=r"not among the URLs .* --allow-url would add"):
            await web.pull(f"{repo.url}/team-b", allowed=[f"{repo.url}/team"])
        assert repo.requests == []
        assert (await web.pull(repo.url, allowed=[repo.url])).version == "1.0.0"
        with pytest.raises(SourceForbidden):
            await web.pull(repo.url, allowed=["https://elsewhere"], age=3600)


async def test_a_redirect_out_of_the_list_is_not_followed(repo: ChartRepo, tmp_path: Path) -> None:
    with ChartRepo(tmp_path / "other") as other:
        other.add("app", "1.0.0", ONE)
        repo.fail("index.yaml", status=302, headers={"Location": f"{other.url}/index.yaml"})
        async with fetching() as web:
            with pytest.raises(SourceForbidden, match=other.url):
                await web.pull(repo.url, allowed=[repo.url])
        assert other.requests == []


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://[fe80::1]/x"])
async def test_link_local_addresses_are_always_refused(url: str) -> None:
    async with fetching() as web:
        with pytest.raises(SourceForbidden, match="link-local"):
            await web.pull(url)
        with pytest.raises(SourceForbidden, match="link-local"):
            await web.fetch(url)


async def test_this_very_machine_is_refused_when_asked(repo: ChartRepo) -> None:
    """A prefix that names the host lifts that."""
    repo.add("app", "1.0.0", ONE)
    named = repo.url.replace("127.0.0.1", "localhost")
    async with fetching(EngineSettings(refuse_local=True)) as web:
        for url in (repo.url, named):
            with pytest.raises(SourceForbidden, match=r"this very machine: --allow-url"):
                await web.pull(url)
        assert repo.requests == []
        assert (await web.pull(repo.url, allowed=[repo.url])).version == "1.0.0"


async def test_a_proxy_connects_for_us_and_names_are_judged(
    repo: ChartRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may stand anywhere; what a proxy must not be asked for is seen by its name."""
    repo.add("app", "1.0.0", ONE)
    monkeypatch.setenv("HTTP_PROXY", repo.url)
    async with fetching(EngineSettings(refuse_local=True)) as web:
        assert (await web.pull("http://charts.invalid/stable")).version == "1.0.0"
        before = len(repo.requests)
        for url in ("http://169.254.169.254/x", "http://127.0.0.1/x", "http://localhost./x"):
            with pytest.raises(SourceForbidden, match="--allow-url"):
                await web.pull(url)
        assert len(repo.requests) == before
