"""What the engine keeps: over a restart, shared, bounded, and never trusted unseen."""

import asyncio
import base64
import os
import resource
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from helmward.errors import SourceUnavailable
from helmward.model import Access, Verification
from helmward.settings import EngineSettings
from tests.support.certificates import Authority
from tests.support.charts import CONFIG_MAP, ChartRepo
from tests.support.engines import Fetching, fetching

ONE = {"c.yaml": CONFIG_MAP}
HOUR = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
async def web(folder: Path) -> AsyncIterator[Fetching]:
    async with fetching(EngineSettings(cache=folder)) as running:
        yield running


def files(folder: Path) -> list[Path]:
    """List the files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_two_hundred_pulls_make_one_request_and_one_download(
    web: Fetching, repo: ChartRepo
) -> None:
    repo.add("app", "1.0.0", ONE)
    many = await asyncio.gather(*(web.pull(repo.url, "app", "^1", age=HOUR) for _ in range(200)))
    assert len({one.digest for one in many}) == 1
    assert (repo.count("index.yaml"), repo.count(".tgz")) == (1, 1)


def down(repo: ChartRepo) -> None:
    """Answer everything with 503."""
    repo.fail(status=503)


def a_page(repo: ChartRepo) -> None:
    """Answer everything with a page to sign in."""
    repo.fail(body=b"<!doctype html><p>Sign in</p>")


def nonsense(repo: ChartRepo) -> None:
    """List something else than charts."""
    repo.fail("index.yaml", body=b"\x00: [not: yaml")


def broken_off(repo: ChartRepo) -> None:
    """Break off in the middle of the index, which is sent whole each time."""
    repo.etags = False
    repo.fail("index.yaml", cut=50)


FAULTS = [down, a_page, nonsense, broken_off]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("index", ["kept", "lost"])
@pytest.mark.parametrize("version", ["1.0.0", "^1", ""])
async def test_what_was_fetched_is_served_after_a_restart_without_the_source(
    folder: Path, repo: ChartRepo, fault: Callable[[ChartRepo], None], index: str, version: str
) -> None:
    """Also where the index itself is gone: what was asked for before is known."""
    repo.add("app", "1.0.0", ONE)
    async with fetching(EngineSettings(cache=folder)) as web:
        first = await web.pull(repo.url, "app", version)
    fault(repo)
    if index == "lost":
        for path in (folder / "indexes").iterdir():
            path.unlink()
    async with fetching(EngineSettings(cache=folder)) as web:
        again = await web.pull(repo.url, "app", version)
        assert (again.digest, again.version) == (first.digest, "1.0.0")
        assert again.stale_reason
        repo.heal()
        assert (await web.pull(repo.url, "app", version)).stale_reason == ""


async def test_an_expired_certificate_leaves_what_was_fetched(
    web: Fetching, tmp_path: Path
) -> None:
    authority = Authority()
    context = authority.serving()
    known = Access(ca=authority.pem)
    with ChartRepo(tmp_path / "charts", tls=context) as repo:
        repo.add("app", "1.0.0", ONE)
        first = await web.pull(repo.url, access=known)
        expired = authority.issue(valid=-timedelta(days=1))
        pair = tmp_path / "pair.pem"
        pair.write_bytes(expired.key + expired.certificate)
        context.load_cert_chain(pair)
        await web.restart()
        kept = await web.pull(repo.url, access=known)
    assert (kept.digest, "expired" in kept.stale_reason) == (first.digest, True)


async def test_what_was_never_asked_for_is_not_made_up(web: Fetching, repo: ChartRepo) -> None:
    repo.add("app", "1.0.0", ONE)
    await web.pull(repo.url, "app", "1.0.0")
    down(repo)
    await web.restart()
    with pytest.raises(SourceUnavailable, match="503"):
        await web.pull(f"{repo.url}/other", "app", "1.0.0")


async def test_an_archive_by_its_address_is_served_after_a_restart(
    web: Fetching, repo: ChartRepo
) -> None:
    url = f"{repo.url}/{repo.add('app', '1.0.0', ONE).name}"
    first = await web.pull(url)
    await web.restart()
    assert await web.pull(url, age=HOUR) == first
    assert len(repo.requests) == 1
    assert await web.pull(url) == first
    assert repo.count(".tgz", 304) == 1
    down(repo)
    await web.restart()
    kept = await web.pull(url)
    assert (kept.digest, "503" in kept.stale_reason) == (first.digest, True)


async def test_what_was_fetched_with_credentials_is_kept_for_them_alone(
    web: Fetching, repo: ChartRepo
) -> None:
    repo.add("app", "1.0.0", ONE)
    repo.authorization = "Basic " + base64.b64encode(b"somebody:word").decode()
    known = Access(username="somebody", password="word")
    first = await web.pull(repo.url, access=known)
    down(repo)
    await web.restart()
    assert (await web.pull(repo.url, access=known)).digest == first.digest
    for other in (Access(), Access(username="somebody", password="other")):
        with pytest.raises(SourceUnavailable):
            await web.pull(repo.url, access=other)


async def test_a_signature_that_cannot_be_checked_is_none(
    web: Fetching, repo: ChartRepo, folder: Path
) -> None:
    """A chart that was fetched unsigned is not served to who asks for signatures."""
    repo.add("app", "1.0.0", ONE)
    await web.pull(repo.url)
    down(repo)
    for path in (folder / "indexes").iterdir():
        path.unlink()
    await web.restart()
    with pytest.raises(SourceUnavailable):
        await web.pull(repo.url, verification=Verification("provenance", (b"key",)))


async def test_nothing_that_is_kept_tells_a_secret(
    web: Fetching, repo: ChartRepo, folder: Path
) -> None:
    repo.add("app", "1.0.0", ONE)
    address = repo.url.replace("http://", "http://planted-user:planted-word@")
    await web.pull(f"{address}/?token=planted-token")
    await web.pull(f"{address}/app-1.0.0.tgz?token=planted-token")
    kept = files(folder)
    assert kept
    assert not [path for path in kept if b"planted" in path.read_bytes() or "planted" in path.name]


@pytest.mark.parametrize("damage", ["changed", "cut", "emptied"])
async def test_a_damaged_chart_is_fetched_again(
    web: Fetching, repo: ChartRepo, folder: Path, damage: str
) -> None:
    repo.add("app", "1.0.0", ONE)
    first = await web.pull(repo.url)
    (path,) = (folder / "charts").iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = {"changed": bytes(content), "cut": bytes(content[:50]), "emptied": b""}
    path.write_bytes(damaged[damage])
    await web.restart()
    assert await web.pull(repo.url, age=HOUR) == first
    assert repo.count(".tgz") == 2
    await web.restart()
    assert await web.pull(repo.url, age=HOUR) == first
    assert repo.count(".tgz") == 2


async def test_two_engines_share_a_folder(folder: Path, repo: ChartRepo) -> None:
    """What one has fetched the other does not fetch, and both see what is new."""
    repo.add("app", "1.0.0", ONE)
    settings = EngineSettings(cache=folder)
    async with fetching(settings) as one, fetching(settings) as other:
        first = await one.pull(repo.url, age=HOUR)
        assert await other.pull(repo.url, age=HOUR) == first
        assert len(repo.requests) == 2
        repo.add("app", "1.1.0", ONE)
        assert (await other.pull(repo.url)).version == "1.1.0"
        requests = len(repo.requests)
        pulls = (web.pull(repo.url, "app", "1.1.0", age=HOUR) for web in (one, other) * 10)
        assert {chart.version for chart in await asyncio.gather(*pulls)} == {"1.1.0"}
        assert len(repo.requests) <= requests + 1


async def test_the_folder_grows_no_larger_than_allowed(folder: Path, repo: ChartRepo) -> None:
    """What was used last stays; all of it is served nevertheless."""
    noise = {"noise.bin": base64.b64encode(os.urandom(60_000)).decode()}
    for version in range(10):
        repo.add("app", f"1.{version}.0", ONE, files=noise | {"version": str(version)})
    settings = EngineSettings(cache=folder, cache_size=200_000)
    async with fetching(settings) as web:
        for version in range(10):
            chart = await web.pull(repo.url, "app", f"1.{version}.0", age=HOUR)
            assert chart.version == f"1.{version}.0"
        kept = sum(path.stat().st_size for path in files(folder))
        assert kept <= 200_000
        await web.restart()
        downloads = repo.count(".tgz")
        await web.pull(repo.url, "app", "1.9.0", age=HOUR)
        assert repo.count(".tgz") == downloads


async def test_a_full_disk_leaves_memory(folder: Path, repo: ChartRepo) -> None:
    """Writes fail beyond a size, as on a full disk, by a limit of the process."""
    noise = {"noise.bin": base64.b64encode(os.urandom(60_000)).decode()}
    repo.add("app", "1.0.0", ONE, files=noise)
    async with fetching(EngineSettings(cache=folder)) as web:
        assert web.process.pid
        resource.prlimit(web.process.pid, resource.RLIMIT_FSIZE, (100, 100))
        first = await web.pull(repo.url)
        assert await web.pull(repo.url, age=HOUR) == first
        assert len(repo.requests) == 2
        assert not [path for path in files(folder) if path.parent.name in {"charts", "indexes"}]


async def test_a_folder_that_cannot_be_written_leaves_memory(
    tmp_path: Path, repo: ChartRepo
) -> None:
    """A file stands in the folder's place."""
    (tmp_path / "taken").write_text("")
    repo.add("app", "1.0.0", ONE)
    async with fetching(EngineSettings(cache=tmp_path / "taken")) as web:
        first = await web.pull(repo.url)
        assert await web.pull(repo.url, age=HOUR) == first
        assert len(repo.requests) == 2
