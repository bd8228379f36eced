"""Which files of a commit a chart is made from; pure.

Used by `content`. Links become what they point to, as long as that is in the
same commit; the engine gets folders of plain files alone.
"""

import difflib
import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from helmward.errors import ChartRejected, SourceRejected
from helmward.git.tree import LFS, Entry, Tree, follow
from helmward.yamls import YamlError, documents

RULES: Final = "1"
"""Part of every key: a change of what goes in is a change of all keys."""
MOST_FILES: Final = 10_000
LARGEST_FILE: Final = 10 << 20
MOST_BYTES: Final = 100 << 20
DEEPEST: Final = 8
"""Links to folders within folders that links led to."""
NAMING: Final = ("Chart.yaml", "requirements.yaml")
"""The files that name dependencies, in Helm 3's way and in Helm 2's."""


def pick_chart(tree: Tree, folder: str) -> dict[str, Entry]:
    """Return the files below a folder by the path where they are to be.

    Raises:
        ChartRejected: one of them is no file of this commit; its path is named.
    """
    try:
        found = dict(_pick(tree, follow(tree, folder, folder), folder, 0))
    except SourceRejected as error:
        raise ChartRejected(printable(str(error))) from None
    if len(found) > MOST_FILES:
        raise _too_many(folder)
    return found


def has_links(tree: Tree) -> bool:
    """Tell whether more of the commit has to be known than the folder itself."""
    return any(entry.link for entry in tree.values())


def is_folder(tree: Tree, folder: str) -> bool:
    """Tell whether the commit has such a folder, itself or by links."""
    try:
        found = follow(tree, folder, folder)
    except SourceRejected as error:
        raise ChartRejected(printable(str(error))) from None
    return not found or (found in tree and tree[found].folder)


def near(tree: Tree, folder: str) -> str:
    """Say which charts the commit has that may have been meant."""
    charts = sorted(
        posixpath.dirname(name) for name in tree if posixpath.basename(name) == "Chart.yaml"
    )
    alike = difflib.get_close_matches(folder, charts, n=3, cutoff=0.5) or charts[:3]
    return (
        f"; it has the charts {', '.join(printable(one) or '.' for one in alike)}" if alike else ""
    )


def dependencies_of(folder: str, content: bytes) -> list[str]:
    """Return the folders of this commit that a chart takes dependencies from.

    What cannot be read is left to the engine, which says what is wrong.
    """
    try:
        read = [one.value for one in documents(content, strict=False)]
    except YamlError:
        return []
    found = []
    for url in (url for value in read for url in _urls(value)):
        path = posixpath.normpath(posixpath.join(folder, url.removeprefix("file://")))
        if url.startswith("file://") and not path.startswith(("/", "..")):
            found.append("" if path == "." else path)
    return found


def check_sizes(files: Mapping[str, Entry], sizes: Mapping[str, int]) -> None:
    """Refuse what is larger than any chart.

    Raises:
        ChartRejected: the message names the file and the limit.
    """
    for path, entry in files.items():
        if sizes[entry.oid] > LARGEST_FILE:
            raise ChartRejected(
                f"{path}: {sizes[entry.oid]} bytes are more than {LARGEST_FILE} for a chart's file"
            )
    total = sum(sizes[entry.oid] for entry in files.values())
    if total > MOST_BYTES:
        raise ChartRejected(f"the chart's files have {total} bytes, more than {MOST_BYTES} in all")


def check_content(path: str, content: bytes) -> None:
    """Refuse a file that only says where it is.

    Raises:
        ChartRejected: it is a pointer of Git LFS.
    """
    if content.startswith(LFS):
        raise ChartRejected(
            f"{path}: is kept in Git LFS, which is not read: commit the file itself"
        )


def key_of(files: Mapping[str, Entry], path: str, *, skip_dependencies: bool) -> str:
    """Return the name of a chart's content: equal files at equal paths have equal names."""
    named = hashlib.sha256()
    for part in (RULES, path, str(skip_dependencies)):
        named.update(part.encode() + b"\0")
    for name, entry in sorted(files.items()):
        named.update(name.encode() + b"\0" + entry.oid.encode() + b"\0")
    return f"git:{named.hexdigest()}"


def printable(name: str) -> str:
    """Return a name as it can be written anywhere; git's may be any bytes."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _pick(tree: Tree, source: str, place: str, depth: int) -> Iterator[tuple[str, Entry]]:
    """Yield the files below `source` as they stand below `place`."""
    count = 0
    for name in _below(tree, source):
        entry, at = tree[name], posixpath.join(place, name[len(source) :].lstrip("/"))
        _refuse_odd(name, entry)
        if entry.folder:
            continue
        for one in _resolved(tree, name, at, depth) if entry.link else [(at, entry)]:
            count += 1
            if count > MOST_FILES:
                raise _too_many(place)
            yield one


def _resolved(tree: Tree, name: str, at: str, depth: int) -> Iterable[tuple[str, Entry]]:
    """Yield what a link stands for: a file, or all files of a folder."""
    target = follow(tree, name, name)
    found = tree.get(target)
    if target and (found is None or found.submodule):
        raise ChartRejected(
            f"{name}: the symbolic link points to {printable(target)}, which is no file here"
        )
    if found is not None and not found.folder:
        return [(at, found)]
    if depth >= DEEPEST:
        raise ChartRejected(
            f"{name}: the symbolic link leads into a folder that leads on too often"
        )
    return _pick(tree, target, at, depth + 1)


def _refuse_odd(name: str, entry: Entry) -> None:
    if name != printable(name):
        raise ChartRejected(f"{printable(name)}: its name is not UTF-8, which charts need")
    if entry.submodule:
        raise ChartRejected(
            f"{name}: is a submodule, which is not read: commit the files themselves, or name its"
            " repository in spec.chart.git"
        )
    if any(part in {"", ".", "..", ".git"} for part in name.split("/")):
        raise ChartRejected(f"{name}: is no name for a file of a chart")


def _below(tree: Tree, folder: str) -> list[str]:
    if not folder:
        return list(tree)
    return [name for name in tree if name.startswith(f"{folder}/")]


def _urls(document: Any) -> Iterator[str]:
    wanted = document.get("dependencies") if isinstance(document, dict) else None
    for one in wanted if isinstance(wanted, list) else []:
        url = one.get("repository") if isinstance(one, dict) else None
        if isinstance(url, str):
            yield url


def _too_many(folder: str) -> ChartRejected:
    return ChartRejected(
        f"{folder or '.'}: has more than {MOST_FILES} files: is it a chart's folder?"
    )
