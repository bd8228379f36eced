"""What of a commit becomes files, and what is refused before it does."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from helmward.charts import content as contents
from helmward.charts.content import read_content
from helmward.errors import ChartRejected, SourceUnavailable
from helmward.git.mirror import Head
from tests.git.conftest import MirrorOf
from tests.support.git_repo import GitRepo
from tests.support.mirrors import CHART, MAIN, files_of


async def test_files_are_laid_out_part_by_part(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large chart must not be in memory as a whole."""
    monkeypatch.setattr(contents, "AT_ONCE", 10)
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    read: list[int] = []
    whole = mirror.contents

    async def counted(head: Head, oids: Iterable[str]) -> dict[str, bytes]:
        found = await whole(head, oids)
        read.append(len(found))
        return found

    monkeypatch.setattr(mirror, "contents", counted)

    assert await files_of(mirror, await mirror.fetch(MAIN), tmp_path) == CHART
    assert max(read) == 1


async def test_links_become_what_they_point_to(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Files and folders of the same commit, as a checkout would show them."""
    repo.commit(
        {**CHART, "shared/_h.tpl": "help", "shared/more/x.yaml": "x"},
        links={
            "charts/app/templates/_h.tpl": "../../../shared/_h.tpl",
            "charts/app/lib": "../../shared",
            "charts/alias": "app",
        },
    )
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)
    found = await files_of(mirror, head, tmp_path)

    assert found == {
        **CHART,
        "charts/app/templates/_h.tpl": "help",
        "charts/app/lib/_h.tpl": "help",
        "charts/app/lib/more/x.yaml": "x",
    }
    alias = await files_of(mirror, head, tmp_path, "charts/alias")
    assert alias["charts/alias/lib/more/x.yaml"] == "x"
    laid = tmp_path / "laid" / head.commit
    assert not [path for path in laid.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/etc/passwd", "charts/app/evil: the symbolic link .* leads out of the repository"),
        ("../../../../etc/passwd", "charts/app/evil: .* leads out of the repository"),
        ("../../none", "charts/app/evil: the symbolic link points to none, which is no file here"),
        ("evil", "charts/app/evil: the symbolic link leads in a circle"),
        ("..", "charts/app/evil: .* leads on too often"),
    ],
)
async def test_links_that_lead_nowhere_good_are_refused(
    repo: GitRepo, mirror_of: MirrorOf, target: str, words: str
) -> None:
    """They would show the operator's own files to who writes charts."""
    repo.commit(CHART, links={"charts/app/evil": target})
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)

    with pytest.raises(ChartRejected, match=words):
        await read_content(mirror, head, "charts/app", skip_dependencies=False)


async def test_submodules_and_lfs_are_named(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Their content is elsewhere; a chart made without it would be broken."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    repo.commit({**CHART, "charts/app/charts/db.tgz": pointer, ".gitmodules": "[submodule]\n"})
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)
    with pytest.raises(ChartRejected, match=r"charts/app/charts/db\.tgz: is kept in Git LFS"):
        await files_of(mirror, head, tmp_path)

    repo.submodule("charts/app/sub")
    head = await mirror.fetch(MAIN)
    with pytest.raises(ChartRejected, match="charts/app/sub: is a submodule"):
        await files_of(mirror, head, tmp_path)


@pytest.mark.parametrize(
    ("files", "links"),
    [
        ({"charts/app/\udcff": "x"}, {}),
        ({}, {"charts/app/link": "\udcff"}),
        ({}, {"charts/app/\udcff": "../../../x"}),
    ],
    ids=["file", "target", "link"],
)
async def test_names_that_are_no_text_are_refused_in_text(
    repo: GitRepo, mirror_of: MirrorOf, files: dict[str, str], links: dict[str, str]
) -> None:
    """A condition could not say them."""
    repo.commit({**CHART, **files}, links=links)
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)

    with pytest.raises(ChartRejected, match=r"\\xff") as caught:
        await read_content(mirror, head, "charts/app", skip_dependencies=False)
    assert str(caught.value).encode()


async def test_hooks_filters_and_attributes_do_nothing(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Files come as they were committed, to the byte."""
    odd = {
        "charts/app/.gitattributes": "* text eol=crlf ident export-subst filter=evil\n",
        "charts/app/$Id$.txt": "$Id$ $Format:%H$\n",
        "charts/app/ü b\n-.txt": "odd",
    }
    repo.commit({**CHART, **odd})
    mirror = mirror_of(repo.url)

    assert await files_of(mirror, await mirror.fetch(MAIN), tmp_path) == {**CHART, **odd}


async def test_file_dependencies_come_along(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Those of dependencies too; nothing else of the repository, nothing from outside."""
    chart = CHART["charts/app/Chart.yaml"]
    needs = "dependencies:\n- {name: lib, version: 1.0.0, repository: 'file://%s'}\n"
    outside = "- {name: out, version: 1.0.0, repository: 'file://../../../../etc'}\n"
    files = {
        **CHART,
        "charts/app/Chart.yaml": chart + needs % "../lib" + outside,
        "charts/lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
        "charts/lib/requirements.yaml": needs % "../../base",
        "base/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
    }
    repo.commit({**files, "charts/other/Chart.yaml": "name: other\n"})
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)

    assert await files_of(mirror, head, tmp_path) == files
    alone = {path: text for path, text in files.items() if path.startswith("charts/app/")}
    assert await files_of(mirror, head, tmp_path, skip=True) == alone


async def test_a_chart_that_is_too_large_is_refused(repo: GitRepo, mirror_of: MirrorOf) -> None:
    repo.bulk({**CHART, **{f"charts/app/f{n}": "" for n in range(10_000)}})
    repo.commit({"big/Chart.yaml": "x", "big/file": "x" * (11 << 20)})
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)

    with pytest.raises(ChartRejected, match="more than 10000 files"):
        await read_content(mirror, head, "charts/app", skip_dependencies=False)
    with pytest.raises(ChartRejected, match="big/file: 11534336 bytes are more than"):
        await read_content(mirror, head, "big", skip_dependencies=False)


async def test_a_missing_path_names_charts_that_are_there(
    repo: GitRepo, mirror_of: MirrorOf
) -> None:
    sha = repo.commit(CHART)
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)

    for path, words in {
        "charts/ap": f"commit {sha[:12]} has no folder charts/ap .*charts charts/app",
        "charts": r"has no Chart.yaml in charts \(spec.chart.path\)",
        "charts/app/Chart.yaml": "has no folder charts/app/Chart.yaml",
        ":(top)charts/app": "has no folder",
    }.items():
        with pytest.raises(SourceUnavailable, match=words):
            await read_content(mirror, head, path, skip_dependencies=False)
