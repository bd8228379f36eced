"""fluxd's arguments: all understood, and those without a meaning named once."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from helmward.cli import fluxd, main
from helmward.settings import (
    EXCLUDED,
    DeployKeySettings,
    GitSettings,
    PathSettings,
    PruneSettings,
    RefSettings,
    StateSettings,
)
from tests.support.command_line import URL, CommandLine, followed

FLUXD = (  # noqa: SIM905  # a list that is read, not eighty lines
    "--log-format --listen -l --listen-metrics --kubernetes-kubectl --version --git-url "
    "--git-branch --git-path --git-readonly --git-user --git-email --git-set-author --git-label "
    "--git-secret --sops --git-sync-tag --git-notes-ref --git-ci-skip --git-ci-skip-message "
    "--git-poll-interval --git-timeout --git-gpg-key-import --git-signing-key "
    "--git-verify-signatures --git-verify-signatures-mode --sync-interval --sync-timeout "
    "--sync-garbage-collection --sync-garbage-collection-dry --sync-state --memcached-hostname "
    "--memcached-port --memcached-timeout --memcached-service --registry-disable-scanning "
    "--automation-interval --registry-poll-interval --registry-rps --registry-burst "
    "--registry-trace --registry-insecure-host --registry-exclude-image "
    "--registry-include-image --registry-use-labels --registry-ecr-region "
    "--registry-ecr-include-id --registry-ecr-exclude-id --registry-require "
    "--registry-cache-expiry --k8s-in-cluster --k8s-secret-name --k8s-secret-volume-mount-path "
    "--k8s-secret-data-key --k8s-namespace-whitelist --k8s-allow-namespace "
    "--k8s-default-namespace --k8s-unsafe-exclude-resource --k8s-verbosity --ssh-keygen-bits "
    "--ssh-keygen-type --ssh-keygen-dir --ssh-keygen-format --manifest-generation --connect "
    "--token --rpc-timeout --docker-config --kube-config"
).split()
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fluxd-flags.md"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    return CommandLine(monkeypatch, tmp_path)


@pytest.mark.parametrize("command", ["run", "sync"])
@pytest.mark.parametrize("flag", FLUXD)
def test_every_flag_of_fluxd_is_accepted(flag: str, command: str) -> None:
    """A Deployment's arguments are taken over as they are."""
    found = main.helmward.commands[command]
    known = {name for one in found.get_params(click.Context(found)) for name in one.opts}

    assert flag in known


def test_every_flag_of_fluxd_has_one_fate() -> None:
    """It means something, is called otherwise or has no effect, and the page says which."""
    fates = [*fluxd.KEPT, *fluxd.RENAMED, *fluxd.WORDS]

    assert sorted(fates) == sorted(FLUXD)
    assert not set(fluxd.OTHERWISE) - set(fluxd.KEPT)
    text = PAGE.read_text()
    assert [flag for flag in FLUXD if f"| `{flag}` |" not in text] == []


@pytest.mark.parametrize("flag", sorted(fluxd.WORDS))
def test_a_flag_without_a_meaning_is_named_with_the_reason(line: CommandLine, flag: str) -> None:
    value = "" if flag in fluxd.SWITCHES else "=anything"

    (note,) = line.settings(URL, f"{flag}{value}").notes

    assert note == f"{flag} has no effect: {fluxd.WORDS[flag]}"


def test_a_token_is_never_repeated(line: CommandLine) -> None:
    settings = line.settings(URL, "--token=planted-token", "--connect=wss://cloud.example")

    assert "planted-token" not in repr(settings)


Look = Callable[[GitSettings], Any]
MEANT: list[tuple[list[str], Look, Any]] = [
    (["--git-branch=master"], lambda git: followed(git).ref, RefSettings(branch="master")),
    (["--git-branch="], lambda git: followed(git).ref, RefSettings()),
    (["--git-path="], lambda git: followed(git).paths, (PathSettings(),)),
    (["--git-path=."], lambda git: followed(git).paths, (PathSettings(as_written="."),)),
    (
        ["--git-path=a,b/", "--git-path=./c"],
        lambda git: followed(git).paths,
        (
            PathSettings("a"),
            PathSettings("b", as_written="b/"),
            PathSettings("c", as_written="./c"),
        ),
    ),
    (["--git-readonly"], lambda git: followed(git).state.readonly, True),
    (["--git-readonly=false"], lambda git: followed(git).state.readonly, False),
    (["--git-netrc=config"], lambda git: followed(git).netrc, Path("config")),
    (["--git-ssh-config=config"], lambda git: followed(git).ssh_config, Path("config")),
    (["--git-user=Me", "--sync-state=git"], lambda git: followed(git).state.user, "Me"),
    (["--git-email=me@x", "--sync-state=git"], lambda git: followed(git).state.email, "me@x"),
    (["--git-user="], lambda git: followed(git).state.user, "Weave Flux"),
    (["--git-label=prod", "--sync-state=git"], lambda git: followed(git).state.tag, "prod"),
    (["--git-sync-tag=t", "--sync-state=git"], lambda git: followed(git).state.tag, "t"),
    (
        ["--git-sync-tag=t", "--git-label=prod", "--sync-state=git"],
        lambda git: followed(git).state.tag,
        "prod",
    ),
    (["--git-label="], lambda git: followed(git).state, StateSettings()),
    (["--git-secret=true"], lambda git: followed(git).git_secret, True),
    (["--sops"], lambda git: followed(git).sops, True),
    (["--git-poll-interval=1m"], lambda git: followed(git).poll_interval, timedelta(minutes=1)),
    (["--git-timeout=1m"], lambda git: followed(git).timeout, timedelta(minutes=1)),
    (["--sync-interval=1h"], lambda git: followed(git).sync_interval, timedelta(hours=1)),
    (["--sync-timeout=2m"], lambda git: followed(git).sync_timeout, timedelta(minutes=2)),
    (
        ["--git-gpg-key-import=key.asc,keys"],
        lambda git: (
            git.pgp_keys,
            followed(git).verify.pgp_keys,
            followed(git).state.private_keys,
        ),
        ((Path("key.asc"), Path("keys")),) * 3,
    ),
    (
        ["--git-signing-key=AB", "--git-gpg-key-import=keys", "--sync-state=git"],
        lambda git: followed(git).state.signing_key,
        "AB",
    ),
    (
        ["--git-verify-signatures", "--git-gpg-key-import=keys"],
        lambda git: followed(git).verify.mode,
        "all",
    ),
    (["--git-verify-signatures=false"], lambda git: followed(git).verify.mode, "none"),
    (
        ["--git-verify-signatures", "--git-verify-signatures-mode=none"],
        lambda git: followed(git).verify.mode,
        "none",
    ),
    (
        ["--git-verify-signatures-mode=first-parent", "--git-ssh-signers=signers"],
        lambda git: (followed(git).verify.mode, followed(git).verify.ssh_keys),
        ("first-parent", (Path("signers"),)),
    ),
    (
        ["--sync-garbage-collection"],
        lambda git: followed(git).prune,
        PruneSettings(enabled=True),
    ),
    (
        ["--sync-garbage-collection-dry"],
        lambda git: followed(git).prune,
        PruneSettings(enabled=True, dry=True),
    ),
    (["--sync-garbage-collection=false"], lambda git: followed(git).prune, PruneSettings()),
    (["--sync-state=git"], lambda git: followed(git).state.mode, "git"),
    (["--sync-state=secret"], lambda git: followed(git).state.mode, "secret"),
    ([], lambda git: followed(git).state.mode, "cluster"),
    (["--k8s-secret-name=flux-ssh"], lambda git: git.deploy_key.secret, "flux-ssh"),
    (["--k8s-secret-data-key=id"], lambda git: git.deploy_key.entry, "id"),
    (["--k8s-secret-volume-mount-path=/ssh"], lambda git: git.deploy_key.mount, Path("/ssh")),
    (["--k8s-secret-name=flux.ssh"], lambda git: git.deploy_key.secret, "flux.ssh"),
    (
        ["--k8s-secret-name=", "--k8s-secret-data-key=", "--k8s-secret-volume-mount-path="],
        lambda git: git.deploy_key,
        DeployKeySettings(),
    ),
    ([], lambda git: git.deploy_key, DeployKeySettings()),
    (
        ["--ssh-keygen-bits=4096"],
        lambda git: git.deploy_key,
        DeployKeySettings(bits=4096, kind="rsa"),
    ),
    (["--ssh-keygen-type=ecdsa"], lambda git: git.deploy_key.kind, "ecdsa"),
    (
        ["--k8s-allow-namespace=a,b", "--k8s-namespace-whitelist=c"],
        lambda git: git.allowed_namespaces,
        ("a", "b", "c"),
    ),
    (["--k8s-allow-namespace="], lambda git: git.allowed_namespaces, ()),
    (["--k8s-default-namespace="], lambda git: followed(git).default_namespace, None),
    ([], lambda git: git.excluded, EXCLUDED),
    (["--k8s-unsafe-exclude-resource=a/*,b/v1/C"], lambda git: git.excluded, ("a/*", "b/v1/C")),
    (["--k8s-unsafe-exclude-resource="], lambda git: git.excluded, ()),
    (["--manifest-generation=true"], lambda git: followed(git).generators, True),
]


@pytest.mark.parametrize(("words", "look", "value"), MEANT, ids=[str(row[0]) for row in MEANT])
def test_a_flag_means_what_it_meant(
    line: CommandLine, words: list[str], look: Look, value: object
) -> None:
    assert look(line.git(*words)) == value


def test_the_addresses_are_those_of_the_flags(line: CommandLine) -> None:
    web = line.settings(URL, "-l=:1", "--listen-metrics=:3031").web

    assert (web.listen, web.listen_metrics) == (":1", ":3031")
    assert line.settings(URL, "--listen-metrics=").web.listen_metrics is None


def test_an_outdated_name_of_the_kubeconfig_counts(line: CommandLine) -> None:
    settings = line.settings(URL, "--kube-config=config")

    assert settings.cluster.kubeconfig == Path("config")
    assert settings.notes == ("--kube-config is outdated: say --kubeconfig",)


def test_an_outdated_name_is_not_told_where_it_changes_nothing(line: CommandLine) -> None:
    """fluxd's chart always gives it."""
    assert line.settings(URL, "--git-verify-signatures=false").notes == ()


CHART = [
    *("--log-format=fmt", "--ssh-keygen-dir=/var/fluxd/keygen", "--ssh-keygen-format=RFC4716"),
    *("--k8s-secret-name=flux-git-deploy", "--memcached-hostname=flux-memcached"),
    *("--sync-state=git", "--memcached-service=", URL, "--git-branch=master", "--git-path="),
    *("--git-readonly=false", "--git-user=Weave Flux", "--git-email=support@weave.works"),
    *("--git-verify-signatures=false", "--git-set-author=false", "--git-poll-interval=5m"),
    *("--git-timeout=20s", "--sync-interval=5m", "--git-ci-skip=false", "--git-label=flux"),
    *("--automation-interval=5m", "--registry-rps=200", "--registry-burst=125"),
    *("--registry-trace=false", "--listen-metrics=:3031", "--sync-garbage-collection=true"),
    *("--registry-exclude-image=k8s.gcr.io/*,docker.io/*", "--registry-require=ecr"),
    *("--k8s-allow-namespace=shop,flux", "--docker-config=/dockercfg/config.json"),
]
"""As the chart of Flux v1 writes them."""
MANIFESTS = [
    *("--memcached-service=", "--ssh-keygen-dir=/var/fluxd/keygen", "--git-branch=master"),
    *("--git-url=git@github.com:fluxcd/flux-get-started", "--git-path=namespaces,workloads"),
    *("--git-label=flux", "--git-user=me", "--git-email=me@users.noreply.github.com"),
    *("--listen-metrics=:3031", "--sync-state=git", "--manifest-generation=true"),
    *("--registry-disable-scanning", "--connect=ws://fluxcloud"),
]
"""As its plain manifests and those who copied them write them."""


@pytest.mark.parametrize("command", ["run", "sync"])
@pytest.mark.parametrize("words", [CHART, MANIFESTS], ids=["chart", "manifests"])
def test_a_whole_old_deployment_starts(line: CommandLine, words: list[str], command: str) -> None:
    settings = line.settings(*words, command=command)

    assert settings.git
    repository = followed(settings.git)
    assert repository.ref.branch == "master"
    assert (repository.state.mode, repository.state.tag) == ("git", "flux")
    assert settings.web.listen_metrics == ":3031"
    told = {note.split()[0] for note in settings.notes}
    given = {word.partition("=")[0] for word in words}
    assert told == given & set(fluxd.WORDS)
