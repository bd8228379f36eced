"""What is kept of an object, and which changes to it are none."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helmward.model import DRIFT_DETECTION, DRIFT_DETECTION_OF_FLUX, ReleaseRef
from helmward.releases.awake.seen import see

FIELDS: dict[str, Any] = {"f:data": {"f:a": {}}}


def stamp(ago: float) -> str:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def entry(manager: str = "somebody", **changes: Any) -> dict[str, Any]:
    given = {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": stamp(3600),
        "fieldsType": "FieldsV1",
        "fieldsV1": FIELDS,
    }
    return given | changes


OURS = entry("helmward", operation="Apply")
STATUS = entry("kubelet", subresource="status")


def document(*entries: dict[str, Any], **metadata: Any) -> bytes:
    annotations = {
        "meta.helm.sh/release-name": "cart",
        "meta.helm.sh/release-namespace": "shop",
    } | metadata.pop("annotations", {})
    meta = {
        "name": "a",
        "namespace": "shop",
        "annotations": annotations,
        "managedFields": [*entries],
        **metadata,
    }
    partial = {"kind": "PartialObjectMetadata", "metadata": meta}
    return json.dumps(partial, separators=(",", ":")).encode()


def test_an_object_is_its_release_and_the_digest_of_our_entry() -> None:
    """The digest is over the bytes that the API server sent."""
    seen = see(document(entry(), OURS, STATUS))

    assert (seen.namespace, seen.name, seen.release) == ("shop", "a", ReleaseRef("shop", "cart"))
    assert seen.ours == hashlib.sha256(b'{"f:data":{"f:a":{}}}').digest()[:6]


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (entry(), "of another manager"),
        (entry("helmward"), "an update"),
        (entry("helmward", operation="Apply", subresource="scale"), "of a subresource"),
        (entry("Helmward", operation="Apply"), "of a namesake"),
    ],
)
def test_no_other_entry_is_ours(one: dict[str, Any], why: str) -> None:
    """What our updates wrote, no release has."""
    assert see(document(one)).ours == bytes(6), why


def test_an_object_without_managed_fields_has_no_entry() -> None:
    """Somebody has stripped them off; marks of Helm may be missing too."""
    seen = see(b'{"metadata":{"name":"a"}}')

    assert seen.ours == bytes(6)
    assert seen.release == ReleaseRef("", "")


SAME = {
    "another status": document(OURS, entry("kubelet", subresource="status", time=stamp(0))),
    "a label": document(OURS, STATUS, labels={"x": "y"}),
    "a version": document(OURS, STATUS, resourceVersion="8"),
    "an annotation": document(OURS, STATUS, annotations={"x": "y"}),
}
NEWS = {
    "somebody's fields": document(OURS, STATUS, entry()),
    "our fields": document(OURS | {"fieldsV1": {"f:data": {}}}, STATUS),
    "another time": document(OURS | {"time": stamp(1800)}, STATUS),
    "its spec": document(OURS, STATUS, generation=2),
    "its end": document(OURS, STATUS, deletionTimestamp=stamp(0)),
    "drift detection": document(OURS, STATUS, annotations={DRIFT_DETECTION: "disabled"}),
    "its release": document(OURS, STATUS, annotations={"meta.helm.sh/release-name": "other"}),
}


@pytest.mark.parametrize("what", SAME)
def test_a_change_that_tells_nothing_is_none(what: str) -> None:
    """Whoever changes a field is in managedFields."""
    assert see(document(OURS, STATUS)).same(see(SAME[what]))


@pytest.mark.parametrize("what", NEWS)
def test_a_change_of_the_object_is_news(what: str) -> None:
    """It was not looked at in this state."""
    assert not see(document(OURS, STATUS)).same(see(NEWS[what]))


@pytest.mark.parametrize(
    ("others", "ours", "expected"),
    [
        pytest.param(entry(), {"time": -60}, False, id="by us"),
        pytest.param(entry(), {}, False, id="an hour ago"),
        pytest.param(entry() | {"time": 10}, {}, False, id="ten seconds ago"),
        pytest.param(entry() | {"time": -60}, {}, True, id="just now"),
        pytest.param(STATUS | {"time": -60}, {}, False, id="its status"),
    ],
)
def test_what_somebody_changed_just_now_is_young(
    others: dict[str, Any], ours: dict[str, Any], expected: bool
) -> None:
    """A second change within the same second looks like the first; seconds count from now."""
    entries = OURS | ours, others
    timed = [
        one | {"time": stamp(one["time"])} if isinstance(one.get("time"), int) else one
        for one in entries
    ]
    assert see(document(*timed)).young is expected


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({DRIFT_DETECTION: "disabled"}, True),
        ({DRIFT_DETECTION_OF_FLUX: "disabled"}, True),
        ({DRIFT_DETECTION: "enabled"}, False),
        ({}, False),
    ],
)
def test_an_object_may_say_that_it_is_to_be_left_alone(
    annotations: dict[str, str], expected: bool
) -> None:
    """As Helmward and Flux 2 spell it."""
    assert see(document(OURS, annotations=annotations)).left_alone is expected


def test_null_where_a_list_could_be_is_nothing() -> None:
    """The API server leaves empty lists out; others may not."""
    seen = see(b'{"metadata":{"name":"a","managedFields":null,"annotations":null}}')

    assert seen.ours == bytes(6)
