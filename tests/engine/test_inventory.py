"""What a deployed revision's Secret tells of its objects, for those who watch them."""

import base64
import hashlib
import json
from typing import Any

import pytest

from helmward.errors import HelmwardError
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, Resource
from helmward.model import KINDS, OBJECTS, Revision
from tests.support.helm import Helm, config_map, hook_job
from tests.support.objects import crd

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}
"""


def listed(revision: Revision) -> dict[bytes, bytes]:
    """Read the annotation: the digest of each object's fields, by that of its name."""
    text = revision.annotations[OBJECTS]
    packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return {packed[at : at + 6]: packed[at + 6 : at + 12] for at in range(0, len(packed), 12)}


def digest(of: str) -> bytes:
    return hashlib.sha256(of.encode()).digest()[:6]


def ours(live: dict[str, Any]) -> bytes:
    """Digest the fields of an object that we have applied."""
    [fields] = [
        entry["fieldsV1"]
        for entry in live["metadata"]["managedFields"]
        if (entry["manager"], entry["operation"]) == ("helmward", "Apply")
    ]
    return digest(json.dumps(fields, separators=(",", ":")))


async def read(kube: Kube, resource: Resource, name: str, namespace: str) -> dict[str, Any]:
    found, _ = await kube.list(resource, namespace, metadata_only=True)
    return next(dict(one) for one in found if one["metadata"]["name"] == name)


async def test_a_deployed_revision_tells_its_objects_and_what_of_each_is_ours(helm: Helm) -> None:
    """At an install, an upgrade and a rollback; hooks and what has no name of ours left out."""
    templates = {
        "a.yaml": config_map("a", v="{{ .Values.v }}"),
        "w.yaml": DEPLOYMENT,
        "h.yaml": hook_job("h", "post-delete"),
    }
    chart = await helm.chart(templates, {"v": "1"})
    revision = await helm.install(chart)
    for again in "an upgrade", "a rollback", "":
        assert revision.annotations[KINDS] == "apps/v1/Deployment,v1/ConfigMap"
        kube, namespace = helm.kube, helm.namespace
        assert listed(revision) == {
            digest(f"/ConfigMap/{namespace}/a"): ours(
                await read(kube, CONFIG_MAPS, "a", namespace)
            ),
            digest(f"apps/Deployment/{namespace}/web"): ours(
                await read(kube, DEPLOYMENTS, "web", namespace)
            ),
        }
        if again == "an upgrade":
            revision = await helm.upgrade(revision, chart, {"v": "2"})
        elif again:
            revision = await helm.rollback(revision, 1)


async def test_a_release_without_objects_says_so(helm: Helm) -> None:
    """Otherwise it would be looked at again and again."""
    revision = await helm.install(await helm.chart({"NOTES.txt": "nothing"}))
    assert (revision.annotations[KINDS], revision.annotations[OBJECTS]) == ("", "")


async def test_objects_of_a_custom_kind_are_told_as_a_watch_sees_them(helm: Helm) -> None:
    """Of those the API server stores the managed fields in another order."""
    group = f"{helm.namespace}.example.com"
    thing = f"apiVersion: {group}/v1\nkind: Thing\nmetadata: {{name: t}}\nspec: {{b: 1, a: [x]}}\n"
    chart = await helm.chart(
        {"t.yaml": thing}, files={"crds/t.yaml": crd("things", "Thing", group)}
    )
    revision = await helm.install(chart)
    assert revision.annotations[KINDS] == f"{group}/v1/Thing"
    live = await read(helm.kube, Resource(group, "v1", "things", "Thing"), "t", helm.namespace)
    assert listed(revision) == {digest(f"{group}/Thing/{helm.namespace}/t"): ours(live)}


async def test_a_failed_revision_tells_nothing(helm: Helm) -> None:
    """And what the revision before has said is not taken over."""
    first = await helm.install(await helm.chart({"a.yaml": config_map("a")}))
    bad = config_map("B_is_no_name")
    chart = await helm.chart({"a.yaml": config_map("a"), "b.yaml": bad}, version="2.0.0")
    with pytest.raises(HelmwardError) as caught:
        await helm.upgrade(first, chart)
    failed = caught.value.revision
    assert failed is not None
    assert KINDS in first.annotations
    assert {KINDS, OBJECTS}.isdisjoint(failed.annotations)
