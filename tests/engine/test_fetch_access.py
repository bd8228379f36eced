"""What a source sees of us, and whom we trust; and what another host sees of it."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from helmward.errors import SourceUnavailable, SpecInvalid
from helmward.model import Access
from tests.support.certificates import Authority
from tests.support.charts import CONFIG_MAP, ChartRepo
from tests.support.engines import Fetching

ONE = {"c.yaml": CONFIG_MAP}
TOKEN = Access(token="planted-token")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[ChartRepo]:
    with ChartRepo(tmp_path / "other") as serving:
        yield serving


@pytest.mark.parametrize(
    ("access", "header"),
    [
        (Access(username="u", password="planted"), b"u:planted"),
        (Access(token="planted"), None),
    ],
    ids=["basic", "bearer"],
)
async def test_credentials_open_a_repository(
    web: Fetching, repo: ChartRepo, access: Access, header: bytes | None
) -> None:
    """Whoever shows none gets nothing of what was fetched with them."""
    repo.add("app", "1.0.0", ONE)
    encoded = base64.b64encode(header).decode() if header else ""
    repo.authorization = f"Basic {encoded}" if header else "Bearer planted"
    assert (await web.pull(repo.url, access=access)).version == "1.0.0"
    with pytest.raises(SourceUnavailable, match="401"):
        await web.pull(repo.url, age=3600)


async def test_a_given_ca_is_trusted(web: Fetching, tmp_path: Path) -> None:
    authority = Authority()
    with ChartRepo(tmp_path / "tls", tls=authority.serving()) as repo:
        repo.add("app", "1.0.0", ONE)
        with pytest.raises(SourceUnavailable, match="signed by an unknown authority: give the CA"):
            await web.pull(repo.url)
        assert (await web.pull(repo.url, access=Access(ca=authority.pem))).version == "1.0.0"
        with pytest.raises(SourceUnavailable, match="signed by an unknown authority"):
            await web.pull(repo.url, access=Access(ca=Authority().pem))


async def test_an_expired_certificate_is_said_to_be_expired(web: Fetching, tmp_path: Path) -> None:
    authority = Authority()
    with ChartRepo(tmp_path / "t", tls=authority.serving(valid=-timedelta(days=1))) as repo:
        repo.add("app", "1.0.0", ONE)
        with pytest.raises(SourceUnavailable, match="certificate has expired"):
            await web.pull(repo.url, access=Access(ca=authority.pem))


async def test_verification_can_be_skipped_for_one_source(web: Fetching, tmp_path: Path) -> None:
    with ChartRepo(tmp_path / "tls", tls=True) as repo:
        repo.add("app", "1.0.0", ONE)
        assert (await web.pull(repo.url, access=Access(skip_tls_verify=True))).version == "1.0.0"
        with pytest.raises(SourceUnavailable, match="unknown authority"):
            await web.pull(repo.url)


async def test_a_client_certificate_opens_a_repository(web: Fetching, tmp_path: Path) -> None:
    authority, clients = Authority(), Authority("of clients")
    right, wrong = clients.issue("us"), Authority("of others").issue("us")
    with ChartRepo(tmp_path / "mtls", tls=authority.serving(clients=clients)) as repo:
        repo.add("app", "1.0.0", ONE)
        access = Access(ca=authority.pem, certificate=right.certificate, key=right.key)
        assert (await web.pull(repo.url, access=access)).version == "1.0.0"
        for refused in (
            Access(ca=authority.pem),
            Access(ca=authority.pem, certificate=wrong.certificate, key=wrong.key),
        ):
            with pytest.raises(SourceUnavailable, match="our client certificate"):
                await web.pull(repo.url, access=refused)


async def test_an_unusable_certificate_names_its_key(web: Fetching) -> None:
    with pytest.raises(SpecInvalid, match=r"ca\.crt"):
        await web.pull("https://127.0.0.1:9", access=Access(ca=b"planted"))


async def test_a_redirect_to_another_host_takes_no_credentials_along(
    web: Fetching, repo: ChartRepo, other: ChartRepo
) -> None:
    other.add("app", "1.0.0", ONE)
    location = {"Location": f"{other.url}/index.yaml"}
    repo.fail("index.yaml", status=302, headers=location)
    repo.fail(".tgz", status=302, headers={"Location": f"{other.url}/app-1.0.0.tgz"})
    assert (await web.pull(repo.url, access=TOKEN)).version == "1.0.0"
    assert set(repo.shown) == {"Bearer planted-token"}
    assert other.shown == ["", ""]


async def test_pass_credentials_takes_them_along(
    web: Fetching, repo: ChartRepo, other: ChartRepo
) -> None:
    other.add("app", "1.0.0", ONE)
    other.authorization = "Bearer planted-token"
    repo.fail("index.yaml", status=302, headers={"Location": f"{other.url}/index.yaml"})
    repo.fail(".tgz", status=302, headers={"Location": f"{other.url}/app-1.0.0.tgz"})
    access = Access(token="planted-token", pass_credentials=True)
    assert (await web.pull(repo.url, access=access)).version == "1.0.0"
    with pytest.raises(SourceUnavailable, match="credentials do not follow to another host"):
        await web.pull(repo.url, access=TOKEN)


async def test_an_archive_on_another_host_sees_no_credentials(
    web: Fetching, repo: ChartRepo, other: ChartRepo
) -> None:
    archive = other.add("app", "1.0.0", ONE)
    repo.add("app", "1.0.0", ONE)
    index = repo.folder / "index.yaml"
    index.write_text(index.read_text().replace(archive.name, f"{other.url}/{archive.name}"))
    assert (await web.pull(repo.url, access=TOKEN)).version == "1.0.0"
    assert other.shown == [""]


async def test_a_redirect_in_a_circle_ends(web: Fetching, repo: ChartRepo) -> None:
    repo.fail("index.yaml", status=302, headers={"Location": "/index.yaml"})
    with pytest.raises(SourceUnavailable, match="redirects too often"):
        await web.pull(repo.url)
    assert repo.count("index.yaml") <= 12
