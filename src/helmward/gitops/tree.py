"""Picks the files of a commit that are to be read; pure.

Called for each path of the settings with the tree of a snapshot, which has neither
folders nor submodules.
"""

import posixpath
from collections.abc import Iterator
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.tree import Entry, Tree, follow, parents

_SUFFIXES: Final = (".yaml", ".yml")


def pick(tree: Tree, path: str, commit: str, said: str = "") -> dict[str, Entry]:
    """Return the YAML files below a path, without those of Helm charts; maybe there are none.

    A link to a file of the commit stands for that file. `said` is how people
    named the path: `--git-path x`.

    Raises:
        SourceRejected: the path is not in the commit or lies in a chart, a
            link leads out of the commit.
    """
    said = said or (f"--git-path {path}" if path else "the root")
    charts = set(_charts(tree))
    root = _existing(tree, path, commit, said)
    _refuse_chart(root, said, charts, commit)
    return {
        name: tree[_resolve(tree, name)]
        for name in sorted(_below(tree, root))
        if name.endswith(_SUFFIXES) and _chart_of(name, charts) is None
    }


def normal(path: str) -> str:
    """Return a path without `./` and a slash at its end; empty is the root."""
    plain = posixpath.normpath(path) if path else ""
    return "" if plain == "." else plain


def _charts(tree: Tree) -> Iterator[str]:
    """Name the folders that Helm would take for a chart: both files are there."""
    for name in tree:
        folder, file = posixpath.split(name)
        if file == "Chart.yaml" and posixpath.join(folder, "values.yaml") in tree:
            yield folder


def _chart_of(name: str, charts: set[str]) -> str | None:
    """Return the chart folder that holds the file, if one does."""
    return next((folder for folder in parents(name) if folder in charts), None)


def _existing(tree: Tree, path: str, commit: str, said: str) -> str:
    """Return the folder or file that the path names in this commit."""
    root = follow(tree, normal(path), said)
    if root in tree and not root.endswith(_SUFFIXES):
        raise SourceRejected(f"{said}: neither a folder nor a .yaml or .yml file")
    if not root or root in tree or any(name.startswith(f"{root}/") for name in tree):
        return root
    raise SourceRejected(f"{said}: commit {commit[:12]} has no such folder or file")


def _refuse_chart(root: str, said: str, charts: set[str], commit: str) -> None:
    # Else a wrong path would read as a commit that asks for nothing at all.
    chart = _chart_of(f"{root}/x" if root else "x", charts)
    if chart is not None:
        raise SourceRejected(
            f"{said} at commit {commit[:12]} lies in the Helm chart {chart or '.'}, and files of"
            " charts are not applied: name the folder of the manifests in --git-path"
        )


def _below(tree: Tree, root: str) -> list[str]:
    if root in tree:
        return [root]
    return [name for name in tree if not root or name.startswith(f"{root}/")]


def _resolve(tree: Tree, name: str) -> str:
    """Return the file that the name stands for, itself or through links."""
    path = follow(tree, name, name)
    if path in tree:
        return path
    raise SourceRejected(f"{name}: the symbolic link points to {path}, which is no file here")
