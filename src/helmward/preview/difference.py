"""How two documents of one object differ, for people; pure.

What only the API server writes, and what Helmward itself adds, is left out of
both. Secrets come in masked: see `masking`.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

Document = Mapping[str, Any]

CONTEXT: Final = 3
"""Lines around a change."""
MOST_FIELDS: Final = 50

_SERVERS: Final = frozenset(
    {
        *("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation"),
        *("managedFields", "resourceVersion", "selfLink", "uid"),
    }
)
_OURS: Final = frozenset(
    {
        *("fluxcd.io/sync-gc-mark", "fluxcd.io/sync-checksum", "flux.weave.works/sync-checksum"),
        *("kubectl.kubernetes.io/last-applied-configuration", "helm.fluxcd.io/antecedent"),
        *("flux.weave.works/antecedent", "deployment.kubernetes.io/revision"),
    }
)


def bare(document: Document) -> dict[str, Any]:
    """Return the document without what is not the author's: server fields, status, marks."""
    kept = {key: value for key, value in document.items() if key != "status"}
    metadata = {k: v for k, v in (kept.get("metadata") or {}).items() if k not in _SERVERS}
    for field in ("labels", "annotations"):
        own = {k: v for k, v in (metadata.pop(field, None) or {}).items() if k not in _OURS}
        if own:
            metadata[field] = own
    return kept | ({"metadata": metadata} if metadata else {})


def within(live: Any, asked: Any) -> Any:
    """Return what is live of the fields that are asked for: what nobody asks for stays."""
    if isinstance(live, Mapping) and isinstance(asked, Mapping):
        return {key: within(live[key], one) for key, one in asked.items() if key in live}
    return live


def lines(before: Document | None, after: Document | None) -> tuple[str, ...]:
    """Return the unified difference of both as YAML, without the heads of files.

    None is no object at all. The order of keys does not count.
    """
    old, new = _yaml(before), _yaml(after)
    said = difflib.unified_diff(old, new, n=CONTEXT, lineterm="")
    return tuple(said)[2:]


def fields(before: Document, after: Document) -> tuple[str, ...]:
    """Return the places that differ, as `spec.template.spec.containers[0].image`."""
    found: list[str] = []
    for place in _places("", before, after):
        if len(found) == MOST_FIELDS:
            return (*found, "...")
        found.append(place)
    return tuple(found)


def _yaml(document: Document | None) -> list[str]:
    if document is None:
        return []
    return yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=10_000
    ).splitlines()


def _places(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=str):
            if key not in old or key not in new:
                yield _below(path, str(key))
            else:
                yield from _places(_below(path, str(key)), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _places(f"{path}[{index}]", one, other)
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path


def _below(path: str, key: str) -> str:
    """Return the path of a key; one with dots in it stands in brackets, as kubectl has it."""
    if "." in key or "/" in key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that their lines can be compared."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (the base class has it so)
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
