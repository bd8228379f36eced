"""Every flag once, in sections, each with its environment variable.

Called by the commands and by the reference page. Defaults are those of
`helmward.settings`; nothing is decided here.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from helmward import settings
from helmward.cli.durations import Duration, show
from helmward.cli.pflag import Switch
from helmward.cli.words import HelmVersions, ListenAddress, NamespaceName, ServerAddress
from helmward.model import DriftMode

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]

LOG_FORMATS: Final = ("auto", "fmt", "json")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER: Final = click.Path(file_okay=False, path_type=Path)


class Flag(click.Option):
    """An option that knows its section of `--help` and its environment variable."""

    def __init__(self, *args: Any, section: str = "Options", **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.section = section


def flag(section: str, *names: str, **attrs: Any) -> Decorator:
    """Declare a flag; `--git-url` also reads HELMWARD_GIT_URL."""
    variable = "HELMWARD_" + names[0].lstrip("-").replace("-", "_").upper()
    attrs.setdefault("show_default", attrs.get("default") is not None)
    return click.option(
        *names, cls=Flag, section=section, envvar=variable, show_envvar=True, **attrs
    )


def all_of(flags: Sequence[Decorator]) -> Decorator:
    """Put several flags on a command, in the order written."""

    def decorate(function: Function) -> Function:
        for declare in reversed(flags):
            function = declare(function)
        return function

    return decorate


def _helm_version() -> list[str]:
    """Read the variable that the old operator's chart sets."""
    given = os.environ.get("HELM_VERSION")
    return [given] if given else []


who_flags: Final = (
    flag(
        "Cluster",
        "--kubeconfig",
        type=FILE,
        show_default="$KUBECONFIG, the pod's service account, ~/.kube/config",
        help="Which cluster, and as whom.",
    ),
    flag(
        "Cluster",
        "--context",
        metavar="NAME",
        show_default="the kubeconfig's current one",
        help="The kubeconfig's context to use.",
    ),
)
"""What every command needs that asks a cluster."""

cluster_flags = all_of(
    [
        *who_flags,
        flag(
            "Cluster",
            "--master",
            type=ServerAddress(),
            show_default="the kubeconfig's",
            help="Address of the API server, instead of the one that the kubeconfig names.",
        ),
        flag(
            "Cluster",
            "--session-namespace",
            type=NamespaceName(),
            show_default="the pod's own, else `default`",
            help="Where Helmward keeps the Lease that proves it is alive.",
        ),
        flag(
            "Cluster",
            "--lease-duration",
            type=Duration(least=settings.LEAST_LEASE),
            default=show(settings.LEASE_DURATION),
            help="How long after its last sign of life an operator counts as gone; "
            "the same for all that serve one cluster.",
        ),
    ]
)

release_flags = all_of(
    [
        flag(
            "Releases",
            "--workers",
            type=click.IntRange(min=1),
            default=settings.WORKERS,
            help="How many releases are worked on at the same time.",
        ),
        flag(
            "Releases",
            "--charts-sync-interval",
            type=Duration(),
            default=show(settings.CHARTS_SYNC_INTERVAL),
            help="How often each release is compared with its chart, though nothing called for it.",
        ),
        flag(
            "Releases",
            "--allow-namespace",
            type=NamespaceName(),
            show_default="all of them",
            help="The only namespace whose HelmReleases are served.",
        ),
        flag(
            "Releases",
            "--drift-detection",
            type=click.Choice([str(one) for one in DriftMode]),
            default=str(settings.ReleaseSettings().drift),
            help="What is done when somebody changes a release's objects, where its HelmRelease "
            "does not say: they are put right, it is told, or nobody looks.",
        ),
        flag(
            "Releases",
            "--log-release-diffs",
            type=Switch(),
            default=False,
            metavar="[=BOOL]",
            help="Log what an upgrade changes; values that came from Secrets are masked.",
        ),
        flag(
            "Releases",
            "--enabled-helm-versions",
            type=HelmVersions(),
            multiple=True,
            default=_helm_version,
            show_default="$HELM_VERSION, else v3",
            help="Accepted from the old operator: v3 is served; v2 beside it is warned of, "
            "v2 alone refused.",
        ),
    ]
)

git_access_flags = all_of(
    [
        flag(
            "Git, followed or with charts",
            "--git-poll-interval",
            type=Duration(),
            default=show(settings.GIT_POLL_INTERVAL),
            help="How often a repository is asked for new commits.",
        ),
        flag(
            "Git, followed or with charts",
            "--git-timeout",
            type=Duration(),
            default=show(settings.GIT_TIMEOUT),
            help="How long one git operation may take.",
        ),
        flag(
            "Git, followed or with charts",
            "--git-ssh-key",
            type=FILE,
            show_default="Flux v1's /etc/fluxd/ssh/identity, where it exists",
            help="Private key for ssh:// repositories.",
        ),
        flag(
            "Git, followed or with charts",
            "--git-known-hosts",
            type=FILE,
            show_default="those that come with Helmward, and those of the machine",
            help="Host keys that are trusted for ssh:// repositories.",
        ),
        flag(
            "Git, followed or with charts",
            "--git-ssh-config",
            type=FILE,
            help="An ssh_config(5) that chooses keys by host.",
        ),
        flag(
            "Git, followed or with charts",
            "--git-netrc",
            type=FILE,
            show_default="~/.netrc, where it exists",
            help="Users and passwords by host, for https:// repositories.",
        ),
    ]
)

key_flags = all_of(
    [
        flag(
            "Keys",
            "--sops-age-key",
            type=FILE,
            multiple=True,
            help="File with age identities, for values and files that SOPS has encrypted; may be "
            "given several times.",
        ),
        flag(
            "Keys",
            "--sops-pgp-key",
            type=FILE,
            multiple=True,
            help="File with an OpenPGP private key, for the same; may be given several times.",
        ),
    ]
)
"""What opens secrets, whichever role finds them."""

service_flags = all_of(
    [
        flag(
            "Web and logs",
            "--listen",
            "-l",
            type=ListenAddress(),
            default=settings.LISTEN,
            help="Where /metrics, /healthz, /readyz and the webhooks are served.",
        ),
        flag(
            "Web and logs",
            "--listen-metrics",
            type=ListenAddress(optional=True),
            show_default="where all else is",
            help="Where /metrics is served instead, and nothing else is.",
        ),
        flag(
            "Web and logs",
            "--hook-secrets",
            type=FOLDER,
            help="Folder with the secrets of webhooks, one file a provider.",
        ),
        flag(
            "Web and logs",
            "--log-format",
            type=click.Choice(LOG_FORMATS),
            default="auto",
            help="`fmt` is for people, `json` for programs; `auto` is fmt on a terminal.",
        ),
        flag(
            "Web and logs",
            "--log-level",
            type=click.Choice(LOG_LEVELS),
            default="info",
            help="The least important events that are logged.",
        ),
    ]
)

convert_flags = all_of(
    [
        flag(
            "Conversion",
            "--to",
            type=click.Choice(["v1", "v1beta1"]),
            default="v1",
            help="Version to write: helm.fluxcd.io/v1 or flux.weave.works/v1beta1.",
        ),
        flag(
            "Conversion",
            "--in-place",
            is_flag=True,
            help="Write the files instead of printing them; none if one cannot be converted.",
        ),
        flag(
            "Charts of v1alpha2",
            "--git-url",
            default="",
            metavar="URL",
            show_default=False,
            help="Repository that chartGitPath is in; as the old operator had it.",
        ),
        flag(
            "Charts of v1alpha2",
            "--git-charts-path",
            "charts_path",
            default="charts",
            metavar="PATH",
            help="Folder of that repository that chartGitPath starts from.",
        ),
        flag(
            "Charts of v1alpha2",
            "--git-ref",
            "ref",
            default="master",
            metavar="REF",
            help="Branch, tag or commit of that repository.",
        ),
    ]
)
