"""What the proof of drift rests on: whom the API server says a field belongs to.

An object is as we left it while our entry in its managedFields is. These tests ask the
API server alone, so that a newer one that thinks differently is noticed here first.
"""

import json
from typing import Any

import pytest

from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS
from tests.support.autoscaling import an_autoscaler, scaled
from tests.support.kinds import a_config_map
from tests.support.kubectl import Kubectl
from tests.support.mutations import MIRROR, images, meddled
from tests.support.plane import Plane
from tests.support.wait import until
from tests.support.webhooks import ALWAYS, called, mutating

Document = dict[str, Any]


def a_deployment(namespace: str, name: str = "web", *, replicas: int = 1) -> Document:
    labels = {"app": name}
    container = {"name": "main", "image": "registry.invalid/app:1"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {"team": "shop"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def entry(document: Document, manager: str = "helmward", operation: str = "Apply") -> Document:
    """Return the entry of a manager; empty where it has none."""
    found = document["metadata"].get("managedFields", ())
    named = (one for one in found if (one["manager"], one["operation"]) == (manager, operation))
    return next(named, {})


def ours(document: Document) -> str:
    """Return the fields of our entry, to compare."""
    return json.dumps(entry(document).get("fieldsV1"))


@pytest.fixture
def kubectl(plane: Plane, namespace: str) -> Kubectl:
    return Kubectl(plane.kubeconfig, namespace)


@pytest.mark.parametrize("at", [ALWAYS, ("CREATE",)], ids=["at every write", "at creation"])
async def test_what_a_webhook_changes_stays_ours(
    kube: Kube, namespace: str, kubectl: Kubectl, at: tuple[str, ...]
) -> None:
    """Ownership is settled before webhooks are asked, on whatever write."""
    wanted = a_deployment(namespace)
    async with mutating(kube, namespace, DEPLOYMENTS, meddled, at=at) as webhook:
        await called(kube, webhook, a_deployment(namespace, "probe"), DEPLOYMENTS)
        created = await kube.apply(wanted)
        await kubectl("annotate", "deployment/web", "looked=yes")
        found = await kube.get(DEPLOYMENTS, "web", namespace)

    assert images(found)[0].startswith(MIRROR)
    assert found["metadata"]["labels"]["team"] == "mesh"
    assert ours(found) == ours(created)
    assert '"f:image"' in ours(found)


async def test_a_webhook_that_is_newer_than_the_object_takes_nothing_either(
    kube: Kube, namespace: str, kubectl: Kubectl
) -> None:
    """It changes our image in the course of somebody's write of something else."""
    created = await kube.apply(a_deployment(namespace))
    async with mutating(kube, namespace, DEPLOYMENTS, meddled) as webhook:
        await called(kube, webhook, a_deployment(namespace, "probe"), DEPLOYMENTS)
        await kubectl("annotate", "deployment/web", "looked=yes")
        found = await kube.get(DEPLOYMENTS, "web", namespace)

    assert images(found)[0].startswith(MIRROR)
    assert ours(found) == ours(created)


async def test_an_autoscaler_takes_the_number_of_pods(kube: Kube, namespace: str) -> None:
    """By the subresource, as the controller manager, and without a time."""
    await kube.apply(a_deployment(namespace))
    await kube.apply(an_autoscaler(namespace, "web"))

    found = await scaled(kube, namespace, "web", 3)

    assert '"f:replicas"' not in ours(found)
    taken = entry(found, "kube-controller-manager", "Update")
    assert taken["subresource"] == "scale"
    assert taken["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert "time" not in taken


async def test_who_scales_by_hand_takes_it_too(
    kube: Kube, namespace: str, kubectl: Kubectl
) -> None:
    """And leaves the same entry at the second time as at the first."""
    await kube.apply(a_deployment(namespace))
    entries = []
    for number in (5, 1, 5):
        await kubectl("scale", "deployment/web", f"--replicas={number}")
        found = await kube.get(DEPLOYMENTS, "web", namespace)
        entries.append((ours(found), json.dumps(entry(found, "kubectl", "Update"))))

    assert '"f:replicas"' not in entries[0][0]
    assert len(set(entries)) == 1


async def test_what_controllers_say_of_a_workload_leaves_our_entry_alone(
    kube: Kube, namespace: str
) -> None:
    """Status, the annotation of its revision, and values in another spelling."""
    wanted = a_deployment(namespace)
    container = wanted["spec"]["template"]["spec"]["containers"][0]
    container["ports"] = [{"containerPort": 80, "protocol": "TCP"}]
    container["resources"] = {"limits": {"cpu": "1000m", "memory": "1024Mi"}}
    container["env"] = [{"name": "EMPTY", "value": ""}]
    created = await kube.apply(wanted)

    async def is_ready() -> Document:
        found = await kube.get(DEPLOYMENTS, "web", namespace)
        return found if found["status"].get("readyReplicas") else {}

    found = await until(is_ready, within=30)

    assert "deployment.kubernetes.io/revision" in found["metadata"]["annotations"]
    assert ours(found) == ours(created)
    again = await kube.apply(wanted)
    assert again["metadata"]["generation"] == created["metadata"]["generation"]


@pytest.mark.parametrize(
    ("patch", "left"),
    [
        ('{"data": {"x": "9"}}', ["f:y"]),
        ('{"data": {"x": null}}', ["f:y"]),
        ('{"data": {"x": "1"}}', ["f:x", "f:y"]),
        ('{"data": {"z": "1"}}', ["f:x", "f:y"]),
    ],
    ids=["changed", "removed", "written as it is", "added beside"],
)
async def test_what_is_left_of_our_entry(
    kube: Kube, namespace: str, kubectl: Kubectl, patch: str, left: list[str]
) -> None:
    """Only what another manager changes or removes is taken from it."""
    await kube.apply(a_config_map(namespace, x="1", y="2"))

    await kubectl("patch", "configmap/a", "--type=merge", "--patch", patch)

    found = await kube.get(CONFIG_MAPS, "a", namespace)
    assert sorted(entry(found)["fieldsV1"]["f:data"]) == left
