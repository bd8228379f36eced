"""Charts from OCI registries: a real one, and fronts before it that misbehave."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from helmward.errors import (
    ChartNotFound,
    ChartRejected,
    SourceUnavailable,
    SpecInvalid,
)
from helmward.model import Access
from helmward.settings import EngineSettings
from tests.support.engines import Fetching, fetching
from tests.support.registry import (
    LEGACY_CHART,
    OCI_INDEX,
    OCI_MANIFEST,
    Registry,
    chart,
)
from tests.support.registry_front import Answer, Asked, Front

PLAIN = Access(plain_http=True)
AGES = 3600.0
USER, WORD = "ada", "planted-word"
LOGIN = replace(PLAIN, username=USER, password=WORD)


# --- Which chart --------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0.0", "1.0.0+build.7", "1.0.0-rc.1"])
async def test_an_exact_version_is_its_tag(
    web: Fetching, registry: Registry, tmp_path: Path, version: str
) -> None:
    """A tag has no plus; Helm writes it as `_`."""
    registry.push(chart(tmp_path, version))
    assert (await web.pull(registry.url, "app", version, access=PLAIN)).version == version


async def test_an_address_may_end_with_the_chart(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path))
    found = await web.pull(f"{registry.url}/app", "app", "1.0.0", access=PLAIN)
    assert found.version == "1.0.0"


async def test_a_registry_may_deny_what_it_does_not_have(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    """Some answer 403 for what is not there: the other place is looked at all the same."""
    registry.push(chart(tmp_path))

    def denies(asked: Asked) -> Answer | None:
        return Answer(403) if "/app/app/" in asked.path else None

    with Front(registry, denies) as front:
        found = await web.pull(f"{front.url}/app", "app", "1.0.0", access=PLAIN)
        assert found.version == "1.0.0"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", "1.10.0"),
        ("^1.2", "1.10.0"),
        ("~1.2.0", "1.2.3"),
        ("1.2", "1.2.3"),
        ("1.x", "1.10.0"),
        (">=2.0.0-0", "2.0.0-rc.1"),
        ("<1.2.3 || 5.x", "1.2.0"),
    ],
)
async def test_the_newest_tag_in_range_is_chosen(
    web: Fetching, registry: Registry, tmp_path: Path, wanted: str, found: str
) -> None:
    for version in ("1.2.0", "1.2.3", "1.10.0", "2.0.0-rc.1"):
        registry.push(chart(tmp_path, version))
    registry.push(chart(tmp_path, "0.1.0"), tag="latest")
    assert (await web.pull(registry.url, "app", wanted, access=PLAIN)).version == found


async def test_a_tag_that_is_no_version_is_taken_by_its_name(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path, "0.1.0"), tag="latest")
    assert (await web.pull(registry.url, "app", "latest", access=PLAIN)).version == "0.1.0"


async def test_a_digest_is_the_manifests_and_is_asked_for_once(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    pushed = registry.push(chart(tmp_path))
    with Front(registry) as front:
        for _ in range(2):
            found = await web.pull(front.url, "app", pushed.digest, access=PLAIN)
            assert found.version == "1.0.0"
        assert front.count("GET", "/manifests/") == 1
        assert front.count("GET", "/blobs/") == 1


async def test_tags_are_read_page_by_page(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path, "1.9.0"))

    def paged(asked: Asked) -> Answer | None:
        if "/tags/list" not in asked.path:
            return None
        if "last=" in asked.path:
            return Answer(body=b'{"tags":["1.9.0"]}')
        more = {"Link": '</v2/charts/app/tags/list?n=1000&last=1.0.0>; rel="next"'}
        return Answer(body=b'{"tags":["1.0.0"]}', headers=more)

    with Front(registry, paged) as front:
        assert (await web.pull(front.url, access=PLAIN)).version == "1.9.0"


async def test_tags_without_end_are_given_up(web: Fetching) -> None:
    def endless(asked: Asked) -> Answer:
        more = {"Link": f'<{asked.path}>; rel="next"'}
        return Answer(body=b'{"tags":["1.0.0"]}', headers=more)

    with Front(answer=endless) as front:
        with pytest.raises(ChartRejected, match="lists too much: more than 100 pages"):
            await web.pull(front.url, access=PLAIN)
        assert front.count("GET", "/tags/list") == 100


@pytest.mark.parametrize("version", ["sha256:12", "not a version!", "a/b"])
async def test_a_version_that_is_none_is_refused(web: Fetching, version: str) -> None:
    with pytest.raises(SpecInvalid, match="neither a version, a range, a tag nor a digest"):
        await web.pull("oci://127.0.0.1:9/charts", "app", version, access=PLAIN)


@pytest.mark.parametrize("path", ["Charts", "charts/..", "cha rts"])
async def test_an_address_that_no_registry_has_is_refused(web: Fetching, path: str) -> None:
    with pytest.raises(SpecInvalid):
        await web.pull(f"oci://127.0.0.1:9/{path}", "App", "1.0.0", access=PLAIN)


async def test_what_is_not_there_is_named(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    for version in ("1.0.0", "1.1.0+x"):
        registry.push(chart(tmp_path, version))
    with pytest.raises(ChartNotFound, match=r"has no version 9\.9\.9; the newest are 1\.1\.0\+x, "):
        await web.pull(registry.url, "app", "9.9.9", access=PLAIN)
    with pytest.raises(ChartNotFound, match=r'no chart "other".*nothing at oci://\S+/charts/other'):
        await web.pull(registry.url, "other", "1.0.0", access=PLAIN)
    with pytest.raises(ChartNotFound, match=r"nothing at oci://.*/charts/app@sha256:0000"):
        await web.pull(registry.url, "app", "sha256:" + "0" * 64, access=PLAIN)


# --- As little as possible, and while it is down ------------------------------


async def test_a_tag_that_was_moved_is_seen_after_the_age(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path, greeting="old"))
    old = await web.pull(registry.url, "app", "1.0.0", access=PLAIN)
    registry.push(chart(tmp_path, greeting="new"))
    assert await web.pull(registry.url, "app", "1.0.0", age=AGES, access=PLAIN) == old
    new = await web.pull(registry.url, "app", "1.0.0", access=PLAIN)
    assert new.digest != old.digest


async def test_a_new_version_in_range_is_seen_after_the_age(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path, "1.0.0"))
    assert (await web.pull(registry.url, access=PLAIN)).version == "1.0.0"
    registry.push(chart(tmp_path, "1.1.0"))
    assert (await web.pull(registry.url, age=AGES, access=PLAIN)).version == "1.0.0"
    assert (await web.pull(registry.url, access=PLAIN)).version == "1.1.0"


async def test_sixteen_who_ask_at_once_share_one_download(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path))
    with Front(registry) as front:
        pulls = (web.pull(front.url, "app", "1.0.0", age=AGES, access=PLAIN) for _ in range(16))
        await asyncio.gather(*pulls)
        assert front.count("GET", "/blobs/") == 1
        await web.pull(front.url, "app", "1.0.0", access=PLAIN)
        assert front.count("GET", "/blobs/") == 1


async def test_ranges_share_one_list_of_tags_and_one_download(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path))
    with Front(registry) as front:
        for wanted in ("", "^1", "1.x", "~1.0", "1.0.0"):
            assert await web.pull(front.url, "app", wanted, age=AGES, access=PLAIN)
        assert front.count("GET", "/tags/list") == 1
        assert front.count("GET", "/blobs/") == 1


async def test_a_registry_that_is_down_serves_what_was_fetched(
    registry: Registry, tmp_path: Path
) -> None:
    """Also by a new process; and not to whoever has shown other credentials."""
    registry.push(chart(tmp_path))
    async with fetching(EngineSettings(cache=tmp_path / "cache")) as web:
        found = [await web.pull(registry.url, "app", one, access=PLAIN) for one in ("1.0.0", "^1")]
        registry.stop()
        for _ in range(2):
            for version in ("1.0.0", "^1"):
                kept = await web.pull(registry.url, "app", version, access=PLAIN)
                assert kept.digest == found[0].digest
                assert "connection refused" in kept.stale_reason
            with pytest.raises(SourceUnavailable, match="connection refused"):
                await web.pull(registry.url, "app", "1.0.0", access=LOGIN)
            await web.restart()
        registry.start()
        assert (await web.pull(registry.url, "app", "^1", access=PLAIN)).stale_reason == ""


# --- What is wrong with it ----------------------------------------------------


async def test_a_blob_that_was_changed_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    pushed = registry.push(chart(tmp_path))
    registry.tamper(json.loads(pushed.content)["layers"][0]["digest"])
    with pytest.raises(SourceUnavailable, match="not what its manifest lists: its digest is"):
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN)


async def test_a_manifest_that_was_changed_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    pushed = registry.push(chart(tmp_path))

    def changed(asked: Asked) -> Answer | None:
        if asked.method == "GET" and "/manifests/" in asked.path:
            other = pushed.content.replace(b'"app"', b'"axx"') + b" "
            named = {"Docker-Content-Digest": pushed.digest, "Content-Type": OCI_MANIFEST}
            return Answer(body=other, headers=named)
        return None

    with (
        Front(registry, changed) as front,
        pytest.raises(SourceUnavailable, match="another manifest"),
    ):
        await web.pull(front.url, "app", "1.0.0", access=PLAIN)


async def test_what_is_no_chart_is_refused_in_plain_words(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    image = "application/vnd.oci.image.config.v1+json"
    layer = "application/vnd.oci.image.layer.v1.tar+gzip"
    registry.push(chart(tmp_path), config=image, layer=layer)
    with pytest.raises(ChartRejected, match=re.escape(f'no Helm chart, but of type "{image}"')):
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN)
    pushed = registry.push(chart(tmp_path, "1.1.0"))
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [pushed.described]}
    registry.manifest("charts/app", "2.0.0", index, OCI_INDEX)
    with pytest.raises(ChartRejected, match="an index of images for several platforms"):
        await web.pull(registry.url, "app", "2.0.0", access=PLAIN)


async def test_charts_of_old_have_another_type(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path), layer=LEGACY_CHART)
    assert (await web.pull(registry.url, "app", "1.0.0", access=PLAIN)).version == "1.0.0"


async def test_a_chart_of_another_name_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path), repository="charts/other")
    with pytest.raises(ChartRejected, match='holds chart "app", not "other"'):
        await web.pull(registry.url, "other", "1.0.0", access=PLAIN)


async def test_a_chart_that_is_too_large_is_not_downloaded(
    registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path))
    async with fetching(EngineSettings(largest_chart=64)) as web:
        with Front(registry) as front:
            with pytest.raises(ChartRejected, match=r"larger than the 64 bytes.*--chart-max-size"):
                await web.pull(front.url, "app", "1.0.0", access=PLAIN)
            assert front.count("GET", "/blobs/") == 0


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "answered 403 Forbidden: the credentials are missing"),
        (429, "answered 429 Too Many Requests: it asks to be left alone for"),
        (500, "answered 500 Internal Server Error"),
    ],
)
async def test_a_registry_that_answers_otherwise_is_blamed(
    web: Fetching, status: int, words: str
) -> None:
    broken = Answer(status, headers={"Retry-After": "30"} if status == 429 else {})
    with Front(answer=lambda _: broken) as front:
        for _ in range(2):
            with pytest.raises(SourceUnavailable, match=words):
                await web.pull(front.url, "app", "1.0.0", access=PLAIN)
        assert len(front.seen) == (1 if status == 429 else len(front.seen))


async def test_a_server_that_is_no_registry_is_blamed(web: Fetching) -> None:
    page = Answer(body=b"<html>hello</html>", headers={"Content-Type": "text/html"})
    with (
        Front(answer=lambda _: page) as front,
        pytest.raises(SourceUnavailable, match="what no registry would"),
    ):
        await web.pull(front.url, "app", "^1", access=PLAIN)
