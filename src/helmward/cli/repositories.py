"""Flags about git, as click hands them over, into GitSettings.

Called by `build`. Says which flags need each other; what a single flag may
hold was settled when it was read. The files that flags name are not read,
except that of --sync-config.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from helmward.cli.git_words import plain_path
from helmward.cli.plausible import FLAG_NAMES, among_each_other, key_notes, settled
from helmward.errors import ConfigInvalid
from helmward.settings import (
    DeployKeySettings,
    GitSettings,
    PathSettings,
    PruneSettings,
    RefSettings,
    RepositorySettings,
    StateSettings,
    VerifySettings,
)

Flags = Mapping[str, Any]
Read = tuple[GitSettings | None, tuple[str, ...]]
"""The settings, and what was said in vain."""

OF_ONE: Final = (
    *("git_branch", "git_tag", "git_semver", "git_ref", "git_commit", "git_path"),
    *("git_name", "git_auth_secret"),
)
"""What is about the repository of --git-url alone."""
OF_ALL: Final = (
    *("git_label", "git_sync_tag", "git_signing_key", "git_readonly", "git_ssh_signers"),
    *("git_verify_signatures_mode", "git_verify_signatures", "git_secret", "sops"),
    *("sync_garbage_collection", "sync_garbage_collection_dry", "manifest_generation"),
)
"""What is about every repository, and in vain where there is none."""


def git_settings(flags: Flags) -> Read:
    """Return the Flux role, or None where no repository is named.

    Raises:
        ConfigInvalid: flags do not go together, or the file of --sync-config is wrong.
    """
    if not flags["git_url"]:
        _refuse(flags, OF_ONE, "--git-url")
    if not flags["git_url"] and not flags["sync_config"]:
        _refuse(flags, OF_ALL, "--git-url or --sync-config")
        return None, ()
    repositories, notes = _repositories(flags)
    git = GitSettings(
        repositories,
        allowed_namespaces=_flat(flags, "k8s_allow_namespace", "k8s_namespace_whitelist"),
        excluded=tuple(filter(None, _flat(flags, "k8s_unsafe_exclude_resource"))),
        deploy_key=_deploy_key(flags),
        age_keys=tuple(flags["sops_age_key"]),
        pgp_keys=(*flags["sops_pgp_key"], *_flat(flags, "git_gpg_key_import")),
    )
    among_each_other(repositories)
    return git, (*notes, *key_notes(git))


def _repositories(flags: Flags) -> tuple[tuple[RepositorySettings, ...], tuple[str, ...]]:
    """Return the repository of --git-url and those of the file, and what was said in vain."""
    template = _template(flags)
    found: tuple[RepositorySettings, ...] = ()
    notes: tuple[str, ...] = ()
    if flags["git_url"]:
        one, notes = settled(_of_flags(flags, template), FLAG_NAMES)
        found = (one,)
    if file := flags["sync_config"]:
        from helmward.cli.sync_config import read_sync_config  # noqa: PLC0415 (quick --help)

        listed, more = read_sync_config(file, template, build=flags["git_build"])
        found, notes = (*found, *listed), tuple(dict.fromkeys((*notes, *more)))
    return found, notes


def _of_flags(flags: Flags, template: RepositorySettings) -> RepositorySettings:
    return replace(
        template,
        url=flags["git_url"],
        name=flags["git_name"] or template.name,
        ref=RefSettings(
            branch=flags["git_branch"] or None,
            tag=flags["git_tag"] or None,
            semver=flags["git_semver"] or None,
            name=flags["git_ref"] or None,
            commit=flags["git_commit"] or None,
        ),
        paths=_paths(_flat(flags, "git_path"), flags["git_build"]),
        secret=flags["git_auth_secret"] or None,
    )


def _paths(given: Iterable[str], build: str) -> tuple[PathSettings, ...]:
    """Return the paths, each once; none is the whole tree.

    Raises:
        ConfigInvalid: two spellings name one path.
    """
    paths = tuple(_path(text, build) for text in given) or (_path("", build),)
    for number, one in enumerate(paths):
        if one.path in {other.path for other in paths[:number]}:
            raise ConfigInvalid(f"--git-path {one.spelled!r} is given twice: leave one out")
    return paths


def _path(text: str, build: str) -> PathSettings:
    """Return a path in its plain form, and how it was written."""
    path = plain_path(text)
    return PathSettings(path, build=build, as_written=text if text != path else "")


def _template(flags: Flags) -> RepositorySettings:
    """Return what holds for every repository that does not say otherwise."""
    keys = _flat(flags, "git_gpg_key_import")
    return RepositorySettings(
        url="",
        poll_interval=flags["git_poll_interval"],
        sync_interval=flags["sync_interval"],
        timeout=flags["git_timeout"],
        sync_timeout=flags["sync_timeout"],
        default_namespace=flags["k8s_default_namespace"] or None,
        ssh_key=flags["git_ssh_key"],
        known_hosts=flags["git_known_hosts"],
        ssh_config=flags["git_ssh_config"],
        netrc=flags["git_netrc"],
        sops=flags["sops"],
        git_secret=flags["git_secret"],
        generators=flags["manifest_generation"],
        prune=_prune(flags),
        verify=VerifySettings(_mode(flags), keys, _flat(flags, "git_ssh_signers")),
        state=_state(flags, keys),
    )


def _prune(flags: Flags) -> PruneSettings:
    """Return what becomes of what git no longer has; a dry run needs no second flag."""
    dry = flags["sync_garbage_collection_dry"]
    return PruneSettings(
        enabled=flags["sync_garbage_collection"] or dry,
        dry=dry,
        share=flags["prune_brake_share"],
        count=flags["prune_brake_count"],
    )


def _mode(flags: Flags) -> str:
    """Return what must be signed; fluxd's older switch counts where the mode is not given."""
    given: str = flags["git_verify_signatures_mode"] or ""
    return given or ("all" if flags["git_verify_signatures"] else VerifySettings().mode)


def _state(flags: Flags, keys: tuple[Path, ...]) -> StateSettings:
    return StateSettings(
        mode=flags["sync_state"],
        tag=flags["git_label"] or flags["git_sync_tag"] or StateSettings().tag,
        readonly=flags["git_readonly"],
        user=flags["git_user"] or StateSettings().user,
        email=flags["git_email"] or StateSettings().email,
        signing_key=flags["git_signing_key"] or "",
        private_keys=keys,
    )


def _deploy_key(flags: Flags) -> DeployKeySettings:
    """Return the deploy key; bits alone ask for RSA, whose keys alone have any number of them."""
    kind, bits = flags["ssh_keygen_type"], flags["ssh_keygen_bits"]
    mount: Path = flags["k8s_secret_volume_mount_path"]
    return DeployKeySettings(
        secret=flags["k8s_secret_name"] or DeployKeySettings().secret,
        entry=flags["k8s_secret_data_key"] or DeployKeySettings().entry,
        mount=mount if mount != Path() else DeployKeySettings().mount,
        bits=bits,
        kind=kind or ("rsa" if bits else None),
    )


def _flat(flags: Flags, *names: str) -> tuple[Any, ...]:
    """Return the words of flags that may be given several times, each a list with commas."""
    return tuple(chain.from_iterable(chain.from_iterable(flags[name] for name in names)))


def _refuse(flags: Flags, names: Iterable[str], needed: str) -> None:
    """Keep a forgotten --git-url from looking like a quiet repository."""
    for name in names:
        if flags[name]:
            raise ConfigInvalid(f"--{name.replace('_', '-')} has no effect without {needed}")
