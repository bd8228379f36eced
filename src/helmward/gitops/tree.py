"""Picks the files of a commit that are to be read; pure.

Called by `source` with what `git ls-tree` lists, submodules left out.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.tree import Entry, Tree, follow, parents

MAX_FILE: Final = 10 * 1024 * 1024
MAX_TOTAL: Final = 128 * 1024 * 1024
_SUFFIXES: Final = (".yaml", ".yml")


def pick(tree: Tree, paths: Sequence[str], commit: str) -> dict[str, Entry]:
    """Return the YAML files below the paths, without those of Helm charts.

    A link to a file of the commit stands for that file.

    Raises:
        SourceRejected: a path is not in the commit or lies in a chart,
            a link leads out of the commit, the files are too large.
    """
    charts = set(_charts(tree))
    chosen: dict[str, Entry] = {}
    for path in paths or ("",):
        root = _existing(tree, path, commit)
        _refuse_chart(root, path, charts, commit)
        for name in _below(tree, root):
            if name.endswith(_SUFFIXES) and _chart_of(name, charts) is None:
                chosen[name] = tree[_resolve(tree, name)]
    _refuse_large(chosen)
    return dict(sorted(chosen.items()))


def normal(path: str) -> str:
    """Return a `--git-path` without `./` and a slash at its end; empty is the root."""
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


def _existing(tree: Tree, path: str, commit: str) -> str:
    """Return the folder or file that the path names in this commit."""
    root = follow(tree, normal(path), f"--git-path {path}")
    if root in tree and not root.endswith(_SUFFIXES):
        raise SourceRejected(f"--git-path {path}: neither a folder nor a .yaml or .yml file")
    if not root or root in tree or any(name.startswith(f"{root}/") for name in tree):
        return root
    raise SourceRejected(f"--git-path {path}: commit {commit[:12]} has no such folder or file")


def _refuse_chart(root: str, path: str, charts: set[str], commit: str) -> None:
    # Else a wrong path would read as a commit that asks for nothing at all.
    chart = _chart_of(f"{root}/x" if root else "x", charts)
    if chart is not None:
        where = f"--git-path {path}" if path else "the root"
        raise SourceRejected(
            f"{where} at commit {commit[:12]} lies in the Helm chart {chart or '.'}, and files of"
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


def _refuse_large(chosen: Mapping[str, Entry]) -> None:
    for name, entry in chosen.items():
        if entry.size > MAX_FILE:
            raise SourceRejected(f"{name}: {entry.size} bytes are more than {MAX_FILE} for a file")
    total = sum(entry.size for entry in chosen.values())
    if total > MAX_TOTAL:
        raise SourceRejected(f"the YAML files have {total} bytes, more than {MAX_TOTAL} in all")
