"""Hands what `kubectl apply` set to us, and only that; pure.

Flux v1 and people apply on the client's side: kubectl notes down in an
annotation what it applied last, and the API server notes down kubectl as the
owner of whatever its requests set, defaults and edits included. Were kubectl
to stay the owner, nothing that git drops would ever go; were we to become the
owner of all of it, everything that git never said would go at once. So only
those fields become ours that the annotation names and that are kubectl's.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from helmward.gitops.field_paths import Fields, split, union, without
from helmward.gitops.fields import FIELD_MANAGER, is_ours, our_entry
from helmward.gitops.policies import annotations_of
from helmward.gitops.stored import LAST_APPLIED, with_data

_APPLIERS: Final = frozenset(("kubectl", "kubectl-client-side-apply", "before-first-apply"))
"""kubectl's names, and the one under which the API server notes down what came before it
noted down anything."""
_OWNS_LAST_APPLIED: Final = ("f:metadata", "f:annotations", f"f:{LAST_APPLIED}")


def was_applied_by_client(live: Mapping[str, Any]) -> bool:
    """Whether an object has what an apply on the client's side leaves behind."""
    return LAST_APPLIED in annotations_of(live)


def handed_over(live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the managedFields of an object with what was applied last being ours.

    What kubectl keeps of an item of a list, its defaults say, does not keep the
    item: whoever owns the item itself (the `.` in it) decides whether it goes.
    """
    last = _last_applied(live)
    ours: Fields = {}
    kept = []
    for entry in live["metadata"].get("managedFields") or []:
        if is_ours(entry):
            ours = union(ours, entry.get("fieldsV1") or {})
        elif _is_applier(entry):
            taken, rest = split(entry.get("fieldsV1") or {}, last)
            ours = union(ours, taken)
            kept += [{**entry, "fieldsV1": rest}] if rest else []
        else:
            kept.append(entry)
    return [*kept, _entry(ours, live["apiVersion"])] if ours else kept


def forecast(live: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of a dry run without what will go after a take-over.

    That is what becomes ours, is not applied, and nobody else's: a dry run
    cannot tell, for it kubectl still is the owner of what git has dropped. What
    the API server fills in instead is left out.
    """
    ours: Fields = {}
    kept: Fields = dict((our_entry(merged["metadata"]) or {}).get("fieldsV1") or {})
    for entry in handed_over(live):
        if is_ours(entry):
            ours = entry["fieldsV1"]
        else:
            kept = union(kept, entry.get("fieldsV1") or {})
    left: dict[str, Any] = without(merged, ours, kept)
    return left


def patch(live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the JSON patch that hands an object over, of exactly this version of it.

    The annotation goes: nobody needs it any more, and of a Secret it holds
    everything.
    """
    annotation = LAST_APPLIED.replace("~", "~0").replace("/", "~1")
    version = live["metadata"]["resourceVersion"]
    return [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
        {"op": "replace", "path": "/metadata/managedFields", "value": handed_over(live)},
        {"op": "remove", "path": f"/metadata/annotations/{annotation}"},
    ]


def _last_applied(live: Mapping[str, Any]) -> dict[str, Any]:
    """Read the annotation; one that is broken names nothing."""
    with suppress(ValueError, RecursionError):
        found = json.loads(annotations_of(live)[LAST_APPLIED])
        return with_data(found) if isinstance(found, dict) else {}
    return {}


def _is_applier(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is of somebody who applied on the client's side."""
    if entry.get("operation") != "Update" or entry.get("subresource"):
        return False
    return entry.get("manager") in _APPLIERS or _has(entry.get("fieldsV1"), _OWNS_LAST_APPLIED)


def _has(fields: Any, path: Sequence[str]) -> bool:
    for step in path:
        if not isinstance(fields, dict) or step not in fields:
            return False
        fields = fields[step]
    return True


def _entry(fields: Fields, api_version: str) -> dict[str, Any]:
    """Return our entry, of the version that is served now.

    One of a version that is gone, as old entries of kubectl may be, the API
    server would throw away; paths that the version does not know do no harm.
    """
    return {
        "manager": FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
