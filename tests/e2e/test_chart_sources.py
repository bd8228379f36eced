"""Charts from private repositories and from git, end to end: who may ask, and what is told."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from helmward.apis import GENERATIONS, V1
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.settings import ChartSettings, EngineSettings, GitChartSettings, WebSettings
from tests.e2e.conftest import CONFIG
from tests.e2e.test_checks import free_port
from tests.support.charts import ChartRepo, make_chart
from tests.support.git_repo import GitRepo
from tests.support.git_server import HttpGit, http_git
from tests.support.openpgp import PgpKey, provenance_of
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.registry import running_registry
from tests.support.wait import until

USER, PASSWORD = "bob", "correct-horse-battery"
LOGIN = {"username": USER, "password": PASSWORD}
PULL = {"chartPullSecret": {"name": "login"}}
OFTEN = timedelta(seconds=1)
BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)


@pytest.fixture
def private(repo: ChartRepo) -> ChartRepo:
    """The charts, for those who know the password."""
    word = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    repo.authorization = f"Basic {word}"
    return repo


async def secret(releases: Releases, name: str, entries: dict[str, str]) -> None:
    """Write a Secret as `kubectl apply` does."""
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": releases.namespace},
        "stringData": entries,
    }
    await releases.kube.apply(document, field_manager="user", resource=SECRETS)


@asynccontextmanager
async def serving(
    plane: Plane, releases: Releases, charts: ChartSettings, **more: Any
) -> AsyncIterator[Releases]:
    """Run an operator with settings of its own, and clean up."""
    async with running(settings_for(plane.kubeconfig, charts=charts, **more)):
        yield releases
        await releases.clear()


async def colour(releases: Releases) -> str:
    name = f"{releases.namespace}-web"
    return str((await releases.kube.get(CONFIG_MAPS, name, releases.namespace))["data"]["colour"])


@BOTH
async def test_a_pull_secret_opens_a_private_repository(
    served: Any, operator: Releases, private: ChartRepo, capfd: pytest.CaptureFixture[str]
) -> None:
    """The field that the old operators took and never read."""
    assert private.authorization
    releases = operator.of("web", resource=served.resource)
    await secret(releases, "login", LOGIN)
    await releases.apply("web", chart=PULL)
    status = await releases.ready("web")
    assert status["revision"] == "1.0.0"
    assert PASSWORD not in str(status)
    assert PASSWORD not in "".join(capfd.readouterr())


async def test_without_credentials_a_private_repository_says_so(
    operator: Releases, private: ChartRepo
) -> None:
    assert private.authorization
    await operator.apply("web")
    await operator.says("web", "401")


async def test_a_wrong_password_is_mended_in_its_secret(
    operator: Releases, private: ChartRepo
) -> None:
    assert private.authorization
    wrong = "hunter22-hunter22"
    await secret(operator, "login", LOGIN | {"password": wrong})
    await operator.apply("web", chart=PULL)
    told = await operator.says("web", "401")
    assert wrong not in str(told)
    await secret(operator, "login", LOGIN)
    await operator.ready("web")


async def test_a_pull_secret_that_is_not_there_is_named_and_waited_for(
    operator: Releases, private: ChartRepo
) -> None:
    assert private.authorization
    await operator.apply("web", chart=PULL)
    where = f"there is no Secret {operator.namespace}/login: create it"
    told = await operator.says("web", "spec.chart.chartPullSecret", where)
    assert told["reason"] == "SourceUnavailable"
    await secret(operator, "login", LOGIN)
    await operator.ready("web")


async def test_half_a_login_is_a_mistake_that_is_named(operator: Releases) -> None:
    await secret(operator, "login", {"username": USER})
    await operator.apply("web", chart=PULL)
    where = f"Secret {operator.namespace}/login holds username but no password"
    told = await operator.says("web", "spec.chart.chartPullSecret", where)
    assert told["reason"] == "SpecInvalid"


async def test_imported_repositories_are_asked_with_their_credentials(
    plane: Plane, releases: Releases, private: ChartRepo, tmp_path: Path
) -> None:
    """However the URL is spelled; an own Secret goes before."""
    imported = tmp_path / "repositories.yaml"
    entry = {"name": "private", "url": f"{private.url}/", **LOGIN}
    imported.write_text(yaml.safe_dump({"repositories": [entry]}))
    none = tmp_path / "none.yaml"
    async with serving(plane, releases, ChartSettings(imported=(none, imported))):
        await releases.apply("web", chart={"repository": f"{private.url}?a=b"})
        await releases.ready("web")
        await secret(releases, "login", LOGIN | {"password": "wrong-wrong"})
        await releases.apply("other", chart=PULL)
        await releases.says("other", "401")


async def test_a_repository_that_is_down_serves_what_was_fetched_and_says_why(
    plane: Plane, releases: Releases, repo: ChartRepo
) -> None:
    async with serving(plane, releases, ChartSettings(), check=OFTEN):
        await releases.apply("web")
        await releases.ready("web")
        repo.fail(status=503)
        told = await releases.says("web", "fetched before", "503")
        assert (told["status"], told["reason"]) == ("True", "InSync")
        fetched = await releases.condition("web", "ChartFetched")
        assert (fetched["status"], "503" in fetched["message"]) == ("True", True)
        repo.heal()

        async def well() -> bool:
            return "fetched before" not in (await releases.condition("web", "Ready"))["message"]

        await until(well, within=20)


async def test_what_a_policy_or_a_flag_forbids_is_not_asked_for(
    plane: Plane, releases: Releases, repo: ChartRepo, tmp_path: Path
) -> None:
    policies = tmp_path / "policies.yaml"
    policies.write_text(f"repositories:\n- url: {repo.url}/closed\n  allow: false\n")
    charts = ChartSettings(policies=policies, allowed=(repo.url,))
    async with serving(plane, releases, charts):
        await releases.apply("web", chart={"repository": f"{repo.url}/closed/charts"})
        await releases.says("web", "SourceForbidden", "--chart-policies")
        await releases.apply("web", chart={"repository": "http://ok.evil.example.com"})
        await releases.says("web", "SourceForbidden", "--allow-url")
        assert repo.requests == []
        await releases.apply("web")
        await releases.ready("web")


@BOTH
@pytest.mark.parametrize("form", ["archive", "data"])
async def test_an_archive_is_a_source_of_its_own(
    form: str, served: Any, operator: Releases, repo: ChartRepo
) -> None:
    """Name and version may be left out: it says itself which chart it is."""
    releases = operator.of("web", resource=served.resource)
    file = repo.folder / "web-1.1.0.tgz"
    packed = base64.b64encode(file.read_bytes()).decode()
    data = f"data:application/gzip;base64,{packed}"
    url = f"{repo.url}/{file.name}" if form == "archive" else data
    document = releases.document("web")
    document["spec"]["chart"] = {"repository": url}
    releases.made.append((releases, "web"))
    await releases.kube.apply(document, field_manager="user", resource=releases.resource)
    status = await releases.ready("web")
    assert status["revision"] == "1.1.0"
    assert await colour(releases) == "blue"


@pytest.fixture(scope="module")
def team() -> PgpKey:
    """The key that a policy trusts."""
    return PgpKey("Charts Team <charts@example.com>")


@pytest.fixture(scope="module")
def stranger() -> PgpKey:
    """A key that only a HelmRelease trusts."""
    return PgpKey("Somebody Else <else@example.com>")


def publish(repo: ChartRepo, name: str, key: PgpKey) -> None:
    """Publish a chart with its provenance file."""
    archive = repo.add(name, "1.0.0", {"config.yaml": CONFIG}, {"colour": "blue"})
    archive.with_name(f"{archive.name}.prov").write_bytes(provenance_of(archive, key))


OWN_KEYS = {"helmward.dev/verify": "provenance", "helmward.dev/verify-keys": "keys"}


async def test_who_signed_a_chart_is_told(
    operator: Releases, repo: ChartRepo, team: PgpKey, stranger: PgpKey
) -> None:
    publish(repo, "signed", team)
    await secret(operator, "keys", {"ring.asc": team.armoured.decode()})
    await operator.apply("web", chart={"name": "signed"}, annotations=OWN_KEYS)
    await operator.ready("web")
    await operator.says("web", "signed by", team.name)
    publish(repo, "strange", stranger)
    await operator.apply("other", chart={"name": "strange"}, annotations=OWN_KEYS)
    told = await operator.says("other", "ChartUnverified")
    assert (await operator.condition("other", "Stalled"))["status"] == "True"
    assert told["status"] == "False"


async def test_signatures_that_a_policy_asks_for_cannot_be_switched_off(  # noqa: PLR0913, PLR0917
    plane: Plane,
    releases: Releases,
    repo: ChartRepo,
    tmp_path: Path,
    team: PgpKey,
    stranger: PgpKey,
) -> None:
    """Nor can a key of a HelmRelease take the place of the policy's."""
    publish(repo, "strange", stranger)
    publish(repo, "signed", team)
    (tmp_path / "ring.asc").write_bytes(team.armoured)
    verify = {"provider": "provenance", "keys": ["ring.asc"]}
    policy = {"url": repo.url, "annotations": False, "verify": verify}
    policies = tmp_path / "policies.yaml"
    policies.write_text(yaml.safe_dump({"repositories": [policy]}))
    async with serving(plane, releases, ChartSettings(policies=policies)):
        await secret(releases, "keys", {"ring.asc": stranger.armoured.decode()})
        await releases.apply("web", chart={"name": "strange"})
        await releases.says("web", "ChartUnverified")
        await releases.apply("web", chart={"name": "strange"}, annotations=OWN_KEYS)
        await releases.says("web", "ChartUnverified")
        await releases.apply("web", annotations={"helmward.dev/skip-tls-verify": "true"})
        await releases.says("web", "SpecInvalid", "forbids skip tls verify here")
        assert await releases.revisions(f"{releases.namespace}-web") == []
        await releases.apply("web", chart={"name": "signed"})
        await releases.ready("web")
        await releases.says("web", "signed by", team.name)


async def test_a_registry_is_asked_with_the_login_of_docker(
    operator: Releases, tmp_path: Path
) -> None:
    """The Secret that pulls images pulls charts too."""
    archive = make_chart(tmp_path, "web", "2.0.0", {"config.yaml": CONFIG}, {"colour": "blue"})
    with running_registry(tmp_path / "registry", user=USER, password=PASSWORD) as registry:
        registry.push(archive)
        chart = {"repository": registry.url, "name": "web", "version": "^2.0.0", **PULL}
        plain = {"helmward.dev/plain-http": "true"}
        word = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        config = json.dumps({"auths": {registry.host: {"auth": word}}})
        await secret(operator, "login", {".dockerconfigjson": config})
        await operator.apply("web", chart=chart, annotations=plain)
        status = await operator.ready("web")
        assert status["revision"] == "2.0.0"
        assert PASSWORD not in str(status)
        await operator.clear()


async def test_keys_are_asked_for_where_signatures_are(operator: Releases) -> None:
    await operator.apply("web", annotations={"helmward.dev/verify": "cosign"})
    await operator.says("web", "metadata.annotations[helmward.dev/verify]", "no key to hold")


# ------------------------------------------------------------------ git

CHART = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "charts/web/values.yaml": "colour: blue\n",
    "charts/web/templates/config.yaml": CONFIG,
    "README.md": "charts\n",
}
SOON = ChartSettings(git=GitChartSettings(default_ref="main", poll_interval=timedelta(seconds=0.3)))


@pytest.fixture
def git(tmp_path: Path) -> GitRepo:
    """A repository with the chart `web` in it."""
    repository = GitRepo(tmp_path / "git" / "charts.git")
    repository.commit(CHART)
    return repository


def head(git: GitRepo) -> str:
    return git.git("rev-parse", f"refs/heads/{git.branch}")


async def declare(releases: Releases, url: str, **chart: Any) -> None:
    """Ask for the chart in git."""
    none = dict.fromkeys(("repository", "name", "version"))
    named = {"git": f"{url}/charts.git", "path": "charts/web", **chart}
    document = releases.document("web", chart=none)
    document["spec"]["chart"] = named
    releases.made.append((releases, "web"))
    await releases.kube.apply(document, field_manager="user", resource=releases.resource)


async def revision(releases: Releases, wanted: str) -> None:
    """Wait until the status calls this the revision."""

    async def there() -> bool:
        return bool((await releases.status("web")).get("revision") == wanted)

    await until(there, within=30)


async def some_looks(server: HttpGit) -> None:
    """Wait until the repository was asked a few times more."""
    before = server.requests
    await until(lambda: server.requests > before + 4, within=20)


@BOTH
async def test_a_chart_in_git_follows_the_commits_that_touch_it(
    served: Any, plane: Plane, releases: Releases, git: GitRepo, tmp_path: Path
) -> None:
    async with http_git(tmp_path / "git") as server, serving(plane, releases, SOON):
        releases = releases.of("web", resource=served.resource)
        await declare(releases, server.url)
        status = await releases.ready("web")
        first = head(git)
        assert (status["revision"], status["lastAttemptedRevision"]) == (first, first)
        assert await colour(releases) == "blue"

        git.commit({"README.md": "more words\n"})
        await some_looks(server)
        assert len(await releases.revisions(f"{releases.namespace}-web")) == 1

        second = git.commit({"charts/web/values.yaml": "colour: red\n"})
        await revision(releases, second)
        assert await colour(releases) == "red"
        assert len(await releases.revisions(f"{releases.namespace}-web")) == 2
        await releases.clear()


async def test_a_login_of_git_is_read_from_its_secret(
    plane: Plane, releases: Releases, git: GitRepo, tmp_path: Path
) -> None:
    """The Secret may lie in another namespace, as with the old operator."""
    assert git
    releases = releases.of("web", resource=V1.resource)
    async with (
        http_git(tmp_path / "git", (USER, PASSWORD)) as server,
        serving(plane, releases, SOON),
    ):
        await declare(releases, server.url, secretRef={"name": "git-login"})
        await releases.says("web", "spec.chart.secretRef", "/git-login: create it")
        await secret(releases, "git-login", {"note": "none"})
        await releases.says("web", "spec.chart.secretRef", "/git-login holds no login")
        await secret(releases, "git-login", LOGIN)
        await releases.annotate("web", **{"reconcile.fluxcd.io/requestedAt": "now"})
        status = await releases.ready("web")
        assert PASSWORD not in str(status)


async def test_a_git_server_that_is_down_changes_nothing(
    plane: Plane, releases: Releases, git: GitRepo, tmp_path: Path
) -> None:
    assert git
    async with (
        http_git(tmp_path / "git") as server,
        serving(plane, releases, SOON, check=OFTEN),
    ):
        await declare(releases, server.url)
        await releases.ready("web")
        server.broken = True
        told = await releases.says("web", "fetched before")
        assert told["status"] == "True"


async def test_git_is_asked_at_once_when_somebody_pushed(
    plane: Plane, releases: Releases, git: GitRepo, tmp_path: Path
) -> None:
    """By `POST /api/v1/sync-git`, as hooks of old call it."""
    port = free_port()
    web = WebSettings(listen=f"127.0.0.1:{port}")
    rarely = ChartSettings(git=GitChartSettings(default_ref="main"))
    settings = replace(settings_for(plane.kubeconfig, charts=rarely), web=web)
    async with http_git(tmp_path / "git") as server, running(settings):
        await declare(releases, server.url)
        await releases.ready("web")
        second = git.commit({"charts/web/values.yaml": "colour: red\n"})
        url = f"http://127.0.0.1:{port}/api/v1/sync-git"
        async with aiohttp.ClientSession() as session, session.post(url) as answer:
            assert await answer.text() == "OK"
        await revision(releases, second)
        await releases.clear()


async def test_a_webhook_that_is_signed_has_its_repository_asked(
    plane: Plane, releases: Releases, git: GitRepo, tmp_path: Path
) -> None:
    """As GitHub sends it when somebody pushed."""
    port, secrets = free_port(), tmp_path / "hooks"
    secrets.mkdir()
    (secrets / "github").write_text(PASSWORD)
    charts = ChartSettings(git=GitChartSettings(default_ref="main"))
    web = WebSettings(listen=f"127.0.0.1:{port}", hook_secrets=secrets)
    settings = replace(settings_for(plane.kubeconfig, charts=charts), web=web)
    async with http_git(tmp_path / "git") as server, running(settings):
        await declare(releases, server.url)
        await releases.ready("web")
        second = git.commit({"charts/web/values.yaml": "colour: red\n"})
        body = json.dumps({"repository": {"clone_url": f"{server.url}/charts.git"}}).encode()
        signature = hmac.new(PASSWORD.encode(), body, hashlib.sha256).hexdigest()
        url = f"http://127.0.0.1:{port}/api/v1/hooks/github"
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=body) as answer:
                assert answer.status == 401
            signed = {"X-Hub-Signature-256": f"sha256={signature}"}
            async with session.post(url, data=body, headers=signed) as answer:
                assert answer.status == 202
        await revision(releases, second)
        await releases.clear()


async def test_a_restart_while_git_is_down_changes_nothing(
    plane: Plane, releases: Releases, git: GitRepo, tmp_path: Path
) -> None:
    """What was fetched is kept in the cache's folder, for as long as it is asked for."""
    charts = replace(SOON, engine=EngineSettings(cache=tmp_path / "cache"))
    settings = settings_for(plane.kubeconfig, charts=charts)
    async with http_git(tmp_path / "git") as server:
        async with running(settings):
            await declare(releases, server.url)
            await releases.ready("web")
        server.broken = True
        async with running(settings):
            told = await releases.says("web", "fetched before")
            assert told["status"] == "True"
            assert (await releases.status("web"))["revision"] == head(git)
            await releases.clear()
            mirrors = tmp_path / "cache" / "mirrors"
            await until(lambda: {one.name for one in mirrors.iterdir()} == {"salt", "tmp"})


async def test_prefixes_hold_for_git_too(
    plane: Plane, releases: Releases, git: GitRepo, tmp_path: Path
) -> None:
    assert git
    charts = ChartSettings(allowed=("https://git.example.com/",))
    async with http_git(tmp_path / "git") as server, serving(plane, releases, charts):
        await declare(releases, server.url)
        await releases.says("web", "SourceForbidden", "spec.chart.git", "--allow-url")
        assert server.requests == 0
