"""The commands. Each turns flags into Settings and hands over, or prints.

Called by `__main__`. Whatever is heavy is imported inside the command that
needs it, so that `--help` answers at once.
"""

from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from helmward import __version__
from helmward.cli import build
from helmward.cli.chart_flags import chart_flags
from helmward.cli.diff_flags import diff_flags
from helmward.cli.flags import (
    cluster_flags,
    convert_flags,
    flag,
    git_access_flags,
    key_flags,
    release_flags,
    service_flags,
)
from helmward.cli.fluxd import fluxd_flags
from helmward.cli.git_flags import applied_flags, deploy_key_flags, followed_flags
from helmward.cli.git_trust_flags import trust_flags
from helmward.cli.identity_flags import identity_flags
from helmward.cli.retired import retired_flags
from helmward.cli.shape import Door, Exit
from helmward.cli.sources import one_look
from helmward.cli.sync_flags import approve_flags, reconcile_flags, syncs_flags
from helmward.cli.values_flags import values_flags
from helmward.settings import Settings

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Door, context_settings=CONTEXT)
@click.version_option(__version__, message="Helmward %(version)s")
def helmward() -> None:
    """HelmReleases from git or kubectl become real Helm releases.

    Examples:
      helmward demo                             see it work, without a cluster
      helmward crds | kubectl apply -f -        prepare a cluster of your own
      helmward run                              serve it, as the current context
      helmward run --git-url https://git.example/shop.git

    Every flag has an environment variable: --git-url is HELMWARD_GIT_URL.
    Exit codes: 0 fine, 1 not ready or different, 2 wrong usage, 3 and above failed.
    """


@helmward.command()
@cluster_flags
@release_flags
@chart_flags
@followed_flags
@git_access_flags
@applied_flags
@key_flags
@trust_flags
@deploy_key_flags
@service_flags
@retired_flags
@fluxd_flags
def run(**flags: Any) -> None:
    """Serve HelmReleases and, with --git-url, sync a git repository.

    Stays until SIGTERM or Ctrl-C. Without --git-url only HelmReleases are served.

    Examples:
      helmward run
      helmward run --git-url https://git.example/shop.git --git-branch main --git-path deploy
      HELMWARD_WORKERS=16 helmward run --log-format json
    """
    _serve(build.both_roles(flags))


@helmward.command()
@cluster_flags
@release_flags
@chart_flags
@git_access_flags
@key_flags
@service_flags
@retired_flags
def operator(**flags: Any) -> None:
    """Serve HelmReleases only, wherever they come from.

    Takes every argument of the old Helm Operator; docs/migration.md says what became of each.

    Examples:
      helmward operator --workers 16
      helmward operator --allow-namespace shop --charts-sync-interval 1m
    """
    _serve(build.releases_only(flags))


@helmward.command()
@cluster_flags
@followed_flags
@git_access_flags
@applied_flags
@key_flags
@trust_flags
@deploy_key_flags
@service_flags
@fluxd_flags
def sync(**flags: Any) -> None:
    """Sync git repositories only; releases are left to others.

    Takes every argument of fluxd; docs/reference/fluxd-flags.md says what became of each.

    Examples:
      helmward sync --git-url ssh://git@git.example/shop.git --git-ssh-key ./id_ed25519
      helmward sync --git-url file:///srv/shop.git --git-poll-interval 10s
      helmward sync --sync-config repositories.yaml
    """
    _serve(build.git_only(flags))


@helmward.command()
@flag("Demo", "--once", is_flag=True, help="Verify the end state and leave: 0 if all is well.")
def demo(*, once: bool) -> None:
    """Show it all on this machine, without a cluster of yours.

    Starts a real Kubernetes control plane, a chart repository, a git repository
    and Helmward in a private temporary folder, and stays up until Ctrl-C.
    Nothing is left behind.
    """
    from helmward.cli.running import until_stopped  # noqa: PLC0415 (quick --help)
    from helmward.demo import play  # noqa: PLC0415

    interrupted = Exit.INTERRUPTED if once else Exit.FINE
    click.get_current_context().exit(until_stopped(play(once=once), when_stopped=interrupted))


@helmward.command()
@flag(
    "Control plane",
    "--dir",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of its data, logs and kubeconfig; a later run goes on with them.",
)
@flag(
    "Control plane",
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="the folder's earlier one, or any that is free",
    help="Port of the API server.",
)
def devplane(folder: Path, port: int) -> None:
    """Run a real Kubernetes control plane here, until Ctrl-C.

    etcd, API server, controllers, scheduler and pretended nodes, for development
    and tests. Says when it is ready and where its kubeconfig is.

    Example:
      helmward devplane --dir ./plane
      KUBECONFIG=./plane/kubeconfig kubectl get nodes
    """
    from helmward.cli.plane import foreground  # noqa: PLC0415 (quick --help)
    from helmward.cli.running import until_stopped  # noqa: PLC0415

    click.get_current_context().exit(until_stopped(foreground(folder, port)))


@helmward.command()
def crds() -> None:
    """Print the CustomResourceDefinitions, for `kubectl apply -f -`.

    Example:
      helmward crds | kubectl apply --server-side -f -
    """
    from helmward.cli.printing import crds_as_yaml  # noqa: PLC0415 (quick --help)

    click.echo(crds_as_yaml(), nl=False)


@helmward.command("convert")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@convert_flags
def convert_command(files: tuple[Path, ...], *, in_place: bool, **flags: Any) -> None:
    """Rewrite HelmReleases of old API versions as those of a newer one.

    Takes FluxHelmRelease helm.integrations.flux.weave.works/v1alpha2 and HelmRelease
    flux.weave.works/v1beta1; FILE may be - for stdin. Comments, metadata and all
    other documents stay as they are. What the newer version cannot mean in the
    same way is told on stderr.

    Exit codes: 0 the same meaning, 1 something could not be kept, 2 and above failed.

    Examples:
      helmward convert releases/*.yaml --in-place
      helmward convert old.yaml --git-url git@git.example:shop.git | kubectl apply -f -
      kubectl get helmreleases.flux.weave.works -A -o yaml | helmward convert -
    """
    from helmward.apis.convert import Request  # noqa: PLC0415 (quick --help)
    from helmward.cli.converting import convert_files  # noqa: PLC0415

    code = convert_files(files, Request(**flags), in_place=in_place)
    click.get_current_context().exit(code)


@helmward.command("values")
@click.argument("name", metavar="NAME")
@values_flags
@chart_flags
@git_access_flags
@key_flags
def values_command(name: str, **flags: Any) -> None:
    """Print the values of a HelmRelease and which source set each of them.

    For each key of the final values of HelmRelease NAME: its value, who set it and
    what that lies over, from the chart's own values.yaml up to spec.values. Charts
    and documents are fetched here, with your own rights; give the flags about them
    that the operator has. Values that came from Secrets are masked.

    Exit codes: 0 fine, 1 the HelmRelease is not valid or something is missing for
    it, 2 wrong usage, 3 and above failed.

    Examples:
      helmward values cart -n shop
      helmward values cart -n shop -o yaml
      helmward values cart -n shop -o json | jq '.[] | select(.source == "spec.values")'
    """
    from helmward.cli.explaining import Question, explain  # noqa: PLC0415 (quick --help)
    from helmward.cli.running import until_stopped  # noqa: PLC0415

    question = Question(
        name=name,
        charts=one_look(flags),
        **{key: flags[key] for key in ("namespace", "api", "output", "show_secrets")},
        **{key: flags[key] for key in ("kubeconfig", "context")},
    )
    code = until_stopped(explain(question), when_stopped=Exit.INTERRUPTED)
    click.get_current_context().exit(code)


@helmward.command("diff")
@click.argument("what", metavar="[PATH|REF]", default=".")
@diff_flags
@applied_flags
@chart_flags
@git_access_flags
@key_flags
def diff_command(what: str, **flags: Any) -> None:
    """Show what a folder or a commit would change in the cluster, before it does.

    [PATH|REF] names a folder, with all that a commit of it would have, or a branch, tag
    or commit of the repository here. Every object is compared with the live one by a
    dry run, and every HelmRelease is rendered, down to the objects in its release.
    Nothing is written. Give the flags about git and charts that the operator has.
    What Secrets hold is masked.

    Exit codes: 0 no difference, 1 a difference, 2 wrong usage, 3 and above failed.

    Examples:
      helmward diff
      helmward diff deploy/production
      helmward diff origin/main --git-path deploy
      helmward diff -o markdown > comment.md
    """
    from helmward.cli.diffing import asked, diff  # noqa: PLC0415 (quick --help)

    _look(diff(asked(what, flags)))


@helmward.command("syncs")
@syncs_flags
def syncs_command(*, output: str, **where: Any) -> None:
    """List the git repositories that are followed, and how they stand.

    Examples:
      helmward syncs
      helmward syncs -n helmward -o json | jq '.items[].status.commit'
    """
    from helmward.cli.syncs import Where, show_syncs  # noqa: PLC0415 (quick --help)

    _look(show_syncs(Where(**where), output))


@helmward.command("approve")
@click.argument("name", metavar="NAME")
@approve_flags
def approve_command(name: str, *, yes: bool, **where: Any) -> None:
    """Show what the sync NAME would remove from the cluster, and let it.

    A sync that would remove much of what it has, or volumes with it, stops and
    waits. What is approved are the objects shown and no others.

    Exit codes: 0 approved or nothing waits, 1 not approved, 2 wrong usage, 3 and above failed.

    Examples:
      helmward approve main
      helmward approve main --yes
    """
    from helmward.cli.syncs import Where, approve  # noqa: PLC0415 (quick --help)

    _look(approve(Where(**where), name, yes=yes))


@helmward.command("reconcile")
@click.argument("name", metavar="NAME")
@reconcile_flags
def reconcile_command(name: str, *, wait: bool, timeout: timedelta, **where: Any) -> None:
    """Have the sync NAME look at git and apply everything now, as fluxctl sync did.

    Exit codes: 0 asked for, with --wait in force; 1 not so; 2 wrong usage, 3 and above failed.

    Examples:
      helmward reconcile main
      git push && helmward reconcile main --wait
    """
    from helmward.cli.syncs import Where, reconcile  # noqa: PLC0415 (quick --help)

    _look(reconcile(Where(**where), name, timeout if wait else None))


@helmward.command("identity")
@identity_flags
def identity_command(**flags: Any) -> None:
    """Print the public deploy key, which the git host has to know.

    Helmward makes the key by itself when it follows a repository over SSH and
    finds none, and keeps it in a Secret of its own namespace.

    Examples:
      helmward identity -n flux
      helmward identity -n flux --regenerate
    """
    from helmward.cli.identity import identity  # noqa: PLC0415 (quick --help)
    from helmward.cli.running import until_stopped  # noqa: PLC0415

    code = until_stopped(identity(**flags), when_stopped=Exit.INTERRUPTED)
    click.get_current_context().exit(code)


@helmward.command()
def version() -> None:
    """Print the versions of Helmward, its Helm SDK and Python."""
    from helmward.cli.printing import versions  # noqa: PLC0415 (quick --help)

    click.echo(versions())


def _look(work: Coroutine[object, object, int]) -> None:
    """Run a command that asks the cluster, to its end or until Ctrl-C."""
    from helmward.cli.running import until_stopped  # noqa: PLC0415 (quick --help)

    click.get_current_context().exit(until_stopped(work, when_stopped=Exit.INTERRUPTED))


def _serve(settings: Settings) -> None:
    """Run the app with these settings until a signal asks it to stop."""
    from helmward.cli.running import until_stopped  # noqa: PLC0415 (quick --help)
    from helmward.cli.serving import serve  # noqa: PLC0415

    click.get_current_context().exit(until_stopped(serve(settings)))


def main() -> None:
    """Entry of the program `helmward`."""
    helmward(prog_name="helmward")
