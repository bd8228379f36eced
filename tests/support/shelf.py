"""Sources of values on a shelf: objects, documents and files without a cluster or a web."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helmward.errors import HelmwardError, NotFound, SourceUnavailable, ValuesInvalid
from helmward.kube.resources import Resource
from helmward.model import Declared, Document, SourceKind, ValuesSource
from tests.support.builders import a_declared

Objects = dict[str, dict[str, str | bytes] | HelmwardError]


@dataclass
class Shelf:
    """What values are composed from; an error stands for a server that gives one."""

    objects: Objects = field(default_factory=dict)
    """By `Kind namespace/name`."""
    web: dict[str, str | Document | HelmwardError] = field(default_factory=dict)
    files: dict[str, str | HelmwardError] = field(default_factory=dict)
    plain: dict[bytes, str | HelmwardError] = field(default_factory=dict)
    """What is encrypted, and what it says."""
    asked: list[str] = field(default_factory=list)

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        known = f"{resource.kind} {namespace}/{name}"
        self.asked.append(known)
        found = _or_raise(self.objects.get(known, NotFound(f"{known} not found")))
        return {k: v if isinstance(v, bytes) else v.encode() for k, v in found.items()}

    async def document(self, url: str) -> Document:
        self.asked.append(url)
        found = _or_raise(self.web.get(url, SourceUnavailable(f"{url}: there is no web here")))
        return found if isinstance(found, Document) else Document(found.encode())

    async def chart_file(self, path: str) -> bytes | None:
        self.asked.append(path)
        found = _or_raise(self.files.get(path))
        return None if found is None else str(found).encode()

    async def decrypt(self, document: bytes, form: str) -> bytes:
        self.asked.append(f"decrypt {form}")
        unknown = ValuesInvalid("is encrypted with SOPS, and there is no key for it")
        return str(_or_raise(self.plain.get(document, unknown))).encode()


def _or_raise(found: Any) -> Any:
    if isinstance(found, HelmwardError):
        raise found
    return found


def config_map(name: str = "a", **changes: Any) -> ValuesSource:
    """A source, the first of its HelmRelease unless the changes say otherwise."""
    return _source(SourceKind.CONFIG_MAP, changes | {"name": name})


def secret(name: str = "a", **changes: Any) -> ValuesSource:
    """A source that is secret."""
    return _source(SourceKind.SECRET, changes | {"name": name})


def external(url: str = "https://example.com/v.yaml", **changes: Any) -> ValuesSource:
    """A source in the web."""
    return _source(SourceKind.EXTERNAL, changes | {"location": url})


def chart_file(path: str = "prod.yaml", **changes: Any) -> ValuesSource:
    """A source in the chart."""
    return _source(SourceKind.CHART_FILE, changes | {"location": path})


def _source(kind: SourceKind, changes: dict[str, Any]) -> ValuesSource:
    return ValuesSource(kind, **({"field": f"spec.valuesFrom[0].{kind}"} | changes))


def asking(*sources: ValuesSource, values: Any = None) -> Declared:
    """A HelmRelease with these sources."""
    return a_declared(values_from=sources, values=json.dumps(values or {}).encode())
