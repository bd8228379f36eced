"""The old operator's arguments: all understood, and those without a meaning named once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click
import pytest
import structlog
from click.testing import CliRunner, Result

from helmward import __version__, app
from helmward.cli import main, retired
from helmward.cli.pflag import Switch, as_pflag
from helmward.cli.serving import serve
from helmward.settings import Settings
from tests.support.served import Served

OLD = (  # noqa: SIM905  # a list that is read, not thirty lines
    "--log-format --workers --listen -l --charts-sync-interval --status-update-interval "
    "--log-release-diffs --kubeconfig --master --allow-namespace --enabled-helm-versions "
    "--helm-repository-import --git-timeout --git-poll-interval --git-default-ref "
    "--update-chart-deps --tiller-ip --tiller-port --tiller-namespace --tiller-tls-enable "
    "--tiller-tls-verify --tiller-tls-key-path --tiller-tls-cert-path --tiller-tls-ca-cert-path "
    "--tiller-tls-hostname --convert-tiller-out-cluster --convert-release-storage --version"
).split()
MIGRATION = Path(__file__).parents[2] / "docs" / "migration.md"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    served = Served()
    monkeypatch.setattr(main, "_serve", served)
    monkeypatch.delenv("HELM_VERSION", raising=False)
    return served


def call(words: Sequence[str], env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main.helmward, ["operator", *words], env=env)


def settings_of(served: Served, *words: str, **env: str) -> Settings:
    result = call(words, env)
    assert result.exit_code == 0, result.output
    assert served.settings
    return served.settings


@pytest.mark.parametrize("flag", OLD)
def test_every_flag_of_the_old_operator_is_accepted(flag: str) -> None:
    """A Deployment's arguments are taken over as they are."""
    command = main.helmward.commands["operator"]
    known = {name for one in command.get_params(click.Context(command)) for name in one.opts}

    assert flag in known


@pytest.mark.parametrize("flag", OLD)
def test_the_migration_page_says_what_became_of_each_flag(flag: str) -> None:
    assert f"`{flag}`" in MIGRATION.read_text()


def test_a_whole_old_deployment_starts(served: Served, tmp_path: Path) -> None:
    """As its chart writes the arguments, equals signs and all."""
    (tmp_path / "config").touch()
    settings = settings_of(
        served,
        *("--enabled-helm-versions=v2,v3", "--log-format=fmt", "--git-timeout=20s"),
        *("--git-poll-interval=5m", "--charts-sync-interval=3m", "--status-update-interval=30s"),
        *("--update-chart-deps=true", "--log-release-diffs=false", "--workers=4"),
        *("--tiller-namespace=kube-system", "--tiller-tls-enable", "--git-default-ref=main"),
        *("--helm-repository-import=v3:/var/fluxd/helm/repository/repositories.yaml", "-l=:8080"),
        *("--allow-namespace=shop", f"--kubeconfig={tmp_path / 'config'}"),
        *("--master=https://10.0.0.1:6443/", "--convert-release-storage=configmaps"),
    )

    assert settings.releases
    assert settings.releases.workers == 4
    assert settings.releases.allow_namespace == "shop"
    assert not settings.releases.log_release_diffs
    assert settings.web.listen == ":8080"
    assert settings.cluster.master == "https://10.0.0.1:6443"
    charts = settings.releases.charts
    assert charts.imported == (Path("/var/fluxd/helm/repository/repositories.yaml"),)
    assert charts.git.default_ref == "main"
    assert charts.git.update_dependencies
    assert {note.split()[0] for note in settings.notes} == {
        *("--enabled-helm-versions", "--status-update-interval", "--tiller-namespace"),
        *("--tiller-tls-enable", "--convert-release-storage"),
    }


def test_what_was_not_said_is_not_warned_of(served: Served) -> None:
    assert settings_of(served).notes == ()


@pytest.mark.parametrize("flag", sorted(retired.WORDS))
def test_a_flag_without_a_meaning_is_named_with_the_reason(served: Served, flag: str) -> None:
    value = "" if flag in retired.SWITCHES else "=30s"

    (note,) = settings_of(served, f"{flag}{value}").notes

    assert note.startswith(f"{flag} has no effect: ")


@pytest.mark.parametrize(
    ("given", "files", "noted"),
    [
        (["v3:/a.yaml"], ["/a.yaml"], []),
        (["/a.yaml"], ["/a.yaml"], []),
        (["v3:/a.yaml,v3:/b.yaml"], ["/a.yaml", "/b.yaml"], []),
        (["v3:/a.yaml", "/b.yaml"], ["/a.yaml", "/b.yaml"], []),
        (["v2:/a.yaml,v3:/b.yaml"], ["/b.yaml"], ["v2:/a.yaml has no effect: Helm 2"]),
        (["v4:/a.yaml"], [], ["v4:/a.yaml has no effect: 'v4' is neither v2 nor v3"]),
        (["v3:"], [], ["v3: has no effect: it is no pair such as v3:/path"]),
        (["nonsense,v3:/b.yaml"], ["/b.yaml"], ["nonsense: has no effect: it is no pair"]),
    ],
)
def test_repositories_are_imported_pair_by_pair(
    served: Served, given: list[str], files: list[str], noted: list[str]
) -> None:
    """A pair that cannot be read is told and passed over, as the old operator did."""
    settings = settings_of(served, *(f"--helm-repository-import={one}" for one in given))

    assert settings.releases
    assert [str(path) for path in settings.releases.charts.imported] == files
    assert len(settings.notes) == len(noted)
    for note, words in zip(settings.notes, noted, strict=True):
        assert note.startswith(f"--helm-repository-import {words}")


def test_git_flags_without_a_repository_are_about_charts(served: Served, tmp_path: Path) -> None:
    """As with the old operator, which followed none."""
    (tmp_path / "key").touch()
    settings = settings_of(
        served,
        *("--git-timeout=1m", "--git-poll-interval=30s", "--update-chart-deps=false"),
        f"--git-ssh-key={tmp_path / 'key'}",
    )

    assert settings.git is None
    assert settings.releases
    git = settings.releases.charts.git
    assert (git.timeout, git.poll_interval) == (timedelta(minutes=1), timedelta(seconds=30))
    assert not git.update_dependencies
    assert git.ssh_key == tmp_path / "key"


def test_tillers_flags_say_why(served: Served) -> None:
    notes = settings_of(served, "--tiller-namespace", "kube-system").notes

    assert notes == ("--tiller-namespace has no effect: there is no Tiller",)


async def test_the_warnings_come_once_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(_: Settings) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(app, "run", run)
    monkeypatch.setattr("helmward.cli.serving.configure", lambda *_: None)
    with structlog.testing.capture_logs() as logs:
        await serve(Settings(notes=("--x has no effect: it is gone",)))

    warnings = [one["event"] for one in logs if one["log_level"] == "warning"]
    assert warnings == ["--x has no effect: it is gone"]


@pytest.mark.parametrize(
    ("given", "warned"),
    [("v3", False), ("v2,v3", True), ("v3,v2", True)],
)
def test_helm_2_beside_helm_3_is_warned_of(served: Served, given: str, warned: bool) -> None:
    notes = settings_of(served, f"--enabled-helm-versions={given}").notes

    assert any("helmVersion: v2 are refused" in note for note in notes) is warned


def test_helm_2_alone_is_refused(served: Served) -> None:
    """Serving such releases as Helm 3's would install all of them beside the old ones."""
    result = call(["--enabled-helm-versions=v2"])

    assert result.exit_code == 2
    assert "--enabled-helm-versions (or HELM_VERSION) v2: there is no Helm 2" in result.stderr
    assert served.settings is None


def test_a_version_that_never_was_is_refused(served: Served) -> None:
    result = call(["--enabled-helm-versions=v4"])

    assert result.exit_code == 2
    assert "'v4' is neither v2 nor v3" in result.stderr
    assert served.settings is None


def test_the_old_variable_is_read_where_the_flag_is_not_given(served: Served) -> None:
    assert call([], {"HELM_VERSION": "v2"}).exit_code == 2
    assert settings_of(served, HELM_VERSION="v3").notes == ()
    assert settings_of(served, "--enabled-helm-versions=v3", HELM_VERSION="v2").notes == ()
    assert settings_of(served, HELM_VERSION="v2,v3").notes


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([], False),
        (["--log-release-diffs"], True),
        (["--log-release-diffs=true"], True),
        (["--log-release-diffs=T"], True),
        (["--log-release-diffs=false"], False),
        (["--log-release-diffs=0"], False),
        (["--log-release-diffs", "--log-release-diffs=false"], False),
    ],
)
def test_a_switch_is_read_as_pflag_reads_it(served: Served, words: list[str], value: bool) -> None:
    releases = settings_of(served, *words).releases

    assert releases
    assert releases.log_release_diffs is value


def test_a_switch_takes_no_word_of_its_own(served: Served) -> None:
    """pflag would call it true and drop the rest in silence: better to say so."""
    result = call(["--log-release-diffs", "false"])

    assert result.exit_code == 2
    assert "unexpected extra argument (false)" in result.stderr
    assert served.settings is None


def test_a_switch_that_is_neither_is_refused_by_name(served: Served) -> None:
    result = call(["--log-release-diffs=yes"])

    assert result.exit_code == 2
    assert "--log-release-diffs" in result.stderr
    assert "'yes' is neither true nor false" in result.stderr
    assert served.settings is None


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["-l", ":1"], ["-l", ":1"]),
        (["-l:1"], ["-l:1"]),
        (["-l=:1"], ["-l:1"]),
        (["--listen=:1"], ["--listen=:1"]),
        (["--name", "--on"], ["--name", "--on"]),
        (["--on", "--name", "x"], ["--on=true", "--name", "x"]),
        (["--once", "--on=false"], ["--once", "--on=false"]),
        (["--", "--on", "-l=:1"], ["--", "--on", "-l=:1"]),
        (["--unknown", "--on"], ["--unknown", "--on=true"]),
        (["--name"], ["--name"]),
    ],
)
def test_words_are_read_as_pflag_reads_them(words: list[str], read: list[str]) -> None:
    params = [
        click.Option(["--listen", "-l"]),
        click.Option(["--name"]),
        click.Option(["--on"], type=Switch()),
        click.Option(["--once"], is_flag=True),
    ]

    assert as_pflag(words, params) == read


@pytest.mark.parametrize("command", sorted(main.helmward.commands))
def test_every_command_tells_its_version(command: str) -> None:
    """Old Deployments' checks run the binary with --version."""
    result = CliRunner().invoke(main.helmward, [command, "--version"])

    assert (result.exit_code, result.output) == (0, f"Helmward {__version__}\n")


@pytest.mark.parametrize("address", ["10.0.0.1:6443", "ftp://x", "https://"])
def test_an_address_that_is_none_is_refused(served: Served, address: str) -> None:
    result = call([f"--master={address}"])

    assert result.exit_code == 2
    assert "is not an address such as https://10.0.0.1:6443" in result.stderr
    assert served.settings is None
