"""Flags, as click hands them over, into Settings.

Called by the commands. Says which flags need each other; what a single flag
may hold was settled when it was read. What is about git, `repositories` builds.
"""

from itertools import chain
from typing import Any

from helmward.cli import fluxd, retired
from helmward.cli.repositories import git_settings
from helmward.cli.sources import chart_settings, import_notes
from helmward.errors import ConfigInvalid
from helmward.model import DriftMode
from helmward.settings import (
    ClusterSettings,
    GitSettings,
    ReleaseSettings,
    Settings,
    WebSettings,
)

Flags = dict[str, Any]


def both_roles(flags: Flags) -> Settings:
    """Build the settings of `run`: releases, and git where a repository is named."""
    git, notes = git_settings(flags)
    return _settings(flags, releases=_releases(flags), git=git, notes=notes)


def releases_only(flags: Flags) -> Settings:
    """Build the settings of `operator`."""
    return _settings(flags, releases=_releases(flags))


def git_only(flags: Flags) -> Settings:
    """Build the settings of `sync`.

    Raises:
        ConfigInvalid: no repository is named.
    """
    git, notes = git_settings(flags)
    if git is None:
        raise ConfigInvalid(
            "--git-url (or HELMWARD_GIT_URL) must name the repository to follow, or --sync-config "
            "a file that names several"
        )
    return _settings(flags, git=git, notes=notes)


def _settings(
    flags: Flags,
    *,
    releases: ReleaseSettings | None = None,
    git: GitSettings | None = None,
    notes: tuple[str, ...] = (),
) -> Settings:
    return Settings(
        cluster=ClusterSettings(
            kubeconfig=flags["kubeconfig"] or flags.get("kube_config"),
            context=flags["context"],
            master=flags["master"],
            session_namespace=flags["session_namespace"],
            lease_duration=flags["lease_duration"],
        ),
        releases=releases,
        git=git,
        web=WebSettings(
            listen=flags["listen"],
            listen_metrics=flags["listen_metrics"] or None,
            hook_secrets=flags["hook_secrets"],
        ),
        log_format=flags["log_format"],
        log_level=flags["log_level"],
        notes=(
            *_helm_versions(flags),
            *import_notes(flags),
            *retired.notes(flags),
            *fluxd.notes(flags),
            *notes,
        ),
    )


def _releases(flags: Flags) -> ReleaseSettings:
    return ReleaseSettings(
        workers=flags["workers"],
        charts_sync_interval=flags["charts_sync_interval"],
        allow_namespace=flags["allow_namespace"],
        charts=chart_settings(flags),
        log_release_diffs=flags["log_release_diffs"],
        drift=DriftMode(flags["drift_detection"]),
    )


def _helm_versions(flags: Flags) -> tuple[str, ...]:
    """Return what there is to say of the versions of Helm that were asked for.

    Raises:
        ConfigInvalid: only Helm 2 is to be served.
    """
    versions = tuple(chain.from_iterable(flags.get("enabled_helm_versions", ())))
    if "v2" not in versions:
        return ()
    if "v3" not in versions:
        raise ConfigInvalid(
            "--enabled-helm-versions (or HELM_VERSION) v2: there is no Helm 2 here; convert its "
            "releases to Helm 3 with the old operator first, then leave the flag out"
        )
    said = "HelmReleases with helmVersion: v2 are refused, all others are Helm 3's"
    return (f"--enabled-helm-versions v2 has no effect: {said}",)
