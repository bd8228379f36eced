"""A CustomResourceDefinition around the schemas of one generation.

Called by the generations and by `helmward crds`; what it writes is also kept
in `deploy/crds/`, checked for drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helmward.kube.resources import Resource


@dataclass(frozen=True, slots=True)
class Column:
    """What `kubectl get` shows of each resource."""

    name: str
    path: str
    description: str
    kind: str = "string"

    @property
    def document(self) -> dict[str, str]:
        """As the CRD writes it."""
        return {
            "name": self.name,
            "type": self.kind,
            "jsonPath": self.path,
            "description": self.description,
        }


def definition(  # noqa: PLR0913  # the parts of a CRD, each by name
    resource: Resource,
    *,
    short_names: Sequence[str],
    spec: dict[str, Any],
    status: dict[str, Any],
    columns: Sequence[Column],
    words: str,
) -> dict[str, Any]:
    """Return the definition of one kind with one served and stored version."""
    singular = resource.kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced",
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": singular,
                "shortNames": list(short_names),
            },
            "versions": [
                {
                    "name": resource.version,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [one.document for one in columns],
                    "schema": {"openAPIV3Schema": _whole(words, spec, status)},
                }
            ],
        },
    }


def _whole(words: str, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": words,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
    }
