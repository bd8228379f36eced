"""What every API generation offers; `releases` and `app` see only this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from helmward.kube.resources import Resource
from helmward.model import Account, Condition, Declared, Told

FINALIZER: Final = "finalizers.helmward.dev"
MAX_NAME: Final = 53
"""Helm's own limit on a release name: 63 of a DNS label less room for suffixes."""


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


def moved(before: Told, new: Condition, now: datetime) -> Condition:
    """Carry the time of the last change over when the status stayed the same."""
    for old in before.conditions:
        if old.type == new.type and old.status == new.status and old.changed:
            return Condition(new.type, new.status, new.reason, new.message, old.changed)
    return Condition(new.type, new.status, new.reason, new.message, now)


def name_problem(name: str, *, given: bool) -> str:
    """Say what is wrong with a release name; empty when Helm takes it."""
    if len(name) <= MAX_NAME:
        return ""
    origin = "the name" if given else "the default name (<namespace>-<name>)"
    return (
        f'spec.releaseName: {origin} "{name}" has {len(name)} characters, Helm allows '
        f"{MAX_NAME}: {'shorten' if given else 'set'} spec.releaseName"
    )
