"""Flags, as click hands them over, into Settings.

Called by the commands. Says which flags need each other; what a single flag
may hold was settled when it was read.
"""

from itertools import chain
from typing import Any

from helmward.cli import retired
from helmward.cli.sources import chart_settings, import_notes
from helmward.errors import ConfigInvalid
from helmward.settings import (
    ClusterSettings,
    GitSettings,
    PathSettings,
    RefSettings,
    ReleaseSettings,
    RepositorySettings,
    Settings,
    WebSettings,
)

Flags = dict[str, Any]
_USELESS_ALONE = ("git_branch", "git_path")


def both_roles(flags: Flags) -> Settings:
    """Build the settings of `run`: releases, and git where a repository is named."""
    return _settings(flags, releases=_releases(flags), git=_git(flags))


def releases_only(flags: Flags) -> Settings:
    """Build the settings of `operator`."""
    return _settings(flags, releases=_releases(flags))


def git_only(flags: Flags) -> Settings:
    """Build the settings of `sync`.

    Raises:
        ConfigInvalid: no repository is named.
    """
    git = _git(flags)
    if git is None:
        raise ConfigInvalid("--git-url (or HELMWARD_GIT_URL) must name the repository to follow")
    return _settings(flags, git=git)


def _settings(
    flags: Flags, *, releases: ReleaseSettings | None = None, git: GitSettings | None = None
) -> Settings:
    return Settings(
        cluster=ClusterSettings(
            kubeconfig=flags["kubeconfig"],
            context=flags["context"],
            master=flags["master"],
            session_namespace=flags["session_namespace"],
            lease_duration=flags["lease_duration"],
        ),
        releases=releases,
        git=git,
        web=WebSettings(listen=flags["listen"]),
        log_format=flags["log_format"],
        log_level=flags["log_level"],
        notes=(*_helm_versions(flags), *import_notes(flags), *retired.notes(flags)),
    )


def _releases(flags: Flags) -> ReleaseSettings:
    return ReleaseSettings(
        workers=flags["workers"],
        charts_sync_interval=flags["charts_sync_interval"],
        allow_namespace=flags["allow_namespace"],
        charts=chart_settings(flags),
        log_release_diffs=flags["log_release_diffs"],
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


def _git(flags: Flags) -> GitSettings | None:
    """Return the Flux role, or None where no repository is named."""
    if not flags["git_url"]:
        _refuse_git_flags_alone(flags)
        return None
    paths = tuple(chain.from_iterable(flags["git_path"])) or ("",)
    repository = RepositorySettings(
        url=flags["git_url"],
        ref=RefSettings(branch=flags["git_branch"]),
        paths=tuple(PathSettings(path) for path in paths),
        poll_interval=flags["git_poll_interval"],
        sync_interval=flags["sync_interval"],
        timeout=flags["git_timeout"],
        sync_timeout=flags["sync_timeout"],
        default_namespace=flags["k8s_default_namespace"],
        ssh_key=flags["git_ssh_key"],
        known_hosts=flags["git_known_hosts"],
    )
    return GitSettings((repository,))


def _refuse_git_flags_alone(flags: Flags) -> None:
    """Keep a forgotten --git-url from looking like a quiet repository."""
    for name in _USELESS_ALONE:
        if flags[name]:
            raise ConfigInvalid(f"--{name.replace('_', '-')} has no effect without --git-url")
