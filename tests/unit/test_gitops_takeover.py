"""Which fields change hands when an object of kubectl's becomes ours."""

import json
from typing import Any

import pytest

from helmward.gitops.fields import FIELD_MANAGER, fields_digest
from helmward.gitops.stored import LAST_APPLIED
from helmward.gitops.takeover import handed_over, patch, was_applied_by_client

NOTE = f"f:{LAST_APPLIED}"
PORT_80 = 'k:{"port":80,"protocol":"TCP"}'
PORT_53 = 'k:{"port":53,"protocol":"UDP"}'


def an_entry(
    fields: Any, manager: str = "kubectl-client-side-apply", **more: str
) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "fieldsV1": fields, **more}


def a_live(last: Any, *entries: dict[str, Any]) -> dict[str, Any]:
    note = last if isinstance(last, str) else json.dumps(last)
    metadata = {
        "resourceVersion": "7",
        "annotations": {LAST_APPLIED: note},
        "managedFields": list(entries),
    }
    return {"apiVersion": "v1", "kind": "Thing", "metadata": metadata}


def divided(last: Any, owned: Any) -> tuple[Any, Any]:
    """Return what becomes ours of kubectl's fields, and what kubectl keeps."""
    entries = {entry["manager"]: entry for entry in handed_over(a_live(last, an_entry(owned)))}
    ours, kept = (entries.get(name) for name in (FIELD_MANAGER, "kubectl-client-side-apply"))
    return ours and ours["fieldsV1"], kept and kept["fieldsV1"]


DIVISIONS: dict[str, tuple[Any, Any, Any, Any]] = {
    "a field that was applied": ({"a": 1}, {"f:a": {}}, {"f:a": {}}, None),
    "a default": ({}, {"f:a": {}}, None, {"f:a": {}}),
    "both": ({"a": 1}, {"f:a": {}, "f:b": {}}, {"f:a": {}}, {"f:b": {}}),
    "a map and a key of it": (
        {"m": {"a": 1}},
        {"f:m": {".": {}, "f:a": {}, "f:b": {}}},
        {"f:m": {".": {}, "f:a": {}}},
        {"f:m": {"f:b": {}}},
    ),
    "an empty map": ({"m": {}}, {"f:m": {"f:b": {}}}, None, {"f:m": {"f:b": {}}}),
    "a map that is null": ({"m": None}, {"f:m": {"f:b": {}}}, None, {"f:m": {"f:b": {}}}),
    "a map that is one value": ({"m": {"a": 1}}, {"f:m": {}}, {"f:m": {}}, None),
    "a key with dots and slashes": ({"a.b/c": 1}, {"f:a.b/c": {}}, {"f:a.b/c": {}}, None),
    "an item and its defaults": (
        {"l": [{"port": 80, "protocol": "TCP"}]},
        {"f:l": {".": {}, PORT_80: {".": {}, "f:port": {}, "f:nodePort": {}}}},
        {"f:l": {".": {}, PORT_80: {".": {}, "f:port": {}}}},
        {"f:l": {PORT_80: {"f:nodePort": {}}}},
    ),
    "an item whose key is a default": (
        {"l": [{"port": 80}]},
        {"f:l": {PORT_80: {".": {}, "f:port": {}, "f:protocol": {}}}},
        {"f:l": {PORT_80: {".": {}, "f:port": {}}}},
        {"f:l": {PORT_80: {"f:protocol": {}}}},
    ),
    "an item that says its key before one that leaves it out": (
        {"l": [{"port": 53, "x": 1}, {"port": 53, "protocol": "UDP", "y": 1}]},
        {"f:l": {PORT_53: {".": {}, "f:x": {}, "f:y": {}}}},
        {"f:l": {PORT_53: {".": {}, "f:y": {}}}},
        {"f:l": {PORT_53: {"f:x": {}}}},
    ),
    "an item of somebody else": (
        {"l": [{"port": 80}]},
        {"f:l": {PORT_53: {".": {}, "f:port": {}}}},
        None,
        {"f:l": {PORT_53: {".": {}, "f:port": {}}}},
    ),
    "an item of a set": (
        {"finalizers": ["a"]},
        {"f:finalizers": {".": {}, 'v:"a"': {}, 'v:"b"': {}}},
        {"f:finalizers": {".": {}, 'v:"a"': {}}},
        {"f:finalizers": {'v:"b"': {}}},
    ),
    "an item by its place": (
        {"l": ["a"]},
        {"f:l": {"i:0": {}, "i:1": {}}},
        {"f:l": {"i:0": {}}},
        {"f:l": {"i:1": {}}},
    ),
    "a list where the note has a map": (
        {"l": {"port": 80}},
        {"f:l": {PORT_80: {".": {}}}},
        None,
        {"f:l": {PORT_80: {".": {}}}},
    ),
    "a note that is no JSON": ("{", {"f:a": {}}, None, {"f:a": {}}),
    "a note that is no object": ("[1]", {"f:a": {}}, None, {"f:a": {}}),
    "a note of unreadable depth": ("[" * 100_000, {"f:a": {}}, None, {"f:a": {}}),
    "a Secret's plain text": (
        {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "x"}},
        {"f:data": {".": {}, "f:a": {}, "f:b": {}}},
        {"f:data": {".": {}, "f:a": {}}},
        {"f:data": {"f:b": {}}},
    ),
}


@pytest.mark.parametrize("case", DIVISIONS)
def test_what_was_applied_becomes_ours_and_nothing_else(case: str) -> None:
    last, owned, ours, kept = DIVISIONS[case]

    assert divided(last, owned) == (ours, kept)


@pytest.mark.parametrize(
    ("entry", "taken"),
    [
        (an_entry({"f:a": {}}), True),
        (an_entry({"f:a": {}}, "kubectl"), True),
        (an_entry({"f:a": {}}, "before-first-apply"), True),
        (an_entry({"f:a": {}}, "kubectl-edit"), False),
        (an_entry({"f:a": {}}, "kubectl-patch"), False),
        (an_entry({"f:a": {}}, "kube-controller-manager"), False),
        (an_entry({"f:a": {}}, subresource="scale"), False),
        ({**an_entry({"f:a": {}}, "kubectl"), "operation": "Apply"}, False),
        (
            an_entry({"f:a": {}, "f:metadata": {"f:annotations": {NOTE: {}}}}, "argocd-controller"),
            True,
        ),
    ],
)
def test_only_who_applied_hands_over(entry: dict[str, Any], *, taken: bool) -> None:
    """kubectl by its names, any other by having written the note; edits stay edits."""
    managers = [one["manager"] for one in handed_over(a_live({"a": 1}, entry))]

    assert (FIELD_MANAGER in managers) is taken


def test_what_was_ours_stays_ours() -> None:
    """An object that we applied and somebody applied by hand after that."""
    ours = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": {"f:a": {}}}

    [entry] = handed_over(a_live({"b": 1}, ours, an_entry({"f:b": {}})))

    assert entry["fieldsV1"] == {"f:a": {}, "f:b": {}}


def test_entries_of_versions_that_are_gone_are_handed_over_in_one_that_is_served() -> None:
    """The API server throws away an entry of a version that it does not know."""
    old = an_entry({"f:a": {}}, apiVersion="extensions/v1beta1")
    new = an_entry({"f:b": {}}, apiVersion="v1")

    [entry] = handed_over(a_live({"apiVersion": "extensions/v1beta1", "a": 1, "b": 1}, old, new))

    assert (entry["apiVersion"], entry["fieldsV1"]) == ("v1", {"f:a": {}, "f:b": {}})


def test_the_patch_is_of_one_version_and_takes_the_note_away() -> None:
    """Owners that were read are not written over those that changed meanwhile."""
    live = a_live({"a": 1}, an_entry({"f:a": {}}))

    version, owners, note = patch(live)

    assert (version["path"], version["value"]) == ("/metadata/resourceVersion", "7")
    assert owners["value"] == handed_over(live)
    assert note == {
        "op": "remove",
        "path": "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
    }


def test_an_object_without_the_note_was_not_applied_by_a_client() -> None:
    assert was_applied_by_client(a_live({}))
    assert not was_applied_by_client({"metadata": {"annotations": {"a": "b"}}})
    assert not was_applied_by_client({"metadata": {}})


def test_the_digest_is_of_our_fields_alone() -> None:
    """Neither their order, nor the time, nor anybody else's entry counts."""
    ours = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": {"f:a": {}, "f:b": {}}}
    moved = {**ours, "fieldsV1": {"f:b": {}, "f:a": {}}, "time": "later", "apiVersion": "v2"}
    fewer = {**ours, "fieldsV1": {"f:a": {}}}
    others = [an_entry({"f:c": {}}), {**ours, "manager": "x"}, {**ours, "subresource": "status"}]

    digest = fields_digest({"managedFields": [ours]})

    assert fields_digest({"managedFields": [*others, moved]}) == digest
    assert fields_digest({"managedFields": [fewer]}) != digest
    assert fields_digest({"managedFields": others}) == fields_digest({}) == ""
