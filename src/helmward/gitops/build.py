"""Reads the files of a commit into manifests; pure.

Called by `building`. A commit counts as a whole: one file that cannot be read
refuses all of it, and every fault is named with its file and line.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from helmward.errors import SourceRejected
from helmward.yamls import Document, YamlError, documents

MAX_FAULTS: Final = 20
"""How many faults one error lists; the rest is counted."""

_NOT_SERVED: Final = "kustomize.config.k8s.io/"
"""Files of kustomize look like objects, but no cluster knows them."""

_IGNORE: Final = ("fluxcd.io/ignore", "flux.weave.works/ignore")


@dataclass(frozen=True, slots=True, order=True)
class ObjectId:
    """What an object is called in the cluster, whatever the version of its API."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Read as `Deployment.apps web/podinfo`."""
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


@dataclass(frozen=True)
class Manifest:
    """One object as a file asks for it."""

    object: Mapping[str, Any]
    file: str
    line: int
    id: ObjectId
    checksum: str = ""
    """SHA-1 in hexadecimal of what git has of it, where the content is nobody's to guess."""
    secret: bool = False
    """Whether what it says is partly secret: it came from an encrypted file, or a Secret."""
    stands_for: str = ""
    """What changes whenever the content does and tells nothing of it; empty: the content."""
    remembered: dict[Any, Any] = field(init=False, default_factory=dict, compare=False, repr=False)
    """What others have worked out of it; most manifests are the same in the next commit."""

    @property
    def place(self) -> str:
        """Where it is written: `path:line`."""
        return f"{self.file}:{self.line}"

    @property
    def api_version(self) -> str:
        """Group and version as written."""
        return str(self.object["apiVersion"])

    @property
    def ignored(self) -> bool:
        """Whether an annotation asks to leave the object alone."""
        annotations = self.object["metadata"].get("annotations")
        return isinstance(annotations, dict) and any(annotations.get(k) == "true" for k in _IGNORE)

    @cached_property
    def digest(self) -> str:
        """The content in a few letters: changes when the manifest does."""
        content = f"{self.stands_for} {self.id}" if self.stands_for else self._content
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def _content(self) -> str:
        return json.dumps(self.object, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one file says, and what is wrong with it."""

    manifests: tuple[Manifest, ...] = ()
    faults: tuple[str, ...] = ()


class _Fault(Exception):
    """One thing that is wrong, with the place where."""


def build(files: Mapping[str, bytes]) -> list[Manifest]:
    """Return every object of the files, by file and line.

    Raises:
        SourceRejected: broken YAML, an object without a name or version, the
            same object twice; the message lists all of it as `path:line`.
    """
    return together(parse(path, content) for path, content in sorted(files.items()))


def parse(path: str, content: bytes, *, secret: bool = False) -> Parsed:
    """Read one file; of a secret one nothing is quoted."""
    try:
        found = documents(content)
    except YamlError as error:
        words = error.gist if secret else error
        return Parsed(faults=(f"{path}:{error.line}:{error.column}: {words}",))
    return understand(path, found)


def understand(path: str, found: Iterable[Document]) -> Parsed:
    """Read the documents of one file."""
    faults: list[str] = []
    manifests = [one for document in found for one in _read(path, document, faults)]
    return Parsed(tuple(manifests), tuple(faults))


def together(files: Iterable[Parsed]) -> list[Manifest]:
    """Return the objects of all files, in their order.

    Raises:
        SourceRejected: for every fault of any of them, and for objects that
            stand in them twice.
    """
    manifests: list[Manifest] = []
    faults: list[str] = []
    for one in files:
        manifests += one.manifests
        faults += one.faults
    faults += duplicates(manifests)
    if faults:
        raise SourceRejected(listed(faults))
    return manifests


def duplicates(manifests: Iterable[Manifest]) -> list[str]:
    """Say which objects are defined more than once, and where."""
    first: dict[ObjectId, Manifest] = {}
    said: list[str] = []
    for manifest in manifests:
        known = first.setdefault(manifest.id, manifest)
        if known is not manifest:
            said.append(f"{manifest.place}: {manifest.id} is also defined in {known.place}")
    return said


def listed(faults: list[str]) -> str:
    """Join faults into one message of bearable length."""
    more = len(faults) - MAX_FAULTS
    shown = faults[:MAX_FAULTS]
    return "\n".join([*shown, f"and {more} more"] if more > 0 else shown)


def _read(path: str, document: Document, faults: list[str]) -> Iterator[Manifest]:
    for value, line in _objects(document, path, faults):
        try:
            yield _manifest(value, path, line)
        except _Fault as fault:
            faults.append(f"{path}:{line}: {fault}")


def _objects(
    document: Document, path: str, faults: list[str]
) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the document, or the items of the list that it is; nothing if it has no kind."""
    value = document.value
    if not isinstance(value, dict):
        faults.append(f"{path}:{document.line}: this is no object with apiVersion and kind")
    elif value.get("kind") and not str(value.get("apiVersion")).startswith(_NOT_SERVED):
        yield from _expanded(value, document)


def _expanded(value: dict[str, Any], document: Document) -> Iterator[tuple[dict[str, Any], int]]:
    items = value.get("items")
    kind = str(value["kind"])
    if not kind.endswith("List") or not isinstance(items, list):
        yield value, document.line_of(value)
        return
    for item in items:
        yield from _item(value, item, kind.removesuffix("List"), document)


def _item(
    parent: dict[str, Any], item: Any, kind: str, document: Document
) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield one item; in a `ConfigMapList` it may leave out what the list says."""
    line = document.line_of(item) if isinstance(item, dict) else document.line_of(parent)
    if not isinstance(item, dict):
        yield {"kind": ""}, line
        return
    if kind and not item.get("kind"):
        item = {"apiVersion": parent.get("apiVersion"), "kind": kind, **item}
    if str(item.get("kind") or "").endswith("List") and isinstance(item.get("items"), list):
        yield from _expanded(item, document)
        return
    yield item, line


def _manifest(value: dict[str, Any], path: str, line: int) -> Manifest:
    kind = _text(value, "kind")
    api_version = _text(value, "apiVersion")
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        raise _Fault(f"{kind} has no metadata")
    name = _text(metadata, "name", f"{kind}: metadata.")
    namespace = metadata.get("namespace")
    if namespace is not None and not isinstance(namespace, str):
        raise _Fault(f"{kind} {name}: metadata.namespace is no text: put it into quotes")
    group = api_version.rpartition("/")[0]
    return Manifest(value, path, line, ObjectId(group, kind, namespace or "", name))


def _text(mapping: Mapping[str, Any], field: str, of: str = "") -> str:
    value = mapping.get(field)
    if not value and value is not False and value != 0:
        raise _Fault(f"{of}{field} is missing")
    if not isinstance(value, str):
        raise _Fault(f"{of}{field} is no text: put it into quotes")
    return value
