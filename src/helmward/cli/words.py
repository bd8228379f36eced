"""Kinds of words that flags take, each checked where it is read.

Called by the flags. Knows what a word must look like, not what is done with it.
"""

import re
from pathlib import PurePosixPath
from typing import Final

import click

LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_OBJECT: Final = re.compile(rf"{LABEL.pattern}/{SUBDOMAIN.pattern}")
_HIGHEST_PORT: Final = 65535


class NamespaceName(click.ParamType[str]):
    """The name of one Kubernetes namespace; an empty one, where it may be, names none."""

    name = "namespace"

    def __init__(self, *, optional: bool = False) -> None:
        self._optional = optional

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Refuse what no namespace can be called."""
        text = str(value)
        if not LABEL.fullmatch(text) and (text or not self._optional):
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


class Listed(click.ParamType[tuple[str, ...]]):
    """Words with commas between; those who know more of them say what is wrong with one."""

    name = "words"
    envvar_list_splitter = ","

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Take the list apart and refuse a word with which something is wrong."""
        if isinstance(value, tuple):
            return value
        words = [text.strip() for text in str(value).split(",")]
        for word in words:
            if problem := self.problem_of(word):
                self.fail(problem, param, ctx)
        return tuple(filter(None, words))

    def problem_of(self, word: str) -> str:
        """Say what is wrong with a word; empty when nothing is."""
        del word
        return ""


class HelmVersions(Listed):
    """Versions of Helm, with commas between."""

    name = "versions"

    def problem_of(self, word: str) -> str:
        """Refuse versions that there never were."""
        return "" if word in {"v2", "v3"} else f"{word!r} is neither v2 nor v3"


class TreePath(click.ParamType[tuple[str, ...]]):
    """Folders or files below the root of a git repository, as written, with commas between."""

    name = "path"
    envvar_list_splitter = ","

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Refuse what leads out of the repository; an empty text names nothing."""
        if isinstance(value, tuple):
            return value
        paths = tuple(filter(None, (text.strip() for text in str(value).split(","))))
        for path in paths:
            if problem := check_path(PurePosixPath(path)):
                self.fail(problem, param, ctx)
        return paths


def check_path(path: PurePosixPath) -> str:
    """Say why a path is none inside a git repository; empty when it is one."""
    if path.is_absolute() or ".." in path.parts:
        return f"'{path}' must be relative to the root of the git repository and stay below"
    return ""


class ListenAddress(click.ParamType[str]):
    """Where to listen: `[host]:port`."""

    name = "[host]:port"

    def __init__(self, *, optional: bool = False) -> None:
        self._optional = optional

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Refuse an address without a port number."""
        text = str(value)
        if not text and self._optional:
            return text
        _, colon, port = text.rpartition(":")
        if not (colon and port.isdecimal() and port.isascii() and int(port) <= _HIGHEST_PORT):
            self.fail(
                f"{text!r} is not an address such as :3030 or 127.0.0.1:8080 "
                "(port 0 takes a free one)",
                param,
                ctx,
            )
        return text


class UrlPrefixes(Listed):
    """Beginnings of URLs, with commas between."""

    name = "url"

    def problem_of(self, word: str) -> str:
        """Refuse what cannot be the beginning of a URL; a user or a query is none of it."""
        from helmward.charts.egress import is_prefix  # noqa: PLC0415 (quick --help)

        if is_prefix(word):
            return ""
        return (
            "must be the beginning of a URL without user and query, such as "
            "https://charts.example.com/team/"
        )


class ObjectNames(Listed):
    """Objects as `namespace/name`, with commas between."""

    name = "namespace/name"

    def problem_of(self, word: str) -> str:
        """Refuse what can be no namespace and name."""
        return "" if _OBJECT.fullmatch(word) else f"{word!r} is not namespace/name of an object"
