"""Charts that lie in folders: their dependencies are fetched, and nothing moves on by itself."""

import asyncio
import io
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from helmward.engine import Engine
from helmward.engine.sources import Folder
from helmward.errors import (
    ChartEvicted,
    ChartNotFound,
    ChartRejected,
    SourceUnavailable,
    SpecInvalid,
)
from helmward.model import Access, Chart, Repository
from helmward.settings import EngineSettings
from tests.support.charts import ChartRepo, make_chart
from tests.support.engines import fetching
from tests.support.helm import Helm, config_map
from tests.support.registry import running_registry

ONE = {"c.yaml": config_map("c")}


def write(folder: Path, name: str = "app", version: str = "1.0.0", **more: Any) -> Path:
    """Write a chart: `files` by their path in it, anything else into Chart.yaml."""
    files: Mapping[str, str] = more.pop("files", {})
    chart = {"apiVersion": "v2", "name": name, "version": version} | more
    content = {
        "Chart.yaml": yaml.safe_dump(chart),
        "values.yaml": "greeting: hello\n",
        "templates/c.yaml": config_map(f"{name}-c"),
        **files,
    }
    for path, text in content.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def needs(name: str, version: str, repository: str = "") -> dict[str, str]:
    return {"name": name, "version": version, "repository": repository}


async def pack(engine: Engine, root: Path, path: str = ".", key: str = "", **more: Any) -> Chart:
    """Pack under a key of its own, unless one is given."""
    return await engine.pack_chart(key or os.urandom(8).hex(), Folder(root, path), **more)


async def test_a_folder_becomes_a_release(helm: Helm, tmp_path: Path) -> None:
    chart = await pack(helm.engine, write(tmp_path / "git/charts/app").parents[1], "charts/app")
    assert (chart.name, chart.version) == ("app", "1.0.0")
    assert chart.digest.startswith("tree:")
    await helm.install(chart)
    assert await helm.data("app-c") == {}


async def test_the_digest_is_of_the_content_alone(helm: Helm, tmp_path: Path) -> None:
    """Not of where, when or how it lies there."""
    first = write(tmp_path / "here")
    again = write(tmp_path / "elsewhere/below")
    os.utime(again / "values.yaml", (1, 1))
    (again / "values.yaml").chmod(0o600)
    one = await pack(helm.engine, first)
    assert (await pack(helm.engine, tmp_path, "elsewhere/below")).digest == one.digest
    (again / "values.yaml").write_text("greeting: bye\n")
    assert (await pack(helm.engine, again)).digest != one.digest


async def test_what_helmignore_names_is_left_out(helm: Helm, tmp_path: Path) -> None:
    files = {".helmignore": "ci/\n*.bak\nlink\n", "ci/values.yaml": "a: 1", "x.bak": "old"}
    folder = write(tmp_path / "app", files=files)
    (folder / "link").symlink_to("/etc/passwd")
    chart = await pack(helm.engine, folder)
    assert await helm.engine.chart_file(chart, "x.bak") is None
    assert await helm.engine.chart_file(chart, "ci/values.yaml") is None
    plain = await pack(helm.engine, folder)
    (folder / "ci/values.yaml").write_text("a: 2")
    assert (await pack(helm.engine, folder)).digest == plain.digest


async def test_dependencies_come_from_their_repository(helm: Helm, tmp_path: Path) -> None:
    """The newest that fits, whatever a Chart.lock says."""
    for version in ("1.0.0", "1.4.2", "2.0.0"):
        helm.repo.add("sub", version, {"s.yaml": config_map("s", version=version)})
    lock = yaml.safe_dump({"dependencies": [needs("sub", "1.0.0", helm.repo.url)]})
    folder = write(
        tmp_path / "app",
        dependencies=[needs("sub", "1.x", helm.repo.url)],
        files={"Chart.lock": lock},
    )
    chart = await pack(helm.engine, folder)
    await helm.install(chart)
    assert await helm.data("s") == {"version": "1.4.2"}
    assert b"1.4.2" in (await helm.engine.chart_file(chart, "charts/sub/Chart.yaml") or b"")


async def test_one_dependency_twice_by_aliases(helm: Helm, tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        template = config_map("{{ .Chart.Name }}", version="{{ .Chart.Version }}")
        helm.repo.add("sub", version, {"s.yaml": template})
    wanted = [
        needs("sub", "1.x", helm.repo.url) | {"alias": "old"},
        needs("sub", "2.x", helm.repo.url) | {"alias": "new"},
        needs("sub", "2.x", helm.repo.url) | {"alias": "newer"},
    ]
    await helm.install(await pack(helm.engine, write(tmp_path / "app", dependencies=wanted)))
    assert await helm.data("old") == {"version": "1.0.0"}
    assert await helm.data("new") == await helm.data("newer") == {"version": "2.0.0"}


async def test_a_library_is_a_dependency(helm: Helm, tmp_path: Path) -> None:
    text = '{{ define "common.name" }}from-the-library{{ end }}'
    helm.repo.add("common", "1.0.0", {"_names.tpl": text}, metadata={"type": "library"})
    folder = write(
        tmp_path / "app",
        dependencies=[needs("common", "1.0.0", helm.repo.url)],
        files={"templates/c.yaml": config_map('{{ include "common.name" . }}')},
    )
    await helm.install(await pack(helm.engine, folder))
    assert await helm.data("from-the-library") == {}


async def test_requirements_of_old_charts_are_fetched(helm: Helm, tmp_path: Path) -> None:
    helm.repo.add("sub", "1.0.0", {"s.yaml": config_map("s")})
    requirements = yaml.safe_dump({"dependencies": [needs("sub", "1.0.0", helm.repo.url)]})
    folder = write(tmp_path / "app", apiVersion="v1", files={"requirements.yaml": requirements})
    await helm.install(await pack(helm.engine, folder))
    assert await helm.data("s") == {}


@pytest.mark.parametrize("spelling", ["@stable", "alias:stable"])
async def test_a_repository_is_found_by_its_name(helm: Helm, tmp_path: Path, spelling: str) -> None:
    helm.repo.add("sub", "1.0.0", ONE)
    helm.repo.authorization = "Basic cGxhbnRlZDp3b3Jk"
    folder = write(tmp_path / "app", dependencies=[needs("sub", "1.0.0", spelling)])
    known = Repository("stable", helm.repo.url, Access(username="planted", password="word"))
    chart = await pack(helm.engine, folder, repositories=[known])
    assert await helm.engine.chart_file(chart, "charts/sub/Chart.yaml")
    with pytest.raises(ChartRejected, match=r"\"stable\".*--helm-repository-import"):
        await pack(helm.engine, folder, repositories=[Repository("other", helm.repo.url)])


async def test_credentials_are_found_by_the_address(helm: Helm, tmp_path: Path) -> None:
    """They count at and below the address that they were given for, nowhere else."""
    helm.repo.add("sub", "1.0.0", ONE)
    helm.repo.authorization = "Basic cGxhbnRlZDp3b3Jk"
    access = Access(username="planted", password="word")
    wanted = [needs("sub", "1.0.0", f"{helm.repo.url}/team/")]
    folder = write(tmp_path / "app", dependencies=wanted)
    fitting = Repository("a", f"{helm.repo.url}/team", access)
    await pack(helm.engine, folder, repositories=[fitting])
    for url in (f"{helm.repo.url}/tea", f"{helm.repo.url}/team/x", "http://127.0.0.1:9/team"):
        with pytest.raises(SourceUnavailable, match="401") as caught:
            await pack(helm.engine, folder, repositories=[Repository("a", url, access)])
        assert "planted" not in str(caught.value)


async def test_what_lies_beside_it_is_packed_too(helm: Helm, tmp_path: Path) -> None:
    """And what that depends on, in turn."""
    helm.repo.add("deep", "1.0.0", {"d.yaml": config_map("deep")})
    write(tmp_path / "charts/app", dependencies=[needs("lib", ">=1", "file://../../libs/lib")])
    lib = write(
        tmp_path / "libs/lib", "lib", "1.2.0", dependencies=[needs("deep", "1", helm.repo.url)]
    )
    chart = await pack(helm.engine, tmp_path, "charts/app")
    await helm.install(chart)
    assert await helm.data("lib-c") == await helm.data("deep") == {}
    write(lib, "lib", "1.2.1", dependencies=[needs("deep", "1", helm.repo.url)])
    assert (await pack(helm.engine, tmp_path, "charts/app")).digest != chart.digest


async def test_charts_in_a_circle_are_refused(helm: Helm, tmp_path: Path) -> None:
    write(tmp_path / "a", "a", dependencies=[needs("b", "1.0.0", "file://../b")])
    write(tmp_path / "b", "b", dependencies=[needs("a", "1.0.0", "file://../a")])
    with pytest.raises(ChartRejected, match="in a circle: a -> b -> a"):
        await pack(helm.engine, tmp_path, "a")


async def test_charts_too_deep_are_refused(helm: Helm, tmp_path: Path) -> None:
    for i in range(10):
        after = [needs(f"c{i + 1}", "1.0.0", f"file://../c{i + 1}")]
        write(tmp_path / f"c{i}", f"c{i}", dependencies=after)
    write(tmp_path / "c10", "c10")
    with pytest.raises(ChartRejected, match="deeper than 8"):
        await pack(helm.engine, tmp_path, "c0")
    await pack(helm.engine, tmp_path, "c2")


@pytest.mark.parametrize("way", ["../../out", "/etc", "../..", "sub/../../../out"])
async def test_nothing_outside_of_the_folder_is_read(helm: Helm, tmp_path: Path, way: str) -> None:
    write(tmp_path / "out", "sub")
    root = tmp_path / "git"
    write(root / "app", dependencies=[needs("sub", "1.0.0", f"file://{way}")])
    with pytest.raises(ChartRejected, match="leads out of the repository"):
        await pack(helm.engine, root, "app")


@pytest.mark.parametrize("path", ["..", "../out", "/etc", "a/../../out"])
async def test_a_path_out_of_the_folder_is_refused(helm: Helm, tmp_path: Path, path: str) -> None:
    write(tmp_path / "out")
    (tmp_path / "git").mkdir()
    with pytest.raises(ChartRejected, match="leads out of the repository"):
        await pack(helm.engine, tmp_path / "git", path)


async def test_links_are_not_followed(helm: Helm, tmp_path: Path) -> None:
    """Neither to a file, nor to a folder, nor as the lock that is written through."""
    write(tmp_path / "out", "sub")
    for name, target in {"Chart.lock": "/etc/passwd", "files": str(tmp_path / "out")}.items():
        folder = write(tmp_path / name / "app")
        (folder / name).symlink_to(target)
        with pytest.raises(ChartRejected, match=f"{name}.* is a link"):
            await pack(helm.engine, tmp_path / name, "app")
    (tmp_path / "git").mkdir()
    (tmp_path / "git/app").symlink_to(tmp_path / "out")
    with pytest.raises(ChartRejected, match=r"app.* is a link"):
        await pack(helm.engine, tmp_path / "git", "app")


async def test_what_is_vendored_stays_unless_it_is_listed(helm: Helm, tmp_path: Path) -> None:
    """A dependency without a repository must be there; one with a repository is fetched."""
    helm.repo.add("sub", "1.1.0", {"s.yaml": config_map("s", made="fetched")})
    wanted = [needs("sub", "1.x", helm.repo.url), needs("own", "0.1.0")]
    folder = write(tmp_path / "app", dependencies=wanted)
    write(
        folder / "charts/sub", "sub", "1.0.0", files={"templates/c.yaml": config_map("s", made="x")}
    )
    write(folder / "charts/own", "own", "0.1.0")
    write(folder / "charts/unlisted", "unlisted", "7.0.0")
    await helm.install(await pack(helm.engine, folder))
    assert await helm.data("s") == {"made": "fetched"}
    assert await helm.data("own-c") == await helm.data("unlisted-c") == {}


async def test_a_packed_dependency_is_as_good_as_a_folder(helm: Helm, tmp_path: Path) -> None:
    folder = write(tmp_path / "app", dependencies=[needs("sub", "1.0.0")])
    packed = helm.repo.add("sub", "1.0.0", {"s.yaml": config_map("s")})
    (folder / "charts").mkdir()
    shutil.copy(packed, folder / "charts")
    await helm.install(await pack(helm.engine, folder))
    assert await helm.data("s") == {}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (needs("sub", "1.x"), r'charts/ must hold it, but version "1\.x" is not there'),
        (needs("own", "2.x"), r'charts/ must hold it, but version "2\.x" is there as 0\.1\.0'),
        (
            needs("own", "1.x", "file://../own"),
            r"is asked for, but at file://\.\./own it is 0\.1\.0",
        ),
        (needs("other", "0.1.0", "file://../own"), 'dependency other of chart app: .*chart "own"'),
        (needs("sub", "1.x", "file://../none"), r'no folder "none"'),
        (needs("../sub", "1.x", "file://../own"), "not one of a chart"),
    ],
    ids=str,
)
async def test_a_dependency_that_is_not_there_is_named(
    helm: Helm, tmp_path: Path, wanted: dict[str, str], words: str
) -> None:
    folder = write(tmp_path / "app", dependencies=[wanted])
    write(folder / "charts/own", "own", "0.1.0")
    write(tmp_path / "own", "own", "0.1.0")
    with pytest.raises(ChartRejected, match=words):
        await pack(helm.engine, tmp_path, "app")


async def test_a_repository_without_it_is_blamed(helm: Helm, tmp_path: Path) -> None:
    helm.repo.add("sub", "1.0.0", ONE)
    folder = write(tmp_path / "app", dependencies=[needs("sub", "9.x", helm.repo.url)])
    with pytest.raises(ChartNotFound, match=r"dependency sub of chart app: .*no version"):
        await pack(helm.engine, folder)
    helm.repo.fail(status=503)
    write(folder, dependencies=[needs("sub", "1.x", f"{helm.repo.url}/elsewhere")])
    with pytest.raises(SourceUnavailable, match=r"dependency sub of chart app: .*503"):
        await pack(helm.engine, folder)


async def test_skipping_takes_charts_as_it_is(helm: Helm, tmp_path: Path) -> None:
    wanted = [needs("sub", "1.0.0", "http://127.0.0.1:9")]
    folder = write(tmp_path / "app", dependencies=wanted)
    with pytest.raises(ChartRejected, match=r"missing in charts/.*: sub: .*skipDepUpdate: false"):
        await pack(helm.engine, folder, skip_dependencies=True)
    write(folder / "charts/sub", "sub")
    await helm.install(await pack(helm.engine, folder, skip_dependencies=True))
    assert await helm.data("sub-c") == {}


async def test_what_is_no_chart_is_said_so(helm: Helm, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    write(tmp_path / "broken", files={"Chart.yaml": "name: [app"})
    write(tmp_path / "library", type="library")
    for path, words in {
        "empty": "no Chart.yaml", "file": "is no folder", "none": 'no folder "none"',
        "broken": "Chart.yaml", "library": "of type library",
    }.items():  # fmt: skip
        with pytest.raises(ChartRejected, match=words):
            await pack(helm.engine, tmp_path, path)


async def test_a_key_is_packed_once(helm: Helm, tmp_path: Path) -> None:
    """Sixteen who ask at once share one packing; later nobody looks at the folder."""
    helm.repo.add("sub", "1.0.0", ONE)
    helm.repo.fail("index.yaml", delay=0.2)
    folder = write(tmp_path / "app", dependencies=[needs("sub", "1.x", helm.repo.url)])
    packed = await asyncio.gather(*(pack(helm.engine, folder, key="k") for _ in range(16)))
    assert len({chart.digest for chart in packed}) == 1
    assert helm.repo.count("/index.yaml") == 1
    shutil.rmtree(folder)
    assert await helm.engine.packed_chart("k") == packed[0]
    assert await pack(helm.engine, tmp_path, "app", key="k") == packed[0]
    assert await helm.engine.packed_chart("another") is None


async def test_a_restart_changes_nothing(repo: ChartRepo, tmp_path: Path) -> None:
    """No folder is needed, and a dependency that moved on waits for the next commit."""
    repo.add("sub", "1.0.0", ONE)
    folder = write(tmp_path / "app", dependencies=[needs("sub", "1.x", repo.url)])
    cache = tmp_path / "cache"
    async with fetching(EngineSettings(cache=cache)) as web:
        before = await pack(web.engine, folder, key="k")
    repo.add("sub", "1.1.0", ONE)
    shutil.rmtree(folder)
    async with fetching(EngineSettings(cache=cache)) as web:
        assert await web.engine.packed_chart("k") == before
        assert await pack(web.engine, tmp_path, "app", key="k") == before
        version = await web.engine.chart_file(before, "charts/sub/Chart.yaml") or b""
    assert b"1.0.0" in version


async def test_what_was_changed_on_disk_is_packed_anew(tmp_path: Path) -> None:
    folder, cache = write(tmp_path / "app"), tmp_path / "cache"
    async with fetching(EngineSettings(cache=cache)) as web:
        before = await pack(web.engine, folder, key="k")
    (kept,) = (path for path in cache.rglob("*") if before.digest[5:] in path.name)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        entry = tarfile.TarInfo("chart/Chart.yaml")
        text = b"apiVersion: v2\nname: other\nversion: 6.6.6\n"
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    kept.write_bytes(raw.getvalue())
    async with fetching(EngineSettings(cache=cache)) as web:
        assert await web.engine.packed_chart("k") is None
        assert await pack(web.engine, folder, key="k") == before


async def test_files_of_a_chart_are_read(helm: Helm, tmp_path: Path) -> None:
    folder = write(tmp_path / "app", files={"files/x": "of app", "big": "x" * (1 << 20) + "x"})
    write(folder / "charts/sub", "sub", files={"files/x": "of sub", "empty": ""})
    chart = await pack(helm.engine, folder)
    for path, content in {
        "values.yaml": b"greeting: hello\n", "./files/x": b"of app", "files/../files/x": b"of app",
        "charts/sub/files/x": b"of sub", "charts/sub/empty": b"", "none": None,
        "templates": None, "charts/none/values.yaml": None,
    }.items():  # fmt: skip
        assert await helm.engine.chart_file(chart, path) == content
    for path in ("../app/values.yaml", "/etc/passwd", "..", "", "files/../../x"):
        with pytest.raises(SpecInvalid, match="below the chart's folder"):
            await helm.engine.chart_file(chart, path)
    with pytest.raises(ChartRejected, match=r'"big".* larger than 1 MiB'):
        await helm.engine.chart_file(chart, "big")
    with pytest.raises(ChartEvicted):
        await helm.engine.chart_file(Chart("tree:" + "0" * 64, "app", "1.0.0"), "values.yaml")


async def test_files_of_a_pulled_chart_are_read(helm: Helm, tmp_path: Path) -> None:
    """A dependency's by its name, whatever its archive is called."""
    packed = make_chart(tmp_path, "sub", "1.0.0", {}, files={"files/x": "of sub"})
    chart = await helm.chart(ONE, {"a": 1})
    assert await helm.engine.chart_file(chart, "values.yaml") == b"a: 1\n"
    path = helm.repo.folder / "app-2.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {
            "Chart.yaml": b"{apiVersion: v2, name: app, version: 2.0.0}",
            "charts/sub-1.0.0.tgz": packed.read_bytes(),
        }.items():
            entry = tarfile.TarInfo(f"app/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    helm.repo.reindex()
    chart = await helm.pull("app", "2.0.0")
    assert await helm.engine.chart_file(chart, "charts/sub/files/x") == b"of sub"


async def test_dependencies_come_from_registries(helm: Helm, tmp_path: Path) -> None:
    """With what the registry wants to see of us, found by its address."""
    with running_registry(tmp_path / "registry", user="ada", password="planted") as registry:
        for version in ("1.0.0", "1.1.0"):
            registry.push(make_chart(tmp_path, "sub", version, ONE))
        folder = write(tmp_path / "app", dependencies=[needs("sub", "1.x", registry.url)])
        access = Access(username="ada", password="planted", plain_http=True)
        known = Repository("r", f"oci://{registry.host}", access)
        chart = await pack(helm.engine, folder, repositories=[known])
        assert b"1.1.0" in (await helm.engine.chart_file(chart, "charts/sub/Chart.yaml") or b"")
        with pytest.raises(SourceUnavailable, match="dependency sub of chart app") as caught:
            await pack(helm.engine, folder)
        assert "planted" not in str(caught.value)
