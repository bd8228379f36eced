"""A CustomResourceDefinition around the schemas of one generation.

Called by the generations and by `helmward crds`; what it writes is also kept
in `deploy/crds/`, checked for drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from helmward.apis.schema import OPEN
from helmward.kube.resources import Resource


@dataclass(frozen=True, slots=True)
class Column:
    """What `kubectl get` shows of each resource."""

    name: str
    path: str
    description: str
    kind: str = "string"
    wide: bool = False
    """Whether only `-o wide` shows it."""

    @property
    def document(self) -> dict[str, Any]:
        """As the CRD writes it."""
        document: dict[str, Any] = {
            "name": self.name,
            "type": self.kind,
            "jsonPath": self.path,
            "description": self.description,
        }
        return document | ({"priority": 1} if self.wide else {})


def _of(condition: str, part: str = "status") -> str:
    return f'.status.conditions[?(@.type=="{condition}")].{part}'


WIDE: Final = (
    Column("Suspended", _of("Suspended"), "Left alone because somebody said so.", wide=True),
    Column("Drifted", _of("Drifted"), "Whether somebody changed its objects.", wide=True),
    Column("Failures", ".status.failures", "Failed attempts in a row.", "integer", wide=True),
    Column("NextAttempt", ".status.nextAttemptAt", "When it is tried again.", wide=True),
)
"""What `-o wide` shows of every generation."""


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
            # Said because the definitions of the old operators have it as true.
            "preserveUnknownFields": False,
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
        **OPEN,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
    }
