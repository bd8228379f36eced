"""Chart repositories: asked as little as possible, and blamed for what is theirs."""

import asyncio
import base64
import re
from pathlib import Path
from typing import Any

import pytest

from helmward.errors import ChartNotFound, ChartRejected, SourceUnavailable, SpecInvalid
from tests.support.charts import ChartRepo
from tests.support.helm import Helm, config_map

ONE = {"c.yaml": config_map("c")}
AGES = 3600.0


async def test_an_exact_version_in_the_store_costs_no_request(helm: Helm) -> None:
    chart = await helm.chart(ONE)
    before = len(helm.repo.requests)
    assert await helm.pull("app", "1.0.0", age=AGES) == chart
    assert len(helm.repo.requests) == before


async def test_an_old_index_is_asked_for_by_its_tag(helm: Helm) -> None:
    await helm.chart(ONE)
    await helm.pull("app", "1.0.0")
    assert helm.repo.count("/index.yaml", 304) == 1
    assert helm.repo.count(".tgz") == 1


async def test_sixteen_who_ask_at_once_share_one_download(helm: Helm) -> None:
    helm.repo.add("app", "1.0.0", ONE)
    helm.repo.fail("index.yaml", delay=0.2)
    await asyncio.gather(*(helm.pull("app", age=AGES) for _ in range(16)))
    assert helm.repo.count("/index.yaml") == 1
    assert helm.repo.count(".tgz") == 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", "1.10.0"),
        ("1.2.0", "1.2.0"),
        ("^1.2", "1.10.0"),
        ("~1.2.0", "1.2.3"),
        (">=2.0.0-0", "2.0.0-rc.1"),
        ("1.x", "1.10.0"),
    ],
)
async def test_a_version_is_chosen_as_helm_does(helm: Helm, wanted: str, found: str) -> None:
    for version in ("1.2.0", "1.2.3", "1.10.0", "2.0.0-rc.1"):
        helm.repo.add("app", version, ONE)
    assert (await helm.pull("app", wanted)).version == found


async def test_an_absent_version_lists_the_newest(helm: Helm) -> None:
    for version in ("1.0.0", "1.1.0"):
        helm.repo.add("app", version, ONE)
    with pytest.raises(ChartNotFound, match=r"no version 9\.9\.9; the newest are 1\.1\.0, 1\.0\.0"):
        await helm.pull("app", "9.9.9")


async def test_an_absent_chart_names_those_near(helm: Helm) -> None:
    helm.repo.add("podinfo", "1.0.0", ONE)
    with pytest.raises(ChartNotFound, match=r"no chart \"podinf\" in http.*did you mean podinfo"):
        await helm.pull("podinf")


async def test_a_version_that_is_none_is_refused(helm: Helm) -> None:
    helm.repo.add("app", "1.0.0", ONE)
    with pytest.raises(SpecInvalid, match="neither a version nor a range"):
        await helm.pull("app", "not a version!")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 404}, "index.yaml answered 404 Not Found"),
        ({"status": 401}, "answered 401 Unauthorized: the credentials"),
        ({"status": 403}, "answered 403 Forbidden: the credentials"),
        ({"status": 429}, "answered 429"),
        ({"status": 500}, "answered 500 Internal Server Error"),
        ({"body": b"<!doctype html><p>Sign in</p>"}, "web page (HTML)"),
        ({"body": b"\x00: [not: yaml"}, "not valid YAML"),
        ({"body": b"just: a document"}, "no `entries`"),
    ],
    ids=str,
)
async def test_a_repository_that_answers_nonsense_is_blamed(
    helm: Helm, fault: dict[str, Any], words: str
) -> None:
    helm.repo.add("app", "1.0.0", ONE)
    helm.repo.fail("index.yaml", **fault)
    with pytest.raises(SourceUnavailable, match=re.escape(words)):
        await helm.pull("app")


async def test_a_repository_that_nobody_serves_is_blamed(helm: Helm) -> None:
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9.*refused"):
        await helm.pull("app", url="http://127.0.0.1:9")


async def test_a_certificate_that_nobody_trusts_is_blamed(helm: Helm, tmp_path: Path) -> None:
    with ChartRepo(tmp_path / "tls", tls=True) as repo:
        repo.add("app", "1.0.0", ONE)
        with pytest.raises(SourceUnavailable, match=r"cannot be trusted.*certificate"):
            await helm.pull("app", url=repo.url)


@pytest.mark.parametrize("url", ["oci://", "stable", "file:///etc", "ftp://x/y"])
async def test_an_address_that_is_no_repository_is_refused(helm: Helm, url: str) -> None:
    with pytest.raises(SpecInvalid):
        await helm.pull("app", url=url)


async def test_credentials_in_the_address_are_used_and_never_printed(helm: Helm) -> None:
    helm.repo.add("app", "1.0.0", ONE)
    helm.repo.authorization = "Basic " + base64.b64encode(b"planted-user:planted-word").decode()
    address = helm.repo.url.replace("http://", "http://planted-user:planted-word@")
    assert (await helm.pull("app", url=address)).version == "1.0.0"
    helm.repo.fail(status=500)
    with pytest.raises(SourceUnavailable) as caught:
        await helm.pull("other", url=address + "/elsewhere")
    assert "planted" not in str(caught.value)
    with pytest.raises(SourceUnavailable, match="answered 401"):
        await helm.pull("app", url=helm.repo.url)
    assert not [line for line in helm.logs if "planted" in str(line)]


async def test_a_repository_that_is_down_serves_what_was_fetched(helm: Helm) -> None:
    chart = await helm.chart(ONE)
    helm.repo.fail(status=503)
    kept = await helm.pull("app", "1.0.0")
    assert kept.digest == chart.digest
    assert "503" in kept.stale_reason
    helm.repo.heal()
    assert (await helm.pull("app", "1.0.0")).stale_reason == ""


async def test_a_version_published_anew_is_fetched_anew(helm: Helm) -> None:
    old = await helm.chart(ONE)
    new = await helm.chart({"c.yaml": config_map("c", changed="yes")})
    assert new.version == old.version
    assert new.digest != old.digest


async def test_an_index_without_digests_is_followed_too(helm: Helm) -> None:
    helm.repo.add("app", "1.0.0", ONE)
    helm.repo.reindex(digests=False)
    old = await helm.pull("app")
    assert (await helm.pull("app")).digest == old.digest
    assert helm.repo.count(".tgz") == 1


async def test_an_archive_that_is_not_what_the_index_lists_is_refused(helm: Helm) -> None:
    helm.repo.add("app", "1.0.0", ONE)
    helm.repo.fail(".tgz", body=b"something else")
    with pytest.raises(SourceUnavailable, match="not what the index lists"):
        await helm.pull("app")


async def test_an_archive_that_is_no_chart_is_rejected(helm: Helm) -> None:
    path = helm.repo.add("app", "1.0.0", ONE)
    helm.repo.reindex(digests=False)
    path.write_bytes(b"no archive at all")
    with pytest.raises(ChartRejected, match="no chart"):
        await helm.pull("app")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"type": "library"}, "cannot be installed"),
        ({"dependencies": [{"name": "sub", "version": "1", "repository": ""}]}, "lacks its"),
    ],
)
async def test_a_chart_that_helm_would_not_install_is_rejected(
    helm: Helm, more: dict[str, object], words: str
) -> None:
    helm.repo.add("app", "1.0.0", ONE, metadata=more)
    with pytest.raises(ChartRejected, match=words):
        await helm.pull("app")


@pytest.mark.parametrize("path", ["../../escaped", "/etc/escaped"])
async def test_a_path_out_of_the_chart_is_rejected(helm: Helm, path: str) -> None:
    helm.repo.add("app", "1.0.0", ONE, files={path: "out"})
    with pytest.raises(ChartRejected, match=r"parent directory|absolute path"):
        await helm.pull("app")
