"""Kinds of the API server, as paths; who asks for an object starts here."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from helmward.errors import Invalid


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """One kind that the API server serves, and where it serves it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    def __str__(self) -> str:
        """Read as RBAC writes it: `plural.group`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """What stands in an object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(
        self,
        namespace: str | None = None,
        name: str | None = None,
        subresource: str | None = None,
    ) -> str:
        """Return the URL path of one object, or of the collection without a name.

        Raises:
            Invalid: a name that HTTP would take for a step upwards.
        """
        parts = ["apis", self.group] if self.group else ["api"]
        parts.append(self.version)
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        if {".", ".."} & set(parts):
            raise Invalid(f'"{namespace}/{name}" is no name of a {self.kind}')
        return "/" + "/".join(quote(part, safe="") for part in parts)


def parse_api_version(api_version: str) -> tuple[str, str]:
    """Split `apiVersion` into group and version; the core group is empty."""
    group, _, version = api_version.rpartition("/")
    return group, version


NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS: Final = Resource("", "v1", "events", "Event")
PODS: Final = Resource("", "v1", "pods", "Pod")
SERVICES: Final = Resource("", "v1", "services", "Service")
SERVICE_ACCOUNTS: Final = Resource("", "v1", "serviceaccounts", "ServiceAccount")
DEPLOYMENTS: Final = Resource("apps", "v1", "deployments", "Deployment")
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
CRDS: Final = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
)
