"""What a HelmRelease waits for before it is installed or upgraded."""

from dataclasses import dataclass
from typing import Final

from helmward.model.drift import ObjectRef
from helmward.model.revision import DOMAIN

DEPENDS_ON: Final = f"{DOMAIN}/depends-on"
"""Annotation of a HelmRelease: what `spec.dependsOn` says, as a list with commas.

Each is `name` or `namespace/name` of a HelmRelease, or `apiVersion/Kind/namespace/name` of
any object; the namespace is empty for what belongs to none.
"""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One entry of `dependsOn`."""

    field: str
    """Where it stands, such as `spec.dependsOn[1]`."""
    namespace: str
    name: str
    api_version: str = ""
    """Empty: a HelmRelease, of whatever generation."""
    kind: str = ""
    ready: bool = True
    """Whether it has to be ready; otherwise it only has to be there."""
    expression: str = ""
    """CEL over `dep` and `self` that says whether it is ready, in the place of our rules."""

    @property
    def is_release(self) -> bool:
        """Whether another HelmRelease is meant."""
        return not self.kind

    @property
    def seen_by_status(self) -> bool:
        """Whether what we know of HelmReleases says if it is ready; else it is to be looked at."""
        return self.is_release and not self.expression

    @property
    def path(self) -> str:
        """Namespace and name."""
        return f"{self.namespace}/{self.name}"

    @property
    def object(self) -> ObjectRef:
        """The object, as others name it."""
        return ObjectRef(self.api_version, self.kind or "HelmRelease", self.namespace, self.name)

    def __str__(self) -> str:
        """Read as people write it."""
        return str(self.object)
