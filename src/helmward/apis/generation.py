"""What every API generation offers; `releases` and `app` see only this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from helmward.kube.resources import Resource
from helmward.model import Account, Declared, Told

FINALIZER: Final = "finalizers.helmward.dev"


@dataclass(frozen=True, slots=True)
class Generation:
    """One group and version of HelmRelease, as functions over plain values."""

    resource: Resource
    decode: Callable[[bytes], Declared]
    """One resource, as the API server sends it. Raises `msgspec.DecodeError`."""
    status: Callable[[Account, Told, datetime], tuple[Mapping[str, Any], Told]]
    """The status to write for an account, and what it then will have told."""
    crd: Callable[[], dict[str, Any]]
    name_scopes: Callable[[Declared], tuple[str, ...]]
    """Within what a release name is unique: equal words compete for one name."""
    synced_event: str
    """Reason of the event that tells of success."""
    failed_event: str
    """Reason of the event that tells of failure."""
    antecedent: str
    """Annotation of a release's objects that names their HelmRelease."""
