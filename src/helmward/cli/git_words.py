"""Kinds of words that flags and fields about git take, each checked where it is read.

Called by the flags of git and by the config file. The rules stand once, as
functions that say what is wrong; the flags ask them through click.
"""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

import click

from helmward.cli.words import LABEL, SUBDOMAIN, Listed, check_path

Problem = Callable[[str], str]
"""Says what is wrong with a text; empty when nothing is."""
NAME: Final = "lower-case letters, digits and inner dashes, 63 at most"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Checked(click.ParamType[str]):
    """A text with which nothing is wrong; an empty one counts as not given, as fluxd had it."""

    def __init__(self, name: str, problem: Problem) -> None:
        self.name = name
        self._problem = problem

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Refuse a text with which something is wrong."""
        text = str(value)
        if text and (problem := self._problem(text)):
            self.fail(problem, param, ctx)
        return text


class Namespaces(Listed):
    """Names of namespaces, with commas between; none where the text is empty."""

    name = "namespace"

    def problem_of(self, word: str) -> str:
        """Refuse what no namespace can be called."""
        return name_problem(word) if word else ""


class Part(click.ParamType[float]):
    """A part of a whole: a number from 0 to 1."""

    name = "part"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Refuse what is no such number; `nan` would be less than nothing and more than all."""
        if isinstance(value, float):
            return value
        try:
            part = float(str(value))
        except ValueError:
            part = -1
        if not 0 <= part <= 1:
            self.fail(f"{value} is no part of a whole: a number from 0 to 1", param, ctx)
        return part


class Paths(click.ParamType[tuple[Path, ...]]):
    """Files or folders of this machine, with commas between."""

    name = "path"
    envvar_list_splitter = ","

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Path, ...]:
        """Refuse what is not there: a key that is missing must not be found out later."""
        if isinstance(value, tuple):
            return value
        paths = tuple(Path(text) for word in str(value).split(",") if (text := word.strip()))
        for path in paths:
            if not path.exists():
                self.fail(f"'{path}' does not exist", param, ctx)
        return paths


def name_problem(text: str) -> str:
    """Say why a text cannot name a repository or a namespace."""
    return "" if LABEL.fullmatch(text) else f"{text!r} is no name of {NAME}"


def object_problem(text: str) -> str:
    """Say why a text cannot name a Secret or a ConfigMap."""
    if SUBDOMAIN.fullmatch(text):
        return ""
    return f"{text!r} is no name of lower-case letters, digits, inner dashes and dots, 253 at most"


def variable_problem(text: str) -> str:
    """Say why a text cannot name a variable of a substitution."""
    if _VARIABLE.fullmatch(text):
        return ""
    return f"{text!r} can name no variable: letters, digits and _, no digit first"


def range_problem(text: str) -> str:
    """Say why a text is no range of versions."""
    from helmward.git.semver import parse_range  # noqa: PLC0415 (quick --help)

    if not text.strip():
        return "must not be empty: leave it out, or say such as >=1.0"
    try:
        parse_range(text)
    except ValueError:
        return f"{text!r} is no range of versions, as 1.x, ~1.2 or '>=1.2 <2'"
    return ""


def branch_problem(text: str) -> str:
    """Say why a text cannot name a branch."""
    from helmward.git.refs import BRANCHES  # noqa: PLC0415 (quick --help)

    if text.startswith(BRANCHES):
        return f"{text!r} is a whole ref: leave {BRANCHES} out"
    return _ref_problem(text, "a branch")


def tag_problem(text: str) -> str:
    """Say why a text cannot name a tag."""
    return _ref_problem(text, "a tag")


def full_ref_problem(text: str) -> str:
    """Say why a text is no ref by its full name."""
    if not text.startswith("refs/"):
        return f"{text!r} is no full name of a ref, such as refs/heads/main or refs/pull/1/head"
    return _ref_problem(text, "a ref")


def commit_problem(text: str) -> str:
    """Say why a text names no commit: only all of its digits name one for good."""
    from helmward.git.refs import is_commit  # noqa: PLC0415 (quick --help)

    return "" if is_commit(text) else f"{text!r} is no commit by all of its 40 (or 64) digits"


def tree_path_problem(text: str) -> str:
    """Say why a text is no path below the root of a repository."""
    return check_path(PurePosixPath(text))


def plain_path(text: str) -> str:
    """Return a path of a repository without `./` and needless slashes; empty is the root."""
    return "/".join(part for part in text.split("/") if part not in {"", "."})


def _ref_problem(text: str, what: str) -> str:
    from helmward.git.remote import is_name  # noqa: PLC0415 (quick --help)

    return "" if is_name(text) else f"{text!r} can name no {what.removeprefix('a ')}"
