"""From the command line and the environment into Settings."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helmward.cli import main, sizes
from helmward.settings import Settings
from tests.support.served import Served


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    served = Served()
    monkeypatch.setattr(main, "_serve", served)
    return served


def call(words: Sequence[str], env: dict[str, str] | None = None) -> Result:
    clean: dict[str, str | None] = {"HELMWARD_ENGINE_CACHE": None, "HELM_PLUGINS": None}
    return CliRunner().invoke(main.helmward, words, env=clean | (env or {}))


def settings_of(served: Served, *words: str, env: dict[str, str] | None = None) -> Settings:
    result = call(words, env)
    assert result.exit_code == 0, result.output
    assert served.settings
    return served.settings


def test_run_without_a_repository_serves_releases_only(served: Served) -> None:
    settings = settings_of(served, "run")

    assert settings.releases
    assert settings.git is None


def test_the_defaults_are_those_of_the_settings(served: Served) -> None:
    """No default is decided twice."""
    settings = settings_of(served, "run", env={"HOME": "", "XDG_CACHE_HOME": ""})

    assert settings == Settings(releases=type(settings.releases)())  # type: ignore[misc]


@pytest.mark.parametrize(
    ("environ", "cache"),
    [
        ({"HOME": "/home/me"}, Path("/home/me/.cache/helmward")),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "/var/cache"}, Path("/var/cache/helmward")),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "here"}, Path("/home/me/.cache/helmward")),
        ({"HOME": "relative"}, None),
        ({}, None),
        ({"HELMWARD_ENGINE_CACHE": "/data"}, Path("/data")),
    ],
)
def test_what_is_fetched_outlives_the_operator(
    served: Served, environ: dict[str, str], cache: Path | None
) -> None:
    """A source that is down at the next start is then no trouble."""
    env = {"HOME": "", "XDG_CACHE_HOME": ""} | environ
    for command in ("run", "operator"):
        settings = settings_of(served, command, env=env)
        assert settings.releases
        assert settings.releases.charts.engine.cache == cache


def test_flags_about_charts_and_values_are_understood(served: Served, tmp_path: Path) -> None:
    for name in ("age", "pgp", "ssh_config", "netrc"):
        (tmp_path / name).touch()
    settings = settings_of(
        served,
        *("operator", "--chart-policies", "/etc/helmward/policies.yaml"),
        *("--allow-url", "https://a.example.com/x,oci://b.example.com", "--allow-url", "ssh://c"),
        *("--engine-cache-size", "500M", "--index-max-size", "64Mi", "--chart-max-size", "1000"),
        *("--helm-plugins", "/plugins", "--hook-secrets", "/hooks"),
        *("--values-defaults", "ops/base,ops/eu", "--values-defaults", "shop/all"),
        *("--sops-age-key", str(tmp_path / "age"), "--sops-pgp-key", str(tmp_path / "pgp")),
        *("--git-ssh-config", str(tmp_path / "ssh_config")),
        *("--git-netrc", str(tmp_path / "netrc")),
    )

    assert settings.releases
    charts = settings.releases.charts
    assert charts.policies == Path("/etc/helmward/policies.yaml")
    assert charts.allowed == ("https://a.example.com/x", "oci://b.example.com", "ssh://c")
    engine = charts.engine
    assert (engine.cache_size, engine.largest_index) == (500_000_000, 64 << 20)
    assert (engine.largest_chart, engine.plugins) == (1000, Path("/plugins"))
    assert settings.web.hook_secrets == Path("/hooks")
    assert charts.defaults == ("ops/base", "ops/eu", "shop/all")
    assert charts.age_keys == (tmp_path / "age",)
    assert charts.pgp_keys == (tmp_path / "pgp",)
    assert charts.git.ssh_config == tmp_path / "ssh_config"
    assert charts.git.netrc == tmp_path / "netrc"


def test_plugins_are_those_of_helm_unless_told_otherwise(served: Served) -> None:
    settings = settings_of(served, "operator", env={"HELM_PLUGINS": "/var/helm/plugins"})

    assert settings.releases
    assert settings.releases.charts.engine.plugins == Path("/var/helm/plugins")


def test_lists_in_variables_have_commas_too(served: Served) -> None:
    env = {
        "HELMWARD_ALLOW_URL": "https://a.example.com,https://b.example.com",
        "HELMWARD_VALUES_DEFAULTS": "ops/base,ops/eu",
        "HELMWARD_HELM_REPOSITORY_IMPORT": "v3:/a.yaml,v3:/b.yaml",
    }
    settings = settings_of(served, "operator", env=env)

    assert settings.releases
    charts = settings.releases.charts
    assert charts.allowed == ("https://a.example.com", "https://b.example.com")
    assert charts.defaults == ("ops/base", "ops/eu")
    assert charts.imported == (Path("/a.yaml"), Path("/b.yaml"))


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("20Mi", 20 << 20), ("2Gi", 2 << 30), ("500M", 500_000_000), ("1k", 1000)],
)
def test_sizes_are_those_of_kubernetes(text: str, size: int) -> None:
    assert sizes.parse(text) == size
    assert sizes.parse(sizes.show(size)) == size


def test_the_old_operators_flags_are_understood(served: Served) -> None:
    settings = settings_of(
        served,
        *("operator", "--workers", "4", "--charts-sync-interval", "1h30m"),
        *("--status-update-interval", "500ms", "--allow-namespace", "shop", "-l", ":8080"),
        *("--log-format", "json", "--log-level", "debug"),
    )

    assert settings.releases
    assert settings.releases.workers == 4
    assert settings.releases.charts_sync_interval == timedelta(minutes=90)
    assert settings.releases.allow_namespace == "shop"
    assert settings.web.listen == ":8080"
    assert (settings.log_format, settings.log_level) == ("json", "debug")


def test_fluxs_flags_are_understood(served: Served, tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    settings = settings_of(
        served,
        *("sync", "--git-url", "ssh://git@git.example/shop", "--git-branch", "main"),
        *("--git-path", "deploy,base", "--git-path", "extra", "--git-poll-interval", "10s"),
        *("--sync-interval", "20s", "--git-timeout", "30s", "--sync-timeout", "2m"),
        *("--k8s-default-namespace", "shop", "--git-ssh-key", str(tmp_path / "key")),
    )

    assert settings.releases is None
    assert settings.git
    (followed,) = settings.git.repositories
    assert [one.path for one in followed.paths] == ["deploy", "base", "extra"]
    assert followed.ref.branch == "main"
    assert followed.poll_interval == timedelta(seconds=10)
    assert followed.sync_interval == timedelta(seconds=20)
    assert followed.timeout == timedelta(seconds=30)
    assert followed.sync_timeout == timedelta(minutes=2)
    assert followed.default_namespace == "shop"
    assert followed.ssh_key == tmp_path / "key"


def test_every_flag_has_an_environment_variable(served: Served) -> None:
    settings = settings_of(
        served,
        "run",
        env={
            "HELMWARD_WORKERS": "3",
            "HELMWARD_GIT_URL": "https://git.example/shop",
            "HELMWARD_GIT_PATH": "deploy, my folder",
            "HELMWARD_SYNC_INTERVAL": "7s",
            "HELMWARD_LISTEN": ":0",
            "HELMWARD_CONTEXT": "kind",
        },
    )

    assert settings.releases
    assert settings.releases.workers == 3
    assert settings.git
    (followed,) = settings.git.repositories
    assert [one.path for one in followed.paths] == ["deploy", "my folder"]
    assert followed.sync_interval == timedelta(seconds=7)
    assert settings.web.listen == ":0"
    assert settings.cluster.context == "kind"


def test_a_flag_goes_before_its_variable(served: Served) -> None:
    settings = settings_of(served, "run", "--workers", "5", env={"HELMWARD_WORKERS": "3"})

    assert settings.releases
    assert settings.releases.workers == 5


@pytest.mark.parametrize(
    ("flag", "word", "said"),
    [
        ("--sync-interval", "30", "did you mean 30s?"),
        ("--git-poll-interval", "soon", "is not a duration such as"),
        ("--git-timeout", "0", "must be more than zero"),
        ("--workers", "0", "0 is not in the range x>=1"),
        ("--listen", "3030", "is not an address such as :3030"),
        ("--listen", ":99999", "is not an address such as :3030"),
        ("--git-path", "../other", "must be relative to the root"),
        ("--git-path", "/deploy", "must be relative to the root"),
        ("--allow-namespace", "Shop", "cannot name a namespace"),
        ("--kubeconfig", "/nowhere/config", "does not exist"),
        ("--log-format", "xml", "is not one of"),
        ("--allow-url", "charts.example.com", "must be the beginning of a URL"),
        ("--allow-url", "https://a.example.com,", "must be the beginning of a URL"),
        ("--engine-cache-size", "20MB", "is not a size such as 20Mi"),
        ("--chart-max-size", "0", "must be more than zero"),
        ("--index-max-size", "-1", "is not a size"),
        ("--index-max-size", "9999999Ti", "is not a size"),
        ("--values-defaults", "base", "is not namespace/name of an object"),
        ("--sops-age-key", "/nowhere/key", "does not exist"),
    ],
)
def test_a_wrong_word_is_refused_by_the_flags_name(
    served: Served, flag: str, word: str, said: str
) -> None:
    result = call(["run", flag, word])

    assert result.exit_code == 2
    assert flag in result.stderr
    assert said in result.stderr
    assert served.settings is None


def test_a_wrong_variable_is_refused_by_its_name(served: Served) -> None:
    """Whoever set it in a Deployment has never seen the flag."""
    result = call(["run"], env={"HELMWARD_SYNC_INTERVAL": "3 minutes"})

    assert result.exit_code == 2
    assert "HELMWARD_SYNC_INTERVAL" in result.stderr
    assert served.settings is None


def test_sync_needs_a_repository(served: Served) -> None:
    result = call(["sync"])

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: --git-url (or HELMWARD_GIT_URL) must name")
    assert served.settings is None


def test_a_git_flag_without_a_repository_is_a_mistake(served: Served) -> None:
    """A forgotten --git-url must not look like a quiet repository."""
    result = call(["run", "--git-branch", "main"])

    assert result.exit_code == 2
    assert "--git-branch has no effect without --git-url" in result.stderr
    assert served.settings is None
