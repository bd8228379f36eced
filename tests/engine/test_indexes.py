"""Indexes: read in one pass, kept on disk, and blamed for what is wrong with them."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.large_index import MIB, large_index
from helmward.errors import ChartRejected, SourceUnavailable
from helmward.settings import EngineSettings
from tests.support.charts import CONFIG_MAP, ChartRepo
from tests.support.engines import Fetching, fetching

ONE = {"c.yaml": CONFIG_MAP}
HOUR = 3600.0
ENOUGH_MORE = 60 * MIB


@pytest.fixture
async def web() -> AsyncIterator[Fetching]:
    async with fetching() as running:
        yield running


def rewrite(repo: ChartRepo, text: str) -> None:
    """Put another index in the place of the one that lists what there is."""
    (repo.folder / "index.yaml").write_text(text)


def write_large(repo: ChartRepo, chart: Path, size: int) -> None:
    """Have the index list much more than the chart."""
    digest = hashlib.sha256(chart.read_bytes()).hexdigest()
    content = large_index("app", "1.0.0", chart.name, digest, size)
    (repo.folder / "index.yaml").write_bytes(content)


def listed(repo: ChartRepo) -> dict[str, Any]:
    """Read the index."""
    document: dict[str, Any] = json.loads((repo.folder / "index.yaml").read_text())
    return document


@pytest.mark.parametrize("form", ["yaml", "flow", "json", "indented"])
async def test_an_index_is_read_however_it_is_written(
    web: Fetching, repo: ChartRepo, form: str
) -> None:
    for version in ("1.0.0", "1.10.0", "2.0.0-rc.1"):
        repo.add("app", version, ONE)
    document = listed(repo)
    written = {
        "yaml": yaml.safe_dump(document),
        "flow": yaml.safe_dump(document, default_flow_style=True),
        "json": json.dumps(document, indent=1),
        "indented": yaml.safe_dump(document, indent=6),
    }
    rewrite(repo, written[form])
    assert (await web.pull(repo.url)).version == "1.10.0"
    assert (await web.pull(repo.url, "app", ">=2.0.0-0")).version == "2.0.0-rc.1"


async def test_an_index_without_anything_is_said_to_be_empty(
    web: Fetching, repo: ChartRepo
) -> None:
    rewrite(repo, " \n")
    with pytest.raises(SourceUnavailable, match=r"index\.yaml answered with an empty document"):
        await web.pull(repo.url)


async def test_one_broken_chart_leaves_the_others_usable(web: Fetching, repo: ChartRepo) -> None:
    repo.add("app", "1.0.0", ONE)
    text = yaml.safe_dump(listed(repo))
    broken = '  broken:\n  - version: "1.0.0\n    urls: [x.tgz]\n'
    rewrite(repo, text.replace("entries:\n", f"entries:\n{broken}"))
    assert (await web.pull(repo.url)).version == "1.0.0"
    with pytest.raises(SourceUnavailable, match=r'lists chart "broken", but .* not valid YAML'):
        await web.pull(repo.url, "broken")


async def test_an_index_that_breaks_off_is_none(web: Fetching, repo: ChartRepo) -> None:
    """What was read until then may be half of the versions."""
    repo.add("app", "1.0.0", ONE)
    repo.fail("index.yaml", cut=150)
    with pytest.raises(SourceUnavailable, match="broke off"):
        await web.pull(repo.url)
    repo.heal()
    assert (await web.pull(repo.url)).version == "1.0.0"


async def test_an_index_larger_than_allowed_names_the_flag(repo: ChartRepo) -> None:
    write_large(repo, repo.add("app", "1.0.0", ONE), 2 * MIB)
    async with fetching(EngineSettings(largest_index=MIB)) as web:
        with pytest.raises(ChartRejected, match=r"index\.yaml is larger than .*--index-max-size"):
            await web.pull(repo.url)


async def test_an_index_that_has_grown_too_large_leaves_what_was_fetched(repo: ChartRepo) -> None:
    chart = repo.add("app", "1.0.0", ONE)
    async with fetching(EngineSettings(largest_index=MIB)) as web:
        first = await web.pull(repo.url)
        write_large(repo, chart, 2 * MIB)
        again = await web.pull(repo.url)
        assert (again.digest, "--index-max-size" in again.stale_reason) == (first.digest, True)


@pytest.mark.parametrize(
    "spelling", ["{}/", "{}//", "{}/?a=b", "HTTP{}".format("{tail}/"), "{}#x"], ids=str
)
async def test_a_repository_is_one_however_it_is_spelled(
    web: Fetching, repo: ChartRepo, spelling: str
) -> None:
    repo.add("app", "1.0.0", ONE)
    await web.pull(repo.url)
    other = spelling.format(repo.url, tail=repo.url.removeprefix("http"))
    await web.pull(other, age=HOUR)
    assert (repo.count("index.yaml"), repo.count(".tgz")) == (1, 1)


async def test_a_token_in_the_query_is_a_repository_of_its_own(
    web: Fetching, repo: ChartRepo
) -> None:
    """What was fetched with one is nothing for who does not show it."""
    repo.add("app", "1.0.0", ONE)
    for query in ("?token=one", "?token=other", ""):
        await web.pull(f"{repo.url}{query}", age=HOUR)
    assert (repo.count("index.yaml"), repo.count(".tgz")) == (3, 3)


async def test_an_index_outlives_the_process(repo: ChartRepo, tmp_path: Path) -> None:
    """A young one is not asked for again, an old one by its tag."""
    repo.add("app", "1.0.0", ONE)
    async with fetching(EngineSettings(cache=tmp_path / "kept")) as web:
        first = await web.pull(repo.url, age=HOUR)
        await web.restart()
        assert await web.pull(repo.url, age=HOUR) == first
        assert len(repo.requests) == 2
        assert await web.pull(repo.url) == first
        assert repo.count("index.yaml", 304) == 1


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\0" * 500], ids=len)
async def test_a_damaged_index_is_fetched_anew(
    repo: ChartRepo, tmp_path: Path, damage: bytes
) -> None:
    repo.add("app", "1.0.0", ONE)
    async with fetching(EngineSettings(cache=tmp_path / "kept")) as web:
        first = await web.pull(repo.url)
        for path in (tmp_path / "kept" / "indexes").iterdir():
            path.write_bytes(damage)
        await web.restart()
        assert await web.pull(repo.url, age=HOUR) == first
        assert repo.count("index.yaml", 200) == 2


async def test_an_index_that_is_damaged_while_it_is_used_is_fetched_anew(
    repo: ChartRepo, tmp_path: Path
) -> None:
    for name in ("app", "other"):
        repo.add(name, "1.0.0", ONE)
    async with fetching(EngineSettings(cache=tmp_path / "kept")) as web:
        await web.pull(repo.url)
        for path in (tmp_path / "kept" / "indexes").iterdir():
            path.write_bytes(b"nonsense")
        assert (await web.pull(repo.url, "other", age=HOUR)).version == "1.0.0"
        assert repo.count("index.yaml", 200) == 2


async def test_a_large_index_costs_little_memory_and_one_request(
    web: Fetching, repo: ChartRepo
) -> None:
    """60 MB, asked for by many releases at once."""
    chart = repo.add("app", "1.0.0", ONE)
    await web.pull(repo.url)
    before = (await web.engine.stats()).rss_bytes
    write_large(repo, chart, 60 * MIB)
    repo.requests.clear()

    many = await asyncio.gather(*(web.pull(repo.url, age=0.001) for _ in range(50)))

    after = (await web.engine.stats()).rss_bytes
    assert {one.version for one in many} == {"1.0.0"}
    assert repo.count("index.yaml") == 1
    assert after - before < ENOUGH_MORE
    assert (await web.pull(repo.url, "app", "1.0.0", age=HOUR)).version == "1.0.0"
