"""Which files a kustomization is built from: itself, and what it leads to.

Called by `kustomized`. A text that names something in the commit counts as a
reference, whatever field it stands in: one file too many does no harm, but
nothing else of the commit is read.
"""

import posixpath
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from helmward.errors import SourceRejected
from helmward.git.tree import Tree, follow, parents
from helmward.gitops.building.files import File
from helmward.yamls import YamlError, documents

KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
MOST: Final = 20_000
"""Files of one build."""
_LONGEST: Final = 4096
"""Characters of a path."""
_PLUGIN: Final = "builtin"
"""Version of the files that name further files, besides kustomizations."""

Reads = Callable[[Iterable[str]], Awaitable[Mapping[str, File]]]


@dataclass
class Closure:
    """The files of one build."""

    tree: Tree
    files: dict[str, File] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    """What was looked for, with git's name of its content; empty: it is not there."""

    async def fill(self, folder: str, reads: Reads) -> None:
        """Read everything that the kustomization in a folder leads to.

        Raises:
            SourceRejected: it is without end, or a file may not be read.
            SourceUnavailable: one cannot be got.
        """
        wanted = set(self._kustomizations(folder))
        while wanted:
            if len(self.files) + len(wanted) > MOST:
                raise SourceRejected(f"{folder or '.'}: it is built from more than {MOST} files")
            fresh = await reads(sorted(wanted))
            self.files.update(fresh)
            named = {name for one, file in fresh.items() for name in self._named(one, file)}
            wanted = named - self.files.keys()

    def _named(self, name: str, file: File) -> Iterator[str]:
        """Yield the files that one file names."""
        folders = list(self._roots(name, file))
        if not folders:
            return
        for text in _texts(file.content):
            for folder in folders:
                yield from self._found(posixpath.normpath(posixpath.join(folder, text)))

    def _roots(self, name: str, file: File) -> Iterator[str]:
        """Yield the folders from which a file's references go out."""
        folder, base = posixpath.split(name)
        if base in KUSTOMIZATIONS:
            yield folder
        elif f"apiVersion: {_PLUGIN}".encode() in file.content:
            yield from (
                above
                for above in parents(name)
                if any(posixpath.join(above, one) in self.files for one in KUSTOMIZATIONS)
            )

    def _found(self, path: str) -> Iterator[str]:
        if path == ".." or path.startswith(("../", "/")):
            return
        path = "" if path == "." else path
        if self._is_file(path):
            yield path
        else:
            yield from self._kustomizations(path)

    def _kustomizations(self, folder: str) -> Iterator[str]:
        for base in KUSTOMIZATIONS:
            if self._is_file(name := posixpath.join(folder, base)):
                yield name

    def _is_file(self, name: str) -> bool:
        if name not in self.asked:
            self.asked[name] = oid_of(self.tree, name)
        return bool(self.asked[name])


def oid_of(tree: Tree, name: str) -> str:
    """Return git's name of a file's content, found through links; empty where there is none."""
    try:
        target = follow(tree, name, name)
    except SourceRejected:
        return ""
    return tree[target].oid if target in tree else ""


def _texts(content: bytes) -> Iterator[str]:
    """Yield what may be a path: each text, and what follows the `=` of `key=path`."""
    try:
        found = [one.value for one in documents(content, strict=False)]
    except YamlError:
        return
    for text in _leaves(found):
        if len(text) <= _LONGEST and "\n" not in text and "\0" not in text:
            yield text
            key, separator, path = text.partition("=")
            if key and separator:
                yield path


def _leaves(value: Any) -> Iterator[str]:
    ahead = [value]
    while ahead:
        match ahead.pop():
            case dict() as mapping:
                ahead.extend(mapping.values())
            case list() as items:
                ahead.extend(items)
            case str() as text:
                yield text
