"""What a HelmRelease means in a newer generation: what is kept, and what cannot be.

Called by `documents` with plain documents. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from helmward.apis import V1, V1BETA1
from helmward.apis.spec import Rollback
from helmward.apis.v1.fields import RollbackAndRetry, StableSpec
from helmward.apis.v1beta1.fields import BetaSpec

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """One generation as manifests name it, and the fields that it knows."""

    api_version: str
    kind: str
    fields: frozenset[str]
    rollback: frozenset[str] = frozenset()

    @property
    def kinds(self) -> Mapping[str, str]:
        """Its own kind and that of its lists, each with the name in newer generations."""
        return {self.kind: "HelmRelease", f"{self.kind}List": "HelmReleaseList"}


def _fields(model: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(one.encode_name for one in msgspec.structs.fields(model))


ALPHA: Final = Form(
    "helm.integrations.flux.weave.works/v1alpha2",
    "FluxHelmRelease",
    frozenset({"chartGitPath", "releaseName", "values", "valueFileSecrets"}),
)
BETA: Final = Form(
    V1BETA1.resource.api_version, V1BETA1.resource.kind, _fields(BetaSpec), _fields(Rollback)
)
STABLE: Final = Form(
    V1.resource.api_version, V1.resource.kind, _fields(StableSpec), _fields(RollbackAndRetry)
)
FORMS: Final = (ALPHA, BETA, STABLE)


def reset_values(spec: Spec) -> bool | None:
    """Return what `resetValues` of v1 has to say for the old meaning; None: nothing.

    Before v1, values that were given counted alone, and without any those of
    the revision before stayed in force. In v1 one of the two is chosen for good.
    """
    given = spec.get("resetValues")
    if given is True:
        return True
    if not spec.get("values") and not _sources(spec):
        return False
    return True if given is False else None


def losses(old: Form, new: Form, spec: Spec) -> Iterator[str]:
    """Tell what the newer generation does otherwise, whatever is written."""
    yield from _begin_to_count(old, new, spec)
    if new is STABLE:
        yield from _of_values(spec)
        yield from _of_waits(spec)
        yield from _of_sources(spec)


def _sources(spec: Spec) -> bool:
    return bool(spec.get("valuesFrom") or spec.get("valueFileSecrets"))


def _begin_to_count(old: Form, new: Form, spec: Spec) -> Iterator[str]:
    rollback = _map(spec.get("rollback"))
    found = [f"spec.{name}" for name in spec if name in new.fields - old.fields]
    if "rollback" in old.fields:
        more = new.rollback - old.rollback
        found += [f"spec.rollback.{name}" for name in rollback if name in more]
    if new is STABLE and "secretRef" in _map(spec.get("chart")):
        found.append("spec.chart.secretRef")
    if new is STABLE and old is BETA:
        found += [f"{field}.namespace" for field, ref in _refs(spec) if ref.get("namespace")]
    for field in found:
        yield f"{field} was not known to the old operator, and counts now"


def _of_values(spec: Spec) -> Iterator[str]:
    if spec.get("resetValues") is not True and not spec.get("values") and _sources(spec):
        yield (
            "spec.resetValues: if its sources give no values at all, those of the revision "
            "before no longer stay in force"
        )


def _of_waits(spec: Spec) -> Iterator[str]:
    if _map(spec.get("rollback")).get("enable") is True and "wait" not in spec:
        yield "spec.rollback.enable: an install waits for its workloads now, not upgrades alone"


def _of_sources(spec: Spec) -> Iterator[str]:
    for field, ref in _refs(spec):
        if field.endswith("secretKeyRef") and ref.get("optional") is True:
            yield f"{field}: as it is optional, a Secret that is not YAML is passed over now"
        scheme = urlsplit(str(ref.get("url", ""))).scheme
        if scheme not in {"", "http", "https"}:
            yield f"{field}.url: {scheme}:// is not read any more, only http and https are"


def _refs(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """Yield each reference of `valuesFrom` with its place in the spec."""
    entries = spec.get("valuesFrom")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        for kind, ref in _map(entry).items():
            yield f"spec.valuesFrom[{number}].{kind}", _map(ref)


def _map(value: Any) -> Spec:
    return value if isinstance(value, dict) else {}
