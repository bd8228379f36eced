"""Flags about charts and values, as click hands them over, into ChartSettings.

Called by `build`. Reads no file; whether a folder can be written, `app` finds out.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from helmward.settings import ChartSettings, EngineSettings, GitChartSettings

Flags = Mapping[str, Any]


def chart_settings(flags: Flags, environ: Mapping[str, str] = os.environ) -> ChartSettings:
    """Build what the flags of `chart_flags` and of git say of charts."""
    return ChartSettings(
        engine=_engine(flags, environ),
        git=_git(flags),
        imported=tuple(path for version, path in _pairs(flags) if path and version in _READ),
        policies=flags["chart_policies"],
        allowed=tuple(chain.from_iterable(flags["allow_url"])),
        defaults=tuple(chain.from_iterable(flags["values_defaults"])),
        age_keys=tuple(flags["sops_age_key"]),
        pgp_keys=tuple(flags["sops_pgp_key"]),
    )


def one_look(flags: Flags) -> ChartSettings:
    """Build the settings of who looks once: nothing is kept unless a folder is named."""
    settings = chart_settings(flags)
    return replace(settings, engine=replace(settings.engine, cache=flags["engine_cache"]))


_READ = ("", "v3")


def import_notes(flags: Flags) -> tuple[str, ...]:
    """Say of each pair of --helm-repository-import that is not read why it is not."""
    return tuple(_note(version, path) for version, path in _pairs(flags) if _note(version, path))


def _note(version: str, path: Path | None) -> str:
    flag = "--helm-repository-import"
    if path is None:
        return f"{flag} {version}: has no effect: it is no pair such as v3:/path"
    if version == "v2":
        return f"{flag} v2:{path} has no effect: Helm 2 is not served, v3:{path} would be read"
    if version not in _READ:
        return f"{flag} {version}:{path} has no effect: {version!r} is neither v2 nor v3"
    return ""


def _pairs(flags: Flags) -> Iterable[tuple[str, Path | None]]:
    """Yield versions and files; no file where a pair cannot be read."""
    for text in chain.from_iterable(flags.get("helm_repository_import", ())):
        version, colon, path = text.partition(":")
        if not colon and "/" in text:
            version, path = "", text
        yield version, Path(path) if path else None


def _engine(flags: Flags, environ: Mapping[str, str]) -> EngineSettings:
    plugins = flags["helm_plugins"] or _folder(environ.get("HELM_PLUGINS", ""))
    return EngineSettings(
        cache=flags["engine_cache"] or default_cache(environ),
        cache_size=flags["engine_cache_size"],
        largest_index=flags["index_max_size"],
        largest_chart=flags["chart_max_size"],
        plugins=plugins,
    )


def default_cache(environ: Mapping[str, str]) -> Path | None:
    """Return where caches of this user go; None where nobody says so."""
    if caches := _folder(environ.get("XDG_CACHE_HOME", "")):
        return caches / "helmward"
    home = _folder(environ.get("HOME", ""))
    return home / ".cache" / "helmward" if home else None


def _folder(text: str) -> Path | None:
    """Return an absolute path; one that is relative is not to be used, says XDG."""
    path = Path(text) if text else None
    return path if path and path.is_absolute() else None


def _git(flags: Flags) -> GitChartSettings:
    return GitChartSettings(
        default_ref=flags["git_default_ref"],
        poll_interval=flags["git_poll_interval"],
        timeout=flags["git_timeout"],
        update_dependencies=flags["update_chart_deps"],
        ssh_key=flags["git_ssh_key"],
        known_hosts=flags["git_known_hosts"],
        ssh_config=flags["git_ssh_config"],
        netrc=flags["git_netrc"],
    )
