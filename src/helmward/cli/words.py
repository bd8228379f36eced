"""Kinds of words that flags take, each checked where it is read.

Called by the flags. Knows what a word must look like, not what is done with it.
"""

import re
from pathlib import PurePosixPath
from typing import Final

import click

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OBJECT: Final = re.compile(rf"{_LABEL.pattern}/[a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?")
_HIGHEST_PORT: Final = 65535


class NamespaceName(click.ParamType[str]):
    """The name of one Kubernetes namespace."""

    name = "namespace"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Refuse what no namespace can be called."""
        text = str(value)
        if not _LABEL.fullmatch(text):
            self.fail(
                f"{text!r} cannot name a namespace: lower-case letters, digits and "
                "inner dashes, 63 at most",
                param,
                ctx,
            )
        return text


class ServerAddress(click.ParamType[str]):
    """The URL of an API server."""

    name = "url"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Refuse what is not an http(s) address without a path's end."""
        text = str(value).rstrip("/")
        if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", text):
            self.fail(f"{text!r} is not an address such as https://10.0.0.1:6443", param, ctx)
        return text


class HelmVersions(click.ParamType[tuple[str, ...]]):
    """Versions of Helm, with commas between."""

    name = "versions"
    envvar_list_splitter = ","

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Refuse versions that there never were."""
        if isinstance(value, tuple):
            return value
        versions = tuple(text.strip() for text in str(value).split(","))
        for version in versions:
            if version not in {"v2", "v3"}:
                self.fail(f"{version!r} is neither v2 nor v3", param, ctx)
        return versions


class TreePath(click.ParamType[tuple[str, ...]]):
    """Folders or files below the root of a git repository, with commas between."""

    name = "path"
    envvar_list_splitter = ","

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Refuse what leads out of the repository."""
        if isinstance(value, tuple):
            return value
        paths = tuple(PurePosixPath(text.strip()) for text in str(value).split(","))
        for path in paths:
            if path.is_absolute() or ".." in path.parts:
                self.fail(
                    f"'{path}' must be relative to the root of the git repository and stay below",
                    param,
                    ctx,
                )
        return tuple(map(str, paths))


class ListenAddress(click.ParamType[str]):
    """Where to listen: `[host]:port`."""

    name = "[host]:port"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Refuse an address without a port number."""
        text = str(value)
        _, colon, port = text.rpartition(":")
        if not (colon and port.isdecimal() and port.isascii() and int(port) <= _HIGHEST_PORT):
            self.fail(
                f"{text!r} is not an address such as :3030 or 127.0.0.1:8080 "
                "(port 0 takes a free one)",
                param,
                ctx,
            )
        return text


class Listed(click.ParamType[tuple[str, ...]]):
    """Words with commas between, looked at by who knows them."""

    name = "words"
    envvar_list_splitter = ","

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Take the list apart."""
        del param, ctx
        if isinstance(value, tuple):
            return value
        return tuple(filter(None, (text.strip() for text in str(value).split(","))))


class UrlPrefixes(click.ParamType[tuple[str, ...]]):
    """Beginnings of URLs, with commas between."""

    name = "url"
    envvar_list_splitter = ","

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Refuse what cannot be the beginning of a URL; a user or a query is none of it."""
        if isinstance(value, tuple):
            return value
        from helmward.charts.egress import is_prefix  # noqa: PLC0415 (quick --help)

        prefixes = tuple(text.strip() for text in str(value).split(","))
        for prefix in prefixes:
            if not is_prefix(prefix):
                self.fail(
                    "must be the beginning of a URL without user and query, such as "
                    "https://charts.example.com/team/",
                    param,
                    ctx,
                )
        return prefixes


class ObjectNames(click.ParamType[tuple[str, ...]]):
    """Objects as `namespace/name`, with commas between."""

    name = "namespace/name"
    envvar_list_splitter = ","

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Refuse what can be no namespace and name."""
        if isinstance(value, tuple):
            return value
        found = tuple(text.strip() for text in str(value).split(","))
        for one in found:
            if not _OBJECT.fullmatch(one):
                self.fail(f"{one!r} is not namespace/name of an object", param, ctx)
        return found
