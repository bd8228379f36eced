"""What a revision's annotations tell of its objects, as `model.drift` describes them."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from helmward.model import KINDS, OBJECTS, ObjectRef
from helmward.releases.awake.inventory import (
    GroupKind,
    identify,
    identity_of,
    in_force,
    inventory_of,
    kinds_of,
)
from tests.support.builders import a_revision

PAIR = b"abcdefABCDEF"
BOTH = base64.urlsafe_b64encode(PAIR + b"uvwxyz" + bytes(6)).decode()


def test_an_inventory_is_pairs_of_digests() -> None:
    """Six bytes say which object it is, six what of it is ours."""
    inventory = inventory_of(a_revision(kinds="v1/ConfigMap,apps/v1/Deployment", objects=BOTH))

    assert inventory is not None
    assert inventory.objects == {b"abcdef": b"ABCDEF", b"uvwxyz": bytes(6)}
    assert inventory.kinds == {
        GroupKind("", "ConfigMap"): "v1",
        GroupKind("apps", "Deployment"): "apps/v1",
    }
    ref = inventory.names(GroupKind("apps", "Deployment"), "shop", "web")
    assert ref == ObjectRef("apps/v1", "Deployment", "shop", "web")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"kinds": "v1/ConfigMap"}, "no objects"),
        ({"objects": BOTH}, "no kinds"),
        ({"kinds": "v1/ConfigMap", "objects": "%%%%"}, "not base64"),
        ({"kinds": "v1/ConfigMap", "objects": "é"}, "not even ASCII"),
        ({"kinds": "v1/ConfigMap", "objects": BOTH[:-4]}, "cut off"),
    ],
)
def test_what_the_engine_did_not_write_so_is_no_inventory(told: dict[str, Any], why: str) -> None:
    """It is found out and written anew."""
    assert inventory_of(a_revision(**told)) is None, why


@pytest.mark.parametrize("pairs", [1, 2, 3])
def test_padding_is_left_out(pairs: int) -> None:
    """An annotation is shorter without."""
    text = base64.urlsafe_b64encode(
        b"".join(bytes([n]) + PAIR[1:] for n in range(pairs))
    ).decode()  # fmt: skip
    inventory = inventory_of(a_revision(kinds="v1/ConfigMap", objects=text.rstrip("=")))

    assert inventory is not None
    assert len(inventory.objects) == pairs


def test_a_release_without_objects_has_an_inventory() -> None:
    """A chart may render nothing."""
    revision = replace(a_revision(), annotations={KINDS: "", OBJECTS: ""})
    inventory = inventory_of(revision)

    assert inventory is not None
    assert (inventory.kinds, inventory.objects) == ({}, {})


def test_an_identity_is_the_hash_of_a_name() -> None:
    """The version is no part of it: an object is the same in each."""
    expected = hashlib.sha256(b"apps/Deployment/shop/web").digest()[:6]

    assert identify(GroupKind("apps", "Deployment"), "shop", "web") == expected
    assert identity_of(ObjectRef("apps/v1beta1", "Deployment", "shop", "web")) == expected
    cluster_wide = hashlib.sha256(b"/Namespace//shop").digest()[:6]
    assert identity_of(ObjectRef("v1", "Namespace", "", "shop")) == cluster_wide


def test_words_that_are_no_kinds_are_passed_over() -> None:
    """Somebody wrote into the annotation; the rest counts."""
    assert kinds_of("v1/ConfigMap, apps/v1/Deployment,nonsense,/,") == {
        GroupKind("", "ConfigMap"): "v1",
        GroupKind("apps", "Deployment"): "apps/v1",
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"status": "failed"}, False),
        ({"status": "pending-upgrade"}, False),
        ({"status": "superseded"}, False),
        ({"owner": ""}, False),
    ],
)
def test_what_is_in_force_is_ours_and_deployed(changes: dict[str, Any], expected: bool) -> None:
    """Everything else says nothing about how the cluster should be."""
    assert in_force(a_revision(**changes)) is expected
