"""Mirrors hold what is asked for, cost few requests, and mend themselves."""

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from helmward.charts import content as contents
from helmward.charts.content import lay_out, read_content
from helmward.errors import ChartRejected, SourceUnavailable
from helmward.git import mirror as mirrors
from helmward.git.login import GitLogin
from helmward.git.mirror import Head, Mirror
from tests.git.conftest import MirrorOf
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git, ssh_git

MAIN = "refs/heads/main"
CHART = {
    "charts/app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    "charts/app/values.yaml": "size: 1\n",
    "charts/app/templates/c.yaml": "kind: ConfigMap\n",
}
LOGIN = GitLogin(username=USER, password=PASSWORD)


async def files_of(
    mirror: Mirror, head: Head, tmp_path: Path, path: str = "charts/app", *, skip: bool = False
) -> dict[str, str]:
    """Lay a chart out and read all that lies there."""
    content = await read_content(mirror, head, path, skip_dependencies=skip)
    root = tmp_path / "laid" / head.commit
    shutil.rmtree(root, ignore_errors=True)
    await lay_out(mirror, head, content, root)
    return {
        str(file.relative_to(root)): file.read_text() for file in root.rglob("*") if file.is_file()
    }


async def failure_of(mirror: Mirror) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        await mirror.refs()
    return str(caught.value)


@pytest.mark.parametrize("allowed", [(), ("allowFilter",), ("allowFilter", "allowAnySHA1InWant")])
@pytest.mark.parametrize("old", [False, True], ids=["v2", "v0"])
async def test_a_chart_is_read_whatever_the_server_can(
    tmp_path: Path, mirror_of: MirrorOf, allowed: tuple[str, ...], old: bool
) -> None:
    """Without filters, without wants by name, with git's first protocol."""
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    repo.allow(*allowed)
    sha = repo.commit({**CHART, "other/big": "x" * 9999})
    async with http_git(repo.folder.parent) as server:
        server.old = old
        mirror = mirror_of(f"{server.url}/shop.git")
        head = await mirror.fetch(MAIN)

        assert head == Head(MAIN, sha)
        assert await files_of(mirror, head, tmp_path) == CHART


@pytest.mark.parametrize("old", [False, True], ids=["v2", "v0"])
async def test_a_commit_by_its_name_that_is_no_tip(
    tmp_path: Path, mirror_of: MirrorOf, old: bool
) -> None:
    """A server that gives no single commit gives its branches; the commit is among them."""
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    first = repo.commit(CHART)
    repo.commit({"charts/app/values.yaml": "size: 2\n"})
    async with http_git(repo.folder.parent) as server:
        server.old = old
        mirror = mirror_of(f"{server.url}/shop.git")
        head = await mirror.fetch(first)

        assert (await files_of(mirror, head, tmp_path))["charts/app/values.yaml"] == "size: 1\n"
        assert await mirror.seek(first[:9]) == first
        assert await mirror.seek("0123456789") == ""


async def test_a_commit_that_is_nowhere_is_said(repo: GitRepo, mirror_of: MirrorOf) -> None:
    repo.commit(CHART)
    mirror = mirror_of(repo.url)

    with pytest.raises(SourceUnavailable, match="not our ref"):
        await mirror.fetch("a" * 40)
    assert (await mirror.fetch(MAIN)).name == MAIN


async def test_a_tag_stands_for_its_commit(repo: GitRepo, mirror_of: MirrorOf) -> None:
    """Annotated tags are objects of their own."""
    sha = repo.commit(CHART)
    repo.git("tag", "-a", "v1", "-m", "one", sha)
    mirror = mirror_of(repo.url)

    refs = await mirror.refs()
    assert refs.commits[refs.find("v1")] == sha
    assert (await mirror.fetch("refs/tags/v1")).commit == sha
    assert refs.commits["HEAD"] == sha
    assert (await mirror.fetch("HEAD")).commit == sha


async def test_a_repository_of_sha256_is_read(tmp_path: Path, mirror_of: MirrorOf) -> None:
    """Git names things by a longer hash there."""
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    shutil.rmtree(repo.folder)
    repo.folder.mkdir()
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", "--object-format=sha256")
    repo.allow("allowFilter")
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    await mirror.refs()

    head = await mirror.fetch(MAIN)
    assert len(head.commit) == 64
    assert await files_of(mirror, head, tmp_path) == CHART


async def test_of_ten_thousand_files_only_the_chart_is_fetched(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """One request for refs, one for a commit, one for all files that are missing."""
    repo.bulk({f"apps/a{n // 100}/f{n}.yaml": f"n: {n}" for n in range(10_000)} | CHART)
    async with http_git(repo.folder.parent) as server:
        mirror = mirror_of(f"{server.url}/shop.git")
        await mirror.refs()
        head = await mirror.fetch(MAIN)
        found = await files_of(mirror, head, tmp_path)

        assert found == CHART
        assert _kinds_in(tmp_path / "mirror" / "copy").count("blob") == len(CHART)
        # Each is one POST and the greeting before it; a fetch by name lists refs too.
        assert server.counted("shop.git") == 2 + 3 + 2

        before = server.counted("shop.git")
        assert await files_of(mirror, head, tmp_path) == CHART
        assert server.counted("shop.git") == before


async def test_a_change_costs_only_what_changed(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """What is the same in the next commit is not sent again."""
    repo.bulk({f"apps/a{n // 100}/f{n}.yaml": f"n: {n}" for n in range(1000)} | CHART)
    mirror = mirror_of(repo.url)
    await files_of(mirror, await mirror.fetch(MAIN), tmp_path)
    before = len(_kinds_in(tmp_path / "mirror" / "copy"))
    repo.commit({"charts/app/values.yaml": "size: 2\n"})

    await files_of(mirror, await mirror.fetch(MAIN), tmp_path)

    # A commit, three trees on the way to the file, the file.
    assert len(_kinds_in(tmp_path / "mirror" / "copy")) == before + 5


async def test_a_force_push_and_a_rewound_branch_are_followed(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    first = repo.commit(CHART)
    mirror = mirror_of(repo.url)
    await mirror.fetch(MAIN)
    repo.replace({**CHART, "charts/app/values.yaml": "size: 3\n"})

    head = await mirror.fetch(MAIN)
    assert (await files_of(mirror, head, tmp_path))["charts/app/values.yaml"] == "size: 3\n"

    repo.rewind(first)
    assert (await mirror.fetch(MAIN)).commit == first


async def test_login_over_http(repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf) -> None:
    """And between requests it lies nowhere."""
    repo.commit(CHART)
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        url = f"{server.url}/shop.git"
        mirror = mirror_of(url, LOGIN)
        assert await files_of(mirror, await mirror.fetch(MAIN), tmp_path) == CHART

        wrong = await failure_of(mirror_of(url, GitLogin("flux", "wr0ng/word"), folder="wrong"))
        nobody = await failure_of(mirror_of(url, folder="nobody"))

    assert "authentication failed: spec.chart.secretRef needs a Secret" in wrong
    assert "authentication failed" in nobody
    assert "wr0ng" not in wrong
    kept = _files_at(tmp_path, "*/home/*")
    assert kept
    assert not [content for content in kept if b"s3cret" in content]
    assert stat.S_IMODE((tmp_path / "mirror" / "home").stat().st_mode) == 0o700


async def test_a_password_is_not_carried_to_another_host(
    repo: GitRepo, mirror_of: MirrorOf
) -> None:
    """A server may redirect, but credentials belong to the host that was named."""
    repo.commit(CHART)
    folder = repo.folder.parent
    async with http_git(folder) as first, http_git(folder, (USER, PASSWORD)) as other:
        first.redirect = other.url
        assert "authentication failed" in await failure_of(
            mirror_of(f"{first.url}/shop.git", LOGIN)
        )


async def test_a_bearer_token_opens_http_and_is_led_nowhere_else(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """A header would go along to wherever the server sends us."""
    repo.commit(CHART)
    folder = repo.folder.parent
    async with http_git(folder) as server, http_git(folder) as other:
        server.token = other.token = "t0ken-of-somebody"
        login = GitLogin(token="t0ken-of-somebody")
        mirror = mirror_of(f"{server.url}/shop.git", login)
        assert await files_of(mirror, await mirror.fetch(MAIN), tmp_path) == CHART

        server.redirect = other.url
        message = await failure_of(mirror)
        assert "another address" in message
        assert "t0ken" not in message
        assert other.requests == 0


async def test_the_operators_netrc_opens_http(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """For its hosts alone, and not for who brings a login of his own."""
    repo.commit(CHART)
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        url = f"{server.url}/shop.git"
        assert (await mirror_of(url, netrc=netrc).fetch(MAIN)).name == MAIN
        own = mirror_of(url, GitLogin("me", "mine"), folder="own", netrc=netrc)
        assert "authentication failed" in await failure_of(own)
    assert not (tmp_path / "mirror" / "home" / ".netrc").exists()


async def test_a_key_and_host_keys_from_a_secret_open_ssh(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    repo.commit(CHART)
    async with ssh_git(repo.folder.parent, tmp_path / "ssh") as server:
        key, hosts = server.key.read_bytes(), server.known_hosts.read_bytes()
        login = GitLogin(identity=key.rstrip(), known_hosts=hosts)
        mirror = mirror_of(f"{server.url}/shop.git", login)
        assert await files_of(mirror, await mirror.fetch(MAIN), tmp_path) == CHART
    assert not (tmp_path / "mirror" / "home" / "identity").exists()


async def test_the_operators_key_and_ssh_config_open_ssh(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Several keys are told apart by host, as in any ssh_config."""
    repo.commit(CHART)
    async with ssh_git(repo.folder.parent, tmp_path / "ssh") as server:
        server.key.chmod(0o600)
        url, hosts = f"{server.url}/shop.git", server.known_hosts
        config = tmp_path / "ssh_config"
        config.write_text(f"Host 127.0.0.1\n  IdentityFile {server.key}\n")

        for number, more in enumerate(({"ssh_key": server.key}, {"ssh_config": config})):
            mirror = mirror_of(url, folder=f"m{number}", known_hosts=hosts, **more)
            assert (await mirror.fetch(MAIN)).name == MAIN


async def test_a_host_whose_key_is_wrong_or_unknown_is_refused(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Nobody is trusted on first sight, and no change goes through."""
    repo.commit(CHART)
    folder = repo.folder.parent
    async with (
        ssh_git(folder, tmp_path / "ssh") as server,
        ssh_git(folder, tmp_path / "o") as other,
    ):
        line = other.known_hosts.read_text().replace(str(other.port), str(server.port))
        for number, hosts in enumerate((line, "")):
            login = GitLogin(identity=server.key.read_bytes(), known_hosts=hosts.encode())
            mirror = mirror_of(f"{server.url}/shop.git", login, folder=f"m{number}")
            assert "not known, or has changed" in await failure_of(mirror)

        stranger = GitLogin(
            identity=other.key.read_bytes(), known_hosts=server.known_hosts.read_bytes()
        )
        message = await failure_of(mirror_of(f"{server.url}/shop.git", stranger, folder="m9"))
        assert "may the key of spec.chart.secretRef" in message


async def test_causes_are_told_apart(repo: GitRepo, mirror_of: MirrorOf) -> None:
    async with http_git(repo.folder.parent) as server:
        missing = await failure_of(mirror_of(f"{server.url}/none.git", folder="a"))
        server.broken = True
        broken = await failure_of(mirror_of(f"{server.url}/shop.git", folder="b"))
        server.broken, server.silent = False, True
        slow = mirror_of(f"{server.url}/x", folder="c", timeout=timedelta(milliseconds=300))
        silent = await failure_of(slow)
    refused = await failure_of(mirror_of("http://127.0.0.1:1/shop.git", folder="d"))
    nowhere = await failure_of(mirror_of("https://git.invalid/shop.git", folder="e"))

    assert "no such repository" in missing
    assert "does not answer" in broken
    assert "--git-timeout" in silent
    assert "does not answer" in refused
    assert "cannot be resolved: check spec.chart.git" in nowhere


@pytest.mark.parametrize("harm", ["overwritten", "gone", "emptied"])
async def test_a_corrupt_mirror_is_made_anew_by_itself(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf, harm: str
) -> None:
    """Nobody has to look for it, and nothing of it is served."""
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)
    await files_of(mirror, head, tmp_path)
    for pack in (tmp_path / "mirror" / "copy" / "objects" / "pack").iterdir():
        _harm(pack, harm)

    assert await files_of(mirror_of(repo.url), head, tmp_path) == CHART
    assert await files_of(mirror, head, tmp_path) == CHART


async def test_what_a_killed_fetch_leaves_is_mended(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Locks would keep git from fetching for ever."""
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    await mirror.fetch(MAIN)
    sha = repo.commit({"charts/app/values.yaml": "size: 2\n"})
    (tmp_path / "mirror" / "copy" / "shallow.lock").touch()

    assert (await mirror.fetch(MAIN)).commit == sha


async def test_git_never_asks_for_files_by_itself(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """It would ask for one after another; also where a killed fetch has told it to."""
    repo.commit(CHART)
    async with http_git(repo.folder.parent) as server:
        url = f"{server.url}/shop.git"
        head = await mirror_of(url).fetch(MAIN)
        config = tmp_path / "mirror" / "copy" / "config"
        assert "promisor" not in config.read_text()
        config.write_text(f'[core]\n\tbare = true\n[remote "{url}"]\n\tpromisor = true\n')

        before = server.counted("shop.git")
        assert await files_of(mirror_of(url), head, tmp_path) == CHART
        assert server.counted("shop.git") == before + 2


async def test_a_corrupt_mirror_of_a_server_that_is_down_says_both(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    repo.commit(CHART)
    async with http_git(repo.folder.parent) as server:
        mirror = mirror_of(f"{server.url}/shop.git")
        head = await mirror.fetch(MAIN)
        server.broken = True
        for pack in (tmp_path / "mirror" / "copy" / "objects" / "pack").iterdir():
            pack.unlink()

        with pytest.raises(SourceUnavailable, match="does not answer"):
            await files_of(mirror, head, tmp_path)


async def test_many_fetches_do_not_pile_up(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each leaves a pack; when there are too many, the copy is made anew."""
    monkeypatch.setattr(mirrors, "MOST_PACKS", 3)
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    for number in range(6):
        repo.commit({"charts/app/values.yaml": f"size: {number}\n"})
        head = await mirror.fetch(MAIN)
        packs = list((tmp_path / "mirror" / "copy" / "objects" / "pack").glob("*.pack"))
        assert len(packs) <= 5
        await files_of(mirror, head, tmp_path)


async def test_a_remote_that_sends_too_much_is_stopped(
    repo: GitRepo, mirror_of: MirrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it has filled the disk."""
    monkeypatch.setattr(mirrors, "LARGEST_PACK", 200_000)
    repo.commit({**CHART, "big": os.urandom(600_000).hex()})
    repo.git("config", "uploadpack.allowFilter", "false")
    mirror = mirror_of(repo.url)

    with pytest.raises(SourceUnavailable, match="sends more than Helmward keeps"):
        await mirror.fetch(MAIN)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "mirror"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.usefixtures("small_disk")
async def test_a_full_disk_is_said(repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf) -> None:
    """And what was there before goes on serving."""
    repo.commit(CHART)
    mirror = mirror_of(repo.url)
    head = await mirror.fetch(MAIN)
    await files_of(mirror, head, tmp_path)
    repo.commit({"charts/app/big": os.urandom(600_000).hex()})
    repo.git("config", "uploadpack.allowFilter", "false")

    with pytest.raises(SourceUnavailable, match=r"disk is full|No space left"):
        await mirror.fetch(MAIN)
    assert await files_of(mirror, head, tmp_path) == CHART


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


async def test_a_cancelled_fetch_leaves_no_process(repo: GitRepo, mirror_of: MirrorOf) -> None:
    """And the next one works."""
    sha = repo.commit(CHART)
    async with http_git(repo.folder.parent) as server:
        server.silent = True
        mirror = mirror_of(f"{server.url}/shop.git")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await mirror.fetch(MAIN)
        server.silent = False
        assert (await mirror.fetch(MAIN)).commit == sha


def _files_at(folder: Path, pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob(pattern) if path.is_file()]


def _kinds_in(copy: Path) -> list[str]:
    """Return the kinds of all objects in a copy."""
    output = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"],
        cwd=copy,
        check=True,
        capture_output=True,
        text=True,
    )
    return output.stdout.split()


def _harm(file: Path, how: str) -> None:
    file.chmod(0o600)
    if how == "gone":
        file.unlink()
    else:
        size = file.stat().st_size if how == "overwritten" else 0
        file.write_bytes(b"\x5a" * size)
