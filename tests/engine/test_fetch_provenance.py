"""Provenance files beside archives: installed is what somebody trusted has signed."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helmward.errors import ChartUnverified, SourceUnavailable, SpecInvalid
from helmward.model import Access, Verification
from helmward.settings import EngineSettings
from tests.support.charts import CONFIG_MAP, ChartRepo, make_chart
from tests.support.engines import Fetching, fetching
from tests.support.openpgp import PgpKey, provenance_of

ONE = {"c.yaml": CONFIG_MAP}


@pytest.fixture(scope="module")
def key() -> PgpKey:
    return PgpKey("Releases <releases@example.com>")


@pytest.fixture
def wanted(key: PgpKey) -> Verification:
    return Verification("provenance", (key.keyring,))


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Fetching]:
    async with fetching(EngineSettings(cache=tmp_path / "cache")) as running:
        yield running


def publish(repo: ChartRepo, key: PgpKey) -> str:
    """Publish a signed chart and return its archive's address."""
    archive = repo.add("app", "1.0.0", ONE)
    (repo.folder / f"{archive.name}.prov").write_bytes(provenance_of(archive, key))
    return f"{repo.url}/{archive.name}"


async def test_a_signed_chart_says_who_has_signed_it(
    web: Fetching, repo: ChartRepo, key: PgpKey, wanted: Verification
) -> None:
    """From a repository and by its own address; who does not ask is told nobody."""
    url = publish(repo, key)
    for source in (repo.url, url):
        signed = await web.pull(source, verification=wanted)
        assert key.fingerprint in signed.signed_by
        assert (await web.pull(source)).signed_by == ""


async def test_a_chart_that_nobody_signed_is_refused(
    web: Fetching, repo: ChartRepo, wanted: Verification
) -> None:
    """Also when it is in the store already, where nobody had asked."""
    repo.add("app", "1.0.0", ONE)
    await web.pull(repo.url)
    with pytest.raises(ChartUnverified, match=r"is not signed: there is no app-1.0.0.tgz.prov"):
        await web.pull(repo.url, verification=wanted)


async def test_a_chart_that_somebody_else_signed_is_refused(
    web: Fetching, repo: ChartRepo, key: PgpKey, wanted: Verification
) -> None:
    url = publish(repo, PgpKey("Somebody <else@example.com>"))
    for source in (repo.url, url):
        with pytest.raises(ChartUnverified, match="not among those given"):
            await web.pull(source, verification=wanted)
    publish(repo, key)
    await web.restart()
    assert (await web.pull(repo.url, verification=wanted)).signed_by


async def test_a_chart_that_was_changed_after_it_was_signed_is_refused(
    web: Fetching, repo: ChartRepo, key: PgpKey, wanted: Verification
) -> None:
    publish(repo, key)
    repo.add("app", "1.0.0", ONE, {"greeting": "changed"})
    with pytest.raises(ChartUnverified, match=r"app-1\.0\.0\.tgz"):
        await web.pull(repo.url, verification=wanted)


async def test_a_signed_chart_is_served_after_a_restart_while_its_source_is_down(
    web: Fetching, repo: ChartRepo, key: PgpKey, wanted: Verification
) -> None:
    """With the same keys only: what others trust was never checked."""
    url = publish(repo, key)
    for source in (repo.url, url):
        await web.pull(source, verification=wanted)
    repo.fail(status=503)
    await web.restart()
    for source in (repo.url, url):
        kept = await web.pull(source, verification=wanted)
        assert key.fingerprint in kept.signed_by
        assert "503" in kept.stale_reason
    other = Verification("provenance", (PgpKey("other").keyring,))
    with pytest.raises((SourceUnavailable, ChartUnverified)):
        await web.pull(repo.url, verification=other)


async def test_a_provenance_file_sees_the_same_credentials(
    web: Fetching, repo: ChartRepo, key: PgpKey, wanted: Verification
) -> None:
    publish(repo, key)
    repo.authorization = "Bearer planted"
    access = Access(token="planted")
    assert (await web.pull(repo.url, access=access, verification=wanted)).signed_by


@pytest.mark.parametrize("provider", ["cosign", "notation"])
async def test_a_provider_that_is_not_for_archives_is_refused(
    web: Fetching, repo: ChartRepo, provider: str
) -> None:
    repo.add("app", "1.0.0", ONE)
    with pytest.raises(SpecInvalid, match="`provenance`"):
        await web.pull(repo.url, verification=Verification(provider, (b"key",)))


async def test_a_chart_in_the_address_cannot_be_signed(
    web: Fetching, wanted: Verification, tmp_path: Path
) -> None:
    packed = base64.b64encode(make_chart(tmp_path, "app", "1.0.0", ONE).read_bytes()).decode()
    with pytest.raises(ChartUnverified, match="data: URL has no provenance file"):
        await web.pull(f"data:;base64,{packed}", verification=wanted)
