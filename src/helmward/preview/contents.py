"""What is inside of a release: its manifest as objects, and how two manifests differ; pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from helmward.gitops.build import ObjectId
from helmward.preview.difference import bare, fields, lines
from helmward.preview.findings import ObjectChange, Verb
from helmward.preview.masking import Masking
from helmward.redaction import REDACTOR
from helmward.yamls import documents

KEEP: Final = "helm.sh/resource-policy"
"""Annotation of objects that Helm leaves where they are."""

Objects = Mapping[ObjectId, Mapping[str, Any]]


def objects_in(manifest: str, namespace: str) -> Objects:
    """Return the objects of a manifest; those that name no namespace are in the release's."""
    found: dict[ObjectId, Mapping[str, Any]] = {}
    for document in documents(manifest.encode(), strict=False):
        for one in _each(document.value):
            found[_id(one, namespace)] = one
    return found


def changes(before: Objects, after: Objects, masking: Masking) -> Iterator[ObjectChange]:
    """Yield what is made, changed and removed, in the order of what they are called."""
    for found in sorted({*before, *after}):
        old, new = before.get(found), after.get(found)
        if old is None or new is None or bare(old) != bare(new):
            yield change(found, old, new, masking)


def change(  # noqa: PLR0913 (both sides, and what is said besides)
    found: ObjectId,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    masking: Masking,
    *,
    place: str = "",
    note: str = "",
    secret: bool = False,
) -> ObjectChange:
    """Return how one object changes, with nothing secret in it; `secret` as `Masking.of` has it."""
    old = masking.of(bare(before), secret=secret) if before is not None else None
    new = masking.of(bare(after), secret=secret) if after is not None else None
    return ObjectChange(
        found,
        Verb.CREATE if old is None else Verb.REMOVE if new is None else Verb.CHANGE,
        place,
        tuple(REDACTOR.mask(line) for line in lines(old, new)),
        fields(old, new) if old is not None and new is not None else (),
        note or (_note(before) if new is None else ""),
    )


def _note(before: Mapping[str, Any] | None) -> str:
    annotations = ((before or {}).get("metadata") or {}).get("annotations") or {}
    return "stays, its chart says so" if annotations.get(KEEP) == "keep" else ""


def _each(value: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, dict) or not value.get("kind"):
        return
    items = value.get("items")
    if str(value["kind"]).endswith("List") and isinstance(items, list):
        for item in items:
            yield from _each(item)
    else:
        yield value


def _id(document: Mapping[str, Any], namespace: str) -> ObjectId:
    metadata = document.get("metadata") or {}
    group = str(document.get("apiVersion", "")).rpartition("/")[0]
    return ObjectId(
        group,
        str(document["kind"]),
        str(metadata.get("namespace") or namespace),
        str(metadata.get("name", "")),
    )
