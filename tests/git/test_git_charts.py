"""Charts from git, from a HelmRelease's fields to an archive that the engine holds."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry

from helmward.charts.git import GitCharts
from helmward.engine import Engine, EngineProcess
from helmward.errors import ChartRejected, ConfigInvalid, SourceUnavailable, SpecInvalid
from helmward.git.login import NOBODY, GitLogin
from helmward.model import Chart, GitChart, Key
from helmward.settings import GitChartSettings, WebSettings
from helmward.web import WebServer
from helmward.web.hooks import Hooks
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git
from tests.support.tasks import running
from tests.support.wait import until

NOW, LONG = timedelta(0), timedelta(hours=1)
ONE, TWO = Key("helm.fluxcd.io/v1", "shop", "one"), Key("helm.fluxcd.io/v1", "shop", "two")
CHART = {
    "charts/app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    "charts/app/values.yaml": "size: 1\n",
}
NEXT = {"charts/app/values.yaml": "size: 2\n"}


@dataclass
class Pulling:
    """Charts from one address, and whom they told of changes."""

    charts: GitCharts
    url: str
    told: list[Key] = field(default_factory=list)

    async def __call__(
        self,
        owner: Key = ONE,
        *,
        login: GitLogin = NOBODY,
        fresh: timedelta = NOW,
        url: str = "",
        **fields: Any,
    ) -> Chart:
        wanted = {"ref": "main", "path": "charts/app", **fields}
        return await self.charts.pull(
            owner, GitChart(url or self.url, **wanted), login, fresh=fresh
        )


Build = Callable[..., Pulling]


@pytest.fixture
def build(engine: Engine, tmp_path: Path) -> Build:
    """Build them on one folder: the second time is a restart."""

    def charts(url: str, **more: Any) -> Pulling:
        told: list[Key] = []
        asked = more.pop("engine", engine)
        settings = GitChartSettings(**{"poll_interval": LONG, **more.pop("settings", {})})
        made = GitCharts(
            asked, settings, tmp_path / "git", changed=told.append, **{"local": True, **more}
        )
        return Pulling(made, url, told)

    return charts


@asynccontextmanager
async def serving(repo: GitRepo, build: Build, **more: Any) -> AsyncIterator[tuple[Any, Pulling]]:
    async with http_git(repo.folder.parent) as server:
        yield server, build(f"{server.url}/shop.git", **more)


async def test_the_first_pull_waits_for_the_first_fetch(repo: GitRepo, build: Build) -> None:
    """There never is a time without a mirror that somebody would see."""
    sha = repo.commit(CHART)

    chart = await build(repo.url)()

    assert (chart.name, chart.version, chart.commit) == ("app", "1.0.0", sha)
    assert chart.revision == sha
    assert chart.stale_reason == ""


async def test_files_of_the_chart_can_be_read(repo: GitRepo, build: Build, engine: Engine) -> None:
    """For `chartFileRef`."""
    repo.commit({**CHART, "charts/app/prod.yaml": "size: 9\n"})

    chart = await build(repo.url)()

    assert await engine.chart_file(chart, "prod.yaml") == b"size: 9\n"


async def test_commits_elsewhere_change_nothing(repo: GitRepo, build: Build) -> None:
    """The content of the path decides, and the commit that it was first seen in stays."""
    first = repo.commit(CHART)
    pull = build(repo.url)
    before = await pull()
    repo.commit({"README.md": "news"})

    assert await pull() == before
    second = repo.commit(NEXT)
    after = await pull()
    assert (before.commit, after.commit) == (first, second)
    assert after.digest != before.digest


async def test_a_restart_gives_the_same_commit(repo: GitRepo, build: Build) -> None:
    """Else every restart would look like a new revision."""
    first = repo.commit(CHART)
    before = await build(repo.url)()
    repo.commit({"README.md": "news"})

    again = await build(repo.url)()

    assert again == before
    assert again.commit == first


@pytest.mark.parametrize("way", ["branch", "tag", "annotated", "commit", "short", "HEAD", "full"])
async def test_all_ways_to_name_a_commit(repo: GitRepo, build: Build, way: str) -> None:
    sha = repo.commit(CHART)
    repo.git("tag", "light", sha)
    repo.git("tag", "-a", "-m", "one", "heavy", sha)
    if way in {"commit", "short"}:
        repo.commit(NEXT)
    ref = {
        "branch": "main",
        "tag": "light",
        "annotated": "heavy",
        "commit": sha,
        "short": sha[:8],
        "HEAD": "HEAD",
        "full": "refs/heads/main",
    }[way]

    assert (await build(repo.url)(ref=ref)).commit == sha


async def test_the_default_ref_counts_where_none_is_named(repo: GitRepo, build: Build) -> None:
    sha = repo.commit(CHART, branch="trunk")

    chart = await build(repo.url, settings={"default_ref": "trunk"})(ref="")

    assert chart.commit == sha


async def test_two_owners_of_one_repository_share_a_mirror(repo: GitRepo, build: Build) -> None:
    """Whatever the spelling of its address; one fetch, one archive."""
    repo.commit(CHART)
    async with serving(repo, build) as (server, pull):
        one, two = await asyncio.gather(
            pull(ONE, fresh=LONG), pull(TWO, fresh=LONG, url=f"{pull.url}/")
        )
        assert server.counted("shop.git") == 2 + 3 + 2
    assert one == two


async def test_two_credentials_have_two_mirrors(
    repo: GitRepo, build: Build, tmp_path: Path
) -> None:
    """Who may read is found out for each; nobody gets what another fetched."""
    repo.commit(CHART)
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        pull = build(f"{server.url}/shop.git")
        await pull(ONE, login=GitLogin(USER, PASSWORD))
        with pytest.raises(SourceUnavailable, match="authentication failed"):
            await pull(TWO, login=GitLogin(USER, "wr0ng"), fresh=LONG)
        with pytest.raises(SourceUnavailable, match="authentication failed"):
            await pull(TWO, fresh=LONG)

    assert len(list((tmp_path / "git").glob("*/known.json"))) == 1


async def test_a_server_that_is_down_goes_on_serving(repo: GitRepo, build: Build) -> None:
    """What was fetched once; the chart says why it may be old. Also after a restart."""
    repo.commit(CHART)
    async with serving(repo, build) as (server, pull):
        before = await pull()
        server.broken = True
        stale = await pull()
        again = await build(pull.url)()
        server.broken = False
        healed = await pull()

    assert "does not answer" in stale.stale_reason
    assert (stale.digest, stale.commit) == (before.digest, before.commit)
    assert "does not answer" in again.stale_reason
    assert again.commit == before.commit
    assert healed == before


async def test_a_branch_that_was_deleted_goes_on_serving(repo: GitRepo, build: Build) -> None:
    before_sha = repo.commit(CHART)
    repo.commit(CHART, branch="other")
    pull = build(repo.url)
    await pull()
    repo.git("update-ref", "-d", "refs/heads/main")

    stale = await pull()

    assert stale.commit == before_sha
    assert "has no branch, tag or commit 'main' (spec.chart.ref)" in stale.stale_reason


async def test_a_ref_that_never_was_names_those_near(repo: GitRepo, build: Build) -> None:
    repo.commit(CHART)
    repo.commit(CHART, branch="release/1.0")
    pull = build(repo.url)

    with pytest.raises(SourceUnavailable, match="did you mean main"):
        await pull(ref="mian")
    with pytest.raises(SourceUnavailable, match=r"there are main, release/1\.0"):
        await pull(ref="xyz")


async def test_what_failed_is_asked_again_however_fresh_the_failure(
    repo: GitRepo, build: Build
) -> None:
    """A failure is no knowledge that would do for the next three minutes."""
    repo.commit(CHART)
    async with serving(repo, build) as (server, pull):
        server.broken = True
        with pytest.raises(SourceUnavailable, match="does not answer"):
            await pull(fresh=LONG)
        server.broken = False
        assert (await pull(fresh=LONG)).version == "1.0.0"


async def test_those_who_fail_at_once_ask_once(repo: GitRepo, build: Build) -> None:
    """Two hundred HelmReleases must not wait for two hundred timeouts, one after another."""
    repo.commit(CHART)
    async with serving(repo, build) as (server, pull):
        server.broken = True
        for expected in (1, 2):
            owners = [Key("v1", "shop", str(number)) for number in range(20)]
            asked = [pull(owner, fresh=LONG) for owner in owners]
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(one) for one in found} == {SourceUnavailable}
            assert server.requests == expected


async def test_two_branches_of_one_repository(repo: GitRepo, build: Build, tmp_path: Path) -> None:
    """They share the mirror and not the chart; equal content is one archive."""
    repo.commit(CHART)
    repo.commit({**CHART, **NEXT}, branch="next")
    repo.commit({**CHART, "README.md": "x"}, branch="same")
    pull = build(repo.url)

    main, following, same = await pull(), await pull(TWO, ref="next"), await pull(TWO, ref="same")

    assert main.digest != following.digest
    assert main == same
    assert len(list((tmp_path / "git").glob("*/known.json"))) == 1


class Held(Engine):
    """An engine that answers when it may."""

    may: asyncio.Event
    asked = 0

    async def packed_chart(self, key: str, **more: Any) -> Chart | None:
        self.asked += 1
        await self.may.wait()
        return await super().packed_chart(key, **more)


async def test_a_look_during_a_pull_is_made_again(
    repo: GitRepo, build: Build, process: EngineProcess
) -> None:
    """The pull ends with what was before; nobody else would tell for a whole interval."""
    repo.commit(CHART)
    held = Held(process)
    held.may = asyncio.Event()
    async with serving(repo, build, engine=held) as (server, pull), running(pull.charts.run()):
        pulling = asyncio.create_task(pull())
        await until(lambda: held.asked)
        sha = repo.commit(NEXT)
        before = server.requests
        pull.charts.refresh()
        await until(lambda: server.requests >= before + 2)
        held.may.set()
        assert (await pulling).commit != sha
        await until(lambda: pull.told == [ONE])


async def test_a_folder_that_cannot_be_had_is_named(build: Build, tmp_path: Path) -> None:
    (tmp_path / "git").write_text("a file")
    with pytest.raises(ConfigInvalid, match=f"{tmp_path}/git, where git repositories are kept"):
        build("https://git.invalid/x")


async def test_a_webhook_fetches_the_mirror_that_it_names(
    repo: GitRepo, build: Build, tmp_path: Path
) -> None:
    """From the signed body to the HelmRelease that is told."""
    repo.commit(CHART)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "gitea").write_text("planted")
    async with serving(repo, build) as (_, pull), running(pull.charts.run()):
        await pull()
        repo.commit(NEXT)
        routes = Hooks(tmp_path / "secrets", pull.charts.refresh).routes()
        web = WebServer(WebSettings("127.0.0.1:0"), CollectorRegistry(), {}, routes=routes)
        body = json.dumps({"repository": {"ssh_url": "git@127.0.0.1:shop.git"}}).encode()
        digits = hmac.new(b"planted", body, hashlib.sha256).hexdigest()
        async with running(web.run()), ClientSession() as client:
            await web.started.wait()
            url = f"http://127.0.0.1:{web.port}/api/v1/hooks/gitea"
            answer = await client.post(url, data=body, headers={"X-Gitea-Signature": digits})
            assert answer.status == 202
            await until(lambda: pull.told == [ONE])


async def test_fresh_knowledge_costs_no_request(repo: GitRepo, build: Build) -> None:
    sha = repo.commit(CHART)
    async with serving(repo, build) as (server, pull):
        await pull()
        before = server.requests
        repo.commit(NEXT)
        assert (await pull(fresh=LONG)).commit == sha
        assert server.requests == before


async def test_dependencies_by_file_decide_too(repo: GitRepo, build: Build) -> None:
    """A change of the library is a change of the chart; unless that takes charts/ as it is."""
    needs = "dependencies:\n- {name: lib, version: 1.0.0, repository: 'file://../lib'}\n"
    lib = "apiVersion: v2\nname: lib\nversion: 1.0.0\n"
    files = {
        **CHART,
        "charts/app/Chart.yaml": CHART["charts/app/Chart.yaml"] + needs,
        "charts/app/charts/lib/Chart.yaml": lib,
        "charts/lib/Chart.yaml": lib,
    }
    repo.commit(files)
    pull = build(repo.url)
    skipping = build(repo.url, settings={"update_dependencies": False})
    with_lib, without = await pull(), await skipping(skip_dep_update=False)
    sha = repo.commit({"charts/lib/values.yaml": "size: 7\n"})

    assert (await pull()).commit == sha
    assert (await pull()).digest != with_lib.digest
    assert await skipping() == without


async def test_a_poll_tells_whose_content_changed(repo: GitRepo, build: Build) -> None:
    """And nobody else, and nobody of commits that do not touch the path."""
    repo.commit({**CHART, **{p.replace("app", "web"): text for p, text in CHART.items()}})
    pull = build(repo.url, settings={"poll_interval": timedelta(milliseconds=30)})
    await pull(ONE)
    await pull(TWO, path="charts/web")
    async with running(pull.charts.run()):
        repo.commit({"README.md": "news"})
        sha = repo.commit(NEXT)
        await until(lambda: pull.told)

    assert set(pull.told) == {ONE}
    assert (await pull(ONE, fresh=LONG)).commit == sha


async def test_a_poll_that_finds_the_server_up_again_tells_of_it(
    repo: GitRepo, build: Build
) -> None:
    """So that the condition that says it is down goes, also where nothing was there to serve."""
    other = GitRepo(repo.folder.parent / "other.git")
    for one in (repo, other):
        one.commit(CHART)
    interval = timedelta(milliseconds=30)
    async with serving(repo, build, settings={"poll_interval": interval}) as (server, pull):
        await pull(ONE)
        server.broken = True
        assert (await pull(ONE)).stale_reason
        with pytest.raises(SourceUnavailable):
            await pull(TWO, url=f"{server.url}/other.git")
        async with running(pull.charts.run()):
            before = server.requests
            await until(lambda: server.requests > before + 4)
            assert pull.told == []
            server.broken = False
            await until(lambda: set(pull.told) == {ONE, TWO})


async def test_a_refresh_fetches_what_it_names_alone(repo: GitRepo, build: Build) -> None:
    """However the hook spells it; without a name it is all."""
    other = GitRepo(repo.folder.parent / "other.git")
    for one in (repo, other):
        one.commit(CHART)
    async with serving(repo, build) as (server, pull), running(pull.charts.run()):
        await pull(ONE)
        await pull(TWO, url=f"{server.url}/other.git")
        quiet = server.counted("other.git")
        sha = repo.commit(NEXT)
        pull.charts.refresh(["git@127.0.0.1:SHOP.git", "https://127.0.0.1/elsewhere"])
        await until(lambda: pull.told == [ONE])
        assert server.counted("other.git") == quiet
        assert (await pull(ONE, fresh=LONG)).commit == sha

        pull.charts.refresh()
        await until(lambda: server.counted("other.git") > quiet)


async def test_mirrors_that_nobody_uses_go(repo: GitRepo, build: Build, tmp_path: Path) -> None:
    """When the last owner does, or takes another repository."""
    other = GitRepo(repo.folder.parent / "other.git")
    for one in (repo, other):
        one.commit(CHART)
    pull = build(repo.url)

    def mirrors() -> int:
        return len(list((tmp_path / "git").glob("*/known.json")))

    await pull(ONE)
    await pull(TWO)
    pull.charts.let_go(ONE)
    assert mirrors() == 1
    await pull(TWO, url=other.url)
    assert mirrors() == 1
    pull.charts.let_go(TWO)
    pull.charts.let_go(TWO)
    assert mirrors() == 0
    async with running(build(repo.url, settings={"poll_interval": NOW}).charts.run()):
        await until(lambda: not list((tmp_path / "git" / "tmp").iterdir()))


async def test_nothing_is_left_in_the_temporary_folder(
    repo: GitRepo, build: Build, tmp_path: Path
) -> None:
    """Whether it went well or not."""
    repo.commit({**CHART, "charts/bad/Chart.yaml": "name: ["})
    pull = build(repo.url)
    await pull()
    with pytest.raises(ChartRejected):
        await pull(TWO, path="charts/bad")

    assert list((tmp_path / "git" / "tmp").iterdir()) == []


async def test_a_damaged_memory_is_begun_anew(repo: GitRepo, build: Build, tmp_path: Path) -> None:
    sha = repo.commit(CHART)
    await build(repo.url)()
    (known,) = (tmp_path / "git").glob("*/known.json")
    assert json.loads(known.read_text())["heads"]["main"][1] == sha
    known.write_text('{"heads": 7')

    assert (await build(repo.url)()).commit == sha


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "--upload-pack=touch /tmp/x"}, "spec.chart.git names no git repository"),
        ({"url": "ext::sh -c id"}, "spec.chart.git"),
        ({"url": "ssh://-oProxyCommand=x/y"}, "spec.chart.git names no host"),
        ({"ref": "--exec=x"}, "spec.chart.ref"),
        ({"ref": "main:refs/heads/x"}, "spec.chart.ref"),
        ({"path": "../other"}, "spec.chart.path"),
        ({"path": "charts/../../x"}, "spec.chart.path"),
        ({"login": GitLogin(identity=b"k"), "url": "https://h/x"}, "neither `username`"),
        ({"login": GitLogin(USER, PASSWORD), "url": "git@h:x"}, "no entry `identity`"),
    ],
)
async def test_fields_that_are_wrong_are_named(
    build: Build, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(SpecInvalid, match=words):
        await build("https://git.invalid/shop.git")(**fields)


async def test_folders_of_the_operators_machine_are_not_read(repo: GitRepo, build: Build) -> None:
    """Who may write a HelmRelease would read what lies there."""
    for url in (repo.url, str(repo.folder)):
        with pytest.raises(SpecInvalid, match="folder of this machine"):
            await build(url, local=False)()


async def test_where_addresses_are_listed_nobody_leads_us_elsewhere(
    repo: GitRepo, build: Build
) -> None:
    """--allow-url would be worth nothing else; without it, a redirect is followed."""
    repo.commit(CHART)
    async with http_git(repo.folder.parent) as server, http_git(repo.folder.parent) as other:
        server.redirect = other.url
        url = f"{server.url}/shop.git"
        with pytest.raises(SourceUnavailable, match="another address"):
            await build(url, allowed=(server.url,))()
        assert other.requests == 0
        assert (await build(url)()).version == "1.0.0"
