"""Reads what a chart is made from out of a mirror, and lays it out for the engine.

Used by `git`. Only the chart's folder and those of its file:// dependencies are
read, whatever else the repository holds.
"""

import asyncio
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helmward.charts.picking import (
    NAMING,
    check_content,
    check_sizes,
    dependencies_of,
    has_links,
    is_folder,
    key_of,
    near,
    pick_chart,
)
from helmward.errors import ChartRejected, SourceUnavailable
from helmward.git.mirror import Head, Mirror
from helmward.git.tree import Entry

AT_ONCE: Final = 16 << 20
"""Bytes of files that are held in memory."""
MOST_FOLDERS: Final = 32
"""Dependencies by file:// that are followed; the engine misses what comes after."""


@dataclass(frozen=True, slots=True)
class Content:
    """All files that a chart is made from, and the name of just these."""

    key: str
    files: Mapping[str, Entry]


async def read_content(
    mirror: Mirror, head: Head, path: str, *, skip_dependencies: bool
) -> Content:
    """Find what the chart in a folder is made from; its files are fetched at once.

    Raises:
        SourceUnavailable: the commit has no such folder, or cannot be fetched.
        ChartRejected: something in it is no file of this commit, or too large.
    """
    files = await _folder(mirror, head, path)
    if files is None:
        raise await _missing(mirror, head, path)
    if posixpath.join(path, "Chart.yaml") not in files:
        raise await _missing(mirror, head, path, "Chart.yaml in ")
    await _fetch(mirror, head, files)
    if not skip_dependencies:
        files |= await _dependencies(mirror, head, path, files)
        await _fetch(mirror, head, files)
    return Content(key_of(files, path, skip_dependencies=skip_dependencies), files)


async def lay_out(mirror: Mirror, head: Head, content: Content, root: Path) -> None:
    """Write the files of a chart below a folder of our own.

    Raises:
        ChartRejected: a file is kept elsewhere (Git LFS), or is a folder too.
        SourceUnavailable: they cannot be read, or not be written.
    """
    sizes = await _fetch(mirror, head, content.files)
    for files in _batches(content.files, sizes):
        contents = await mirror.contents(head, [entry.oid for entry in files.values()])
        for path, entry in files.items():
            check_content(path, contents[entry.oid])
        await _written(files, contents, root)


async def _written(files: Mapping[str, Entry], contents: Mapping[str, bytes], root: Path) -> None:
    try:
        await asyncio.to_thread(_write, files, contents, root)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ChartRejected("the commit has a file and a folder of one name") from error
    except OSError as error:
        raise SourceUnavailable(f"a chart's files cannot be written: {error.strerror}") from error


def _batches(files: Mapping[str, Entry], sizes: Mapping[str, int]) -> Iterator[dict[str, Entry]]:
    """Yield the files in parts of which each has its place in memory."""
    batch: dict[str, Entry] = {}
    held = 0
    for path, entry in files.items():
        if batch and held + sizes[entry.oid] > AT_ONCE:
            yield batch
            batch, held = {}, 0
        batch[path] = entry
        held += sizes[entry.oid]
    if batch:
        yield batch


async def _folder(mirror: Mirror, head: Head, path: str) -> dict[str, Entry] | None:
    """Return the files of a folder; None where there is none."""
    tree = await mirror.tree(head, *([path] if path else []))
    if has_links(tree) or not is_folder(tree, path):
        tree = await mirror.whole_tree(head)
    return pick_chart(tree, path) if is_folder(tree, path) else None


async def _fetch(mirror: Mirror, head: Head, files: Mapping[str, Entry]) -> dict[str, int]:
    """Have all files here; return their sizes."""
    sizes = await mirror.sizes(head, [entry.oid for entry in files.values()])
    check_sizes(files, sizes)
    return sizes


async def _dependencies(
    mirror: Mirror, head: Head, path: str, chart: Mapping[str, Entry]
) -> dict[str, Entry]:
    """Return the files of the folders that dependencies come from, and theirs in turn."""
    found: dict[str, Entry] = {}
    known, ahead = {path}, [(path, chart)]
    while ahead:
        folder, files = ahead.pop()
        for wanted in await _named(mirror, head, folder, files):
            if wanted in known or len(known) > MOST_FOLDERS:
                continue
            known.add(wanted)
            if more := await _folder(mirror, head, wanted):
                await _fetch(mirror, head, more)
                found |= more
                ahead.append((wanted, more))
    return found


async def _named(mirror: Mirror, head: Head, folder: str, files: Mapping[str, Entry]) -> list[str]:
    entries = [files.get(posixpath.join(folder, name)) for name in NAMING]
    contents = await mirror.contents(head, [entry.oid for entry in entries if entry])
    return [path for one in contents.values() for path in dependencies_of(folder, one)]


async def _missing(mirror: Mirror, head: Head, path: str, what: str = "") -> SourceUnavailable:
    there = near(await mirror.tree(head), path)
    return SourceUnavailable(
        f"git repository {mirror.remote}: commit {head.commit[:12]} has no {what or 'folder '}"
        f"{path or 'its root'} (spec.chart.path){there}"
    )


def _write(files: Mapping[str, Entry], contents: Mapping[str, bytes], root: Path) -> None:
    for path, entry in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(contents[entry.oid])
