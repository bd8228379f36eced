"""Gives manifests their variables; pure.

What a text means is settled after that: `${replicas}` may be a number, as where
Flux 2 fills in the YAML. Where Kubernetes wants a text, it stays one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from helmward.gitops.build import Manifest, Parsed, understand
from helmward.gitops.building.cover import salted, sha1
from helmward.gitops.building.expressions import ExpressionError, Expressions
from helmward.gitops.building.variables import Variables
from helmward.yamls import Document, resolve

DISABLED: Final = "kustomize.toolkit.fluxcd.io/substitute"
_TEXTS: Final = frozenset(
    {
        *("apiVersion", "kind", "name", "namespace"),
        *("labels", "annotations", "matchLabels", "nodeSelector"),
    }
)
"""Fields below which there are texts alone, wherever they stand."""
_TEXTS_OF_DATA: Final = frozenset({"data", "stringData", "binaryData"})
_HOLDERS: Final = frozenset({"ConfigMap", "Secret"})
_UNSAID: Final = (
    "a ${ in it cannot be filled; the file is encrypted, so it is not quoted: write $${ where the "
    f"text is meant, or annotate the object with {DISABLED}: disabled"
)
"""What may be said of a secret that has the look of a variable."""


@dataclass
class Substitution:
    """The manifests of one path with the variables that they had last."""

    variables: Variables = field(default_factory=lambda: Variables({}))
    used: frozenset[str] = frozenset()
    """Values of Secrets that are in any of them."""
    _known: dict[int, tuple[Manifest, "_Filled"]] = field(default_factory=dict)

    def fill(self, files: list[Parsed], variables: Variables) -> list[Parsed]:
        """Return what files say with variables in their places; what is unset is a fault."""
        known = self._known if variables == self.variables else {}
        self.variables, self._known = variables, {}
        filled = [self._file(one, known) for one in files]
        names = {name for _, one in self._known.values() for name in one.used}
        self.used = frozenset(variables.values[name] for name in names & variables.secret)
        return filled

    def _file(self, parsed: Parsed, known: Mapping[int, tuple[Manifest, "_Filled"]]) -> Parsed:
        filled = [self._manifest(one, known) for one in parsed.manifests]
        manifests = (manifest for one in filled for manifest in one.parsed.manifests)
        faults = (fault for one in filled for fault in one.parsed.faults)
        return Parsed(tuple(manifests), (*parsed.faults, *faults))

    def _manifest(
        self, manifest: Manifest, known: Mapping[int, tuple[Manifest, "_Filled"]]
    ) -> "_Filled":
        _, filled = known.get(id(manifest), (None, None))
        filled = filled or _fill(manifest, self.variables)
        self._known[id(manifest)] = (manifest, filled)
        return filled


@dataclass(frozen=True, slots=True)
class _Filled:
    """One manifest that was filled, and by which variables."""

    parsed: Parsed
    used: frozenset[str] = frozenset()


def _fill(manifest: Manifest, variables: Variables) -> _Filled:
    if _left_alone(manifest.object):
        return _Filled(Parsed((manifest,)))
    filling = _Filling(Expressions(variables.values))
    value = filling.walk(manifest.object, text=False)
    used = frozenset(filling.expressions.used)
    if filling.faults:
        said = [_UNSAID] if manifest.secret else filling.faults
        faults = tuple(f"{manifest.place}: {fault}" for fault in said)
        return _Filled(Parsed(faults=faults), used)
    if value == manifest.object:
        return _Filled(Parsed((manifest,)), used)
    parsed = understand(manifest.file, [Document(value, manifest.line, {})])
    if not manifest.secret and not used & variables.secret:
        return _Filled(parsed, used)
    plain = json.dumps(manifest.object, sort_keys=True).encode()
    return _Filled(salted(parsed, manifest.checksum or sha1(plain)), used)


def _left_alone(value: Mapping[str, Any]) -> bool:
    metadata = value["metadata"]
    marks = (metadata.get("annotations"), metadata.get("labels"))
    return any(isinstance(one, dict) and one.get(DISABLED) == "disabled" for one in marks)


@dataclass
class _Filling:
    """One manifest while it is filled."""

    expressions: Expressions
    faults: list[str] = field(default_factory=list)

    def walk(self, value: Any, *, text: bool) -> Any:
        """Return the value with its variables; `text`: it has to stay a text."""
        match value:
            case str():
                return self._leaf(value, text=text)
            case list():
                return [self.walk(one, text=text) for one in value]
            case dict():
                return dict(self._pairs(value, text=text))
            case _:
                return value

    def _pairs(self, mapping: Mapping[str, Any], *, text: bool) -> Iterator[tuple[str, Any]]:
        for key, value in mapping.items():
            texts = text or _is_text(mapping, key)
            yield str(self._leaf(key, text=True)), self.walk(value, text=texts)

    def _leaf(self, written: str, *, text: bool) -> Any:
        if "${" not in written:
            return written
        try:
            filled = self.expressions.fill(written)
        except ExpressionError as error:
            if str(error) not in self.faults:
                self.faults.append(str(error))
            return written
        return filled if text else _meaning(written, filled)


def _is_text(mapping: Mapping[str, Any], key: str) -> bool:
    """Tell whether a field wants a text: also the value beside a name, as in `env`."""
    if key == "value":
        return "name" in mapping
    return key in _TEXTS or (key in _TEXTS_OF_DATA and mapping.get("kind") in _HOLDERS)


def _meaning(written: str, filled: str) -> Any:
    """Return what the text would stand for in YAML; quotes from variables make it a text."""
    if written.startswith("${") and len(filled) > 1 and filled[0] == filled[-1] == '"':
        return filled[1:-1]
    if written.startswith("$${"):
        return filled
    try:
        return resolve(filled, "")
    except ValueError:
        return filled
