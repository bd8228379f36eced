"""Helm's downloader plugins: schemes that the engine does not read itself."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from helmward.errors import ChartRejected, SourceForbidden, SourceUnavailable, SpecInvalid
from helmward.model import Access
from helmward.settings import EngineSettings
from tests.support.charts import CONFIG_MAP, make_chart, make_index
from tests.support.engines import fetching
from tests.support.plugin import LEGACY, MODERN, make_plugin
from tests.support.processes import lives
from tests.support.wait import until

ONE = {"c.yaml": CONFIG_MAP}


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "bucket"
    make_chart(folder, "app", "1.0.0", ONE)
    (folder / "index.yaml").write_text(json.dumps(make_index(folder)))
    return folder


@pytest.mark.parametrize("form", [LEGACY, MODERN], ids=["legacy", "v1"])
async def test_a_plugin_fetches_index_archive_and_document(
    tmp_path: Path, bucket: Path, form: str
) -> None:
    """Index and archives of its scheme, an archive by its own address, a document."""
    plugins = make_plugin(tmp_path / "p", "box", f'cat "{bucket}/${{4##*/}}"', form=form)
    async with fetching(EngineSettings(plugins=plugins)) as web:
        chart = await web.pull("box://bucket/charts", "app", "^1")
        assert chart.version == "1.0.0"
        assert await web.pull("box://bucket/charts/app-1.0.0.tgz", "") == chart
        assert b"entries" in (await web.fetch("box://bucket/index.yaml")).content


async def test_a_plugin_sees_an_environment_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials come by Helm's own names; ours and the cluster's stay here."""
    for name in ("HELM_S3_MODE", "AWS_REGION", "HELM_KUBETOKEN", "KUBECONFIG", "SECRET_OF_OURS"):
        monkeypatch.setenv(name, "set")
    plugins = make_plugin(tmp_path / "p", "box", 'env; echo "args $1 $2 $3 $4"; cat "$3"')
    async with fetching(EngineSettings(plugins=plugins)) as web:
        access = Access(username="u", password="planted-word", ca=b"a CA")
        seen = (await web.fetch("box://bucket/x", access=access)).content.decode()
    lines = dict(line.split("=", 1) for line in seen.splitlines() if "=" in line)
    assert lines["HELM_PLUGIN_USERNAME"] == "u"
    assert lines["HELM_PLUGIN_PASSWORD"] == "planted-word"
    assert (lines["HELM_S3_MODE"], lines["AWS_REGION"]) == ("set", "set")
    assert lines.get("HELM_KUBETOKEN", "") == ""
    assert "KUBECONFIG" not in lines
    assert "SECRET_OF_OURS" not in lines
    assert seen.endswith("a CA")
    assert "planted" not in str(web.logs)


async def test_a_plugin_ends_with_the_engine_and_with_all_it_started(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    plugins = make_plugin(tmp_path / "p", "box", f"sleep 600 & echo $! > {noted}; wait")
    async with fetching(EngineSettings(plugins=plugins)) as web:
        with pytest.raises(SourceUnavailable, match="was not waited for"):
            await web.pull("box://bucket/x.tgz", deadline=timedelta(seconds=1))
        pid = int(await until(lambda: noted.exists() and noted.read_text()))
        assert lives(pid)
        await web.restart()
    await until(lambda: not lives(pid))


async def test_a_plugin_that_fails_is_quoted_without_secrets(tmp_path: Path) -> None:
    script = 'echo "no access for $HELM_PLUGIN_PASSWORD to $4" >&2; exit 7'
    plugins = make_plugin(tmp_path / "p", "box", script)
    async with fetching(EngineSettings(plugins=plugins)) as web:
        access = Access(username="u", password="planted-word")
        with pytest.raises(
            SourceUnavailable, match=r"could not be fetched by its plugin: "
        ) as caught:
            await web.pull("box://bucket/x.tgz?sig=planted-query", access=access)
    assert "planted" not in str(caught.value)


async def test_a_plugin_is_bounded(tmp_path: Path) -> None:
    plugins = make_plugin(tmp_path / "p", "box", "head -c 100000 /dev/zero")
    async with fetching(EngineSettings(plugins=plugins, largest_chart=1 << 10)) as web:
        with pytest.raises(ChartRejected, match="larger than the 1 KiB"):
            await web.pull("box://bucket/x.tgz")


async def test_a_scheme_that_no_plugin_knows_is_refused(tmp_path: Path) -> None:
    async with fetching() as web:
        with pytest.raises(
            SpecInvalid, match=r"a downloader plugin for s3:// would \(--helm-plugins\)"
        ):
            await web.pull("s3://bucket/charts")
    plugins = make_plugin(tmp_path / "p", "box", "true")
    async with fetching(EngineSettings(plugins=plugins)) as web:
        with pytest.raises(SpecInvalid, match=r"no plugin in .* downloads s3://"):
            await web.pull("s3://bucket/charts")


@pytest.mark.parametrize("scheme", ["http", "https", "file"])
async def test_a_plugin_does_not_get_what_the_engine_reads(tmp_path: Path, scheme: str) -> None:
    plugins = make_plugin(tmp_path / "p", scheme, "echo planted")
    async with fetching(EngineSettings(plugins=plugins)) as web:
        with pytest.raises((SourceUnavailable, SpecInvalid)):
            await web.fetch(f"{scheme}://127.0.0.1:9/x")


async def test_egress_holds_for_plugins_too(tmp_path: Path) -> None:
    plugins = make_plugin(tmp_path / "p", "box", "echo a: 1")
    async with fetching(EngineSettings(plugins=plugins, refuse_local=True)) as web:
        with pytest.raises(SourceForbidden, match="--allow-url"):
            await web.fetch("box://bucket/x", allowed=["https://host/"])
        with pytest.raises(SourceForbidden, match="this very machine"):
            await web.fetch("box://127.0.0.1/x")
        assert (await web.fetch("box://bucket/x", allowed=["box://bucket/"])).content == b"a: 1\n"
