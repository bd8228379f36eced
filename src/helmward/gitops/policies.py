"""What annotations ask about how an object is applied; pure.

They are read where git has them and on the live object, and whichever asks
for less to be done has its way.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, Final

IGNORE: Final = ("fluxcd.io/ignore", "flux.weave.works/ignore")
RECONCILE: Final = "kustomize.toolkit.fluxcd.io/reconcile"
SSA: Final = "kustomize.toolkit.fluxcd.io/ssa"
FORCE: Final = "kustomize.toolkit.fluxcd.io/force"


class Policy(IntEnum):
    """How often an object is applied; the greater wins."""

    ALWAYS = 0
    ONCE = 1
    """Only where it does not exist."""
    NEVER = 2


_SSA: Final[Mapping[str, Policy]] = {
    "override": Policy.ALWAYS,
    "merge": Policy.ALWAYS,
    "ifnotpresent": Policy.ONCE,
    "ignore": Policy.NEVER,
}
"""`Merge` asks to keep what others have added: an apply does so anyway."""


def policy_of(obj: Mapping[str, Any]) -> Policy:
    """Return what the annotations of an object ask for."""
    annotations = annotations_of(obj)
    return max(_asked(annotations), default=Policy.ALWAYS)


def is_forced(obj: Mapping[str, Any]) -> bool:
    """Whether the object may be deleted and made anew to change what is immutable."""
    return _word(annotations_of(obj).get(FORCE)) == "enabled"


def wrong(obj: Mapping[str, Any]) -> str:
    """Say which annotation nobody can understand; empty: none."""
    asked = annotations_of(obj).get(SSA)
    if asked is None or _word(asked) in _SSA:
        return ""
    return (
        f"metadata.annotations: {SSA} is {asked!r}, which is none of Override, Merge,"
        " IfNotPresent and Ignore"
    )


def annotations_of(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the annotations of an object; none where they are no mapping."""
    metadata = obj.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return annotations if isinstance(annotations, dict) else {}


def _asked(annotations: Mapping[str, Any]) -> Iterator[Policy]:
    if any(annotations.get(key) == "true" for key in IGNORE):
        yield Policy.NEVER
    if _word(annotations.get(RECONCILE)) == "disabled":
        yield Policy.NEVER
    yield _SSA.get(_word(annotations.get(SSA)), Policy.ALWAYS)


def _word(value: Any) -> str:
    return value.casefold() if isinstance(value, str) else ""
