"""Drift as nouns: which objects a release has, what of them differs, and who did it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from helmward.model.revision import DOMAIN

DRIFT_DETECTION: Final = f"{DOMAIN}/drift-detection"
"""Annotation: of a HelmRelease the mode, of an object `disabled` to leave it alone."""
DRIFT_DETECTION_OF_FLUX: Final = "helm.toolkit.fluxcd.io/driftDetection"
"""Annotation of an object, as Flux 2 has it: `disabled` leaves it alone."""
KINDS: Final = f"{DOMAIN}/kinds"
"""Annotation of a release Secret: the kinds of its objects, `v1/ConfigMap,apps/v1/Deployment`."""
OBJECTS: Final = f"{DOMAIN}/objects"
"""Annotation of a release Secret: its objects and the fields of each that are ours.

URL-safe base64, without padding, of twelve bytes for each object, in order: the first six
bytes of the SHA-256 of `<group>/<Kind>/<namespace>/<name>`, then the first six of the SHA-256
of the `fieldsV1`, as the API server sends it, of our entry (manager `helmward`, operation
Apply, no subresource) in its managedFields; six zero bytes where there was none.
"""


class DriftMode(StrEnum):
    """What is done about drift."""

    ENABLED = "enabled"
    """It is put right."""
    WARN = "warn"
    """It is told."""
    DISABLED = "disabled"
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class DriftTarget:
    """Which objects a rule is about; what is empty fits all.

    Each of the first five is a regular expression that has to fit as a whole.
    Source: the selectors of Flux 2.
    """

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    label_selector: str = ""
    annotation_selector: str = ""


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Fields that may differ."""

    paths: tuple[str, ...]
    """JSON pointers (RFC 6901); an empty one is the whole object."""
    target: DriftTarget = DriftTarget()


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """What one HelmRelease says of drift."""

    mode: DriftMode | None = None
    """None: what the operator's flag says."""
    ignore: tuple[IgnoreRule, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """One object of the cluster."""

    api_version: str
    kind: str
    namespace: str
    """Empty for what belongs to no namespace."""
    name: str

    def __str__(self) -> str:
        """Read as people write it: `Deployment prod/web`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else self.brief

    @property
    def brief(self) -> str:
        """The same without its namespace."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Author:
    """Who changed an object, as its managedFields tell."""

    manager: str
    operation: str
    """`Apply` or `Update`."""
    at: datetime | None = None
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. Values are short, and masked where they may be secret."""

    path: str
    """JSON pointer."""
    desired: str = ""
    """JSON; empty where the revision has no such field."""
    live: str = ""
    """JSON; empty where the object has none."""
    author: Author | None = None
    """None where nobody owns the field any more."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """One object that is not as the revision has it."""

    object: ObjectRef
    gone: bool = False
    """It is not there at all."""
    changes: tuple[FieldChange, ...] = ()
    corrected: bool = False
    """It was put right in the same look."""
    problem: str = ""
    """Why it could not be looked at, or not put right."""

    @property
    def differs(self) -> bool:
        """Whether it is known to differ still; not where nobody could look."""
        return (self.gone or bool(self.changes)) and not self.corrected


@dataclass(frozen=True, slots=True)
class Drift:
    """What a look at objects of one revision has found."""

    revision: int
    found: tuple[Divergence, ...] = ()
    looked: int = 0
    """How many objects were looked at."""
    kinds: str = ""
    """What `KINDS` should say of the revision; only when all objects were looked at."""
    objects: str = ""
    """What `OBJECTS` should say; likewise."""
