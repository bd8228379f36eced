"""Which documents of a YAML file are converted, and how each is rewritten.

Called by `helmward convert` with the text of a file. What is no HelmRelease of
an older generation passes through untouched; after the changes each document
is read again and compared with what it has to say.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml import MappingNode, Node, SequenceNode

from helmward.apis.convert.edit import CannotEdit, Edits, Entry, entry_of, same, text_of
from helmward.apis.convert.meaning import ALPHA, BETA, FORMS, STABLE, Form, losses, reset_values
from helmward.errors import ConfigInvalid, SpecInvalid

TARGETS: Final = {"v1": STABLE, "v1beta1": BETA}
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What to convert to, and where the charts of v1alpha2 lie."""

    to: str = "v1"
    git_url: str = ""
    charts_path: str = ""
    ref: str = ""

    @property
    def form(self) -> Form:
        """The generation asked for."""
        return TARGETS[self.to]


@dataclass(slots=True)
class Converted:
    """A file's text after conversion."""

    text: str
    changed: int = 0
    """How many HelmReleases were rewritten."""
    losses: list[str] = field(default_factory=list)
    """What could not be kept, a line each."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object of an older generation, or a list of them."""

    node: MappingNode
    form: Form
    document: int
    item: int | None
    where: str
    """File, document and name, for people."""

    @property
    def is_list(self) -> bool:
        """Whether only its head is to be changed."""
        return text_of(self.node, "kind") != self.form.kind


def convert(text: str, request: Request, *, file: str) -> Converted:
    """Return the text with each older HelmRelease rewritten, all else as it was.

    Raises:
        SpecInvalid: the file is not YAML, or a document cannot be converted.
        ConfigInvalid: a flag is missing that says where charts lie.
    """
    edits, converted, wanted = Edits(text), Converted(text), list[tuple[Found, Plain]]()
    plain = _documents(text, file)
    for found in _found(_documents(text, file), request, file):
        try:
            _head(edits, found, request.form)
            if found.is_list:
                continue
            before = _read(plain, found)
            after = _expected(before, found, request)
            _rewrite(edits, found, before["spec"], after["spec"])
        except CannotEdit as error:
            raise SpecInvalid(f"{found.where}: {error}") from error
        wanted.append((found, after))
        lost = losses(found.form, request.form, before["spec"])
        converted.losses += [f"{found.where}: {line}" for line in lost]
    converted.text, converted.changed = edits.result(), len(wanted)
    _check(converted.text, wanted)
    return converted


def _documents(text: str, file: str) -> list[Node | None]:
    try:
        return _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise SpecInvalid(f"{file}{line}: is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise SpecInvalid(f"{file}: is not YAML: {error}") from error


def _composed(text: str) -> list[Node | None]:
    return list(yaml.compose_all(text, Loader=yaml.SafeLoader))


def _found(documents: list[Node | None], request: Request, file: str) -> Iterator[Found]:
    older = FORMS[: FORMS.index(request.form)]
    for number, root in enumerate(documents):
        for item, node in _objects(root):
            for form in older:
                if _is(node, form):
                    where = _where(node, form, f"{file}, document {number + 1}", item)
                    yield Found(node, form, number, item, where)


def _objects(root: Node | None) -> Iterator[tuple[int | None, MappingNode]]:
    """Yield a document and, where it is a list of objects, each of them."""
    if not isinstance(root, MappingNode):
        return
    yield None, root
    items = entry_of(root, "items")
    if text_of(root, "kind").endswith("List") and items and isinstance(items[1], SequenceNode):
        for number, node in enumerate(items[1].value):
            if isinstance(node, MappingNode):
                yield number, node


def _is(node: MappingNode, form: Form) -> bool:
    kind = text_of(node, "kind")
    return text_of(node, "apiVersion") == form.api_version and kind in form.kinds


def _where(node: MappingNode, form: Form, document: str, item: int | None) -> str:
    metadata = entry_of(node, "metadata")
    names = [text_of(metadata[1], one) for one in ("namespace", "name")] if metadata else []
    place = document if item is None else f"{document}, items[{item}]"
    return f"{place} ({form.kind} {'/'.join(filter(None, names))})"


def _head(edits: Edits, found: Found, form: Form) -> None:
    kind = text_of(found.node, "kind")
    for name, value in (("apiVersion", form.api_version), ("kind", found.form.kinds[kind])):
        entry = entry_of(found.node, name)
        if entry and text_of(found.node, name) != value:
            edits.set(entry, value)


def _read(documents: list[Node | None], found: Found) -> Plain:
    """Return an object as its reader will see it, aliases and merges resolved."""
    try:
        read = _constructed(documents, found)
    except yaml.YAMLError as error:
        raise SpecInvalid(f"{found.where}: cannot be read: {error}") from error
    if not isinstance(read.get("spec"), dict):
        raise SpecInvalid(f"{found.where}: spec is missing")
    return read


def _constructed(documents: list[Node | None], found: Found) -> Plain:
    root: Any = documents[found.document]
    document: Any = yaml.SafeLoader("").construct_document(root)
    read: Plain = document if found.item is None else document["items"][found.item]
    return read


def _expected(before: Plain, found: Found, request: Request) -> Plain:
    """Return what the converted document has to say."""
    spec = dict(before["spec"])
    if found.form is ALPHA:
        spec["chart"] = _chart(spec, found, request)
        del spec["chartGitPath"]
    if request.form is STABLE and (reset := reset_values(spec)) is not None:
        spec["resetValues"] = reset
    kind = found.form.kinds[before["kind"]]
    return before | {"apiVersion": request.form.api_version, "kind": kind, "spec": spec}


def _chart(spec: Plain, found: Found, request: Request) -> dict[str, str]:
    path = spec.get("chartGitPath")
    if not isinstance(path, str) or not path:
        raise SpecInvalid(f"{found.where}: spec.chartGitPath: must name the chart's folder")
    if "chart" in spec:
        raise SpecInvalid(f"{found.where}: spec.chart: stands beside spec.chartGitPath")
    if not request.git_url:
        raise ConfigInvalid(
            f"--git-url must name the repository with the charts: {found.where} needs it"
        )
    whole = posixpath.normpath(posixpath.join(request.charts_path, path.lstrip("/")))
    if whole.startswith(".."):
        raise SpecInvalid(f'{found.where}: spec.chartGitPath: "{path}" leads out of the repository')
    return {"git": request.git_url, "ref": request.ref, "path": whole}


def _rewrite(edits: Edits, found: Found, before: Plain, after: Plain) -> None:
    entry = _must(entry_of(found.node, "spec"), "spec")
    spec = entry[1]
    if not isinstance(spec, MappingNode):
        raise CannotEdit("spec is no mapping that stands here")
    if found.form is ALPHA:
        path = _must(entry_of(spec, "chartGitPath"), "spec.chartGitPath")
        edits.replace(spec, path, "chart", after["chart"])
    reset = after.get("resetValues")
    if reset is None or reset == before.get("resetValues"):
        return
    word = "true" if reset else "false"
    if old := entry_of(spec, "resetValues"):
        edits.set(old, word)
    else:
        edits.insert(spec, "resetValues", word)


def _must(entry: Entry | None, name: str) -> Entry:
    if entry is None:
        raise CannotEdit(f"{name} comes from elsewhere by <<: write it where it is used")
    return entry


def _check(text: str, wanted: list[tuple[Found, Plain]]) -> None:
    """Read what was written: a layout that was not foreseen must not pass."""
    for found, after in wanted:
        try:
            fine = same(_constructed(_composed(text), found), after)
        except yaml.YAMLError:
            fine = False
        if not fine:
            raise SpecInvalid(
                f"{found.where}: its layout cannot be changed in place: "
                "write it as plain block YAML, without anchors"
            )
