"""Drift is put right without a fight: what others have a say in is left to them.

Each test ends with a change that is drift, made after all else: events of one kind come in
order, so that once it was dealt with, everything before it had been seen as well.
"""

import pytest

from helmward.kube.resources import DEPLOYMENTS
from tests.support.autoscaling import an_autoscaler, scaled
from tests.support.charts import ChartRepo
from tests.support.kubectl import Kubectl
from tests.support.looks import dry_runs
from tests.support.mutations import MIRROR, SIDECAR, images, meddled
from tests.support.operator import Releases
from tests.support.peace_chart import TEMPLATES, VALUES
from tests.support.plane import Plane
from tests.support.stories import asked_again, history
from tests.support.wait import until
from tests.support.webhooks import ALWAYS, Document, called, mutating

MODES = ["enabled", "warn"]


@pytest.fixture
def peace(operator: Releases, repo: ChartRepo) -> Releases:
    """HelmReleases of the chart `peace`."""
    repo.add("peace", "1.0.0", TEMPLATES, VALUES)
    return operator.of("peace")


@pytest.fixture
def kubectl(plane: Plane, namespace: str) -> Kubectl:
    return Kubectl(plane.kubeconfig, namespace)


async def released(peace: Releases, mode: str, **values: object) -> None:
    """Install it, and wait for its pods."""
    await peace.apply("web", values=values, driftDetection={"mode": mode})
    await peace.ready("web", within=60)
    for name in ("web", "other", "canary"):
        await rolled_out(peace, name)


async def workload(peace: Releases, name: str) -> Document:
    return await peace.kube.get(DEPLOYMENTS, name, peace.namespace)


async def rolled_out(peace: Releases, name: str) -> None:
    """Wait until its controller has said all that it has to say."""

    async def is_so() -> bool:
        found = await workload(peace, name)
        status = found.get("status", {})
        same = status.get("observedGeneration") == found["metadata"]["generation"]
        return same and bool(status.get("availableReplicas") == found["spec"]["replicas"])

    await until(is_so, within=30)


async def the_last_change(peace: Releases, kubectl: Kubectl) -> Document:
    """Change a label of the canary, and wait until the HelmRelease tells; return how."""
    await kubectl("label", "deployment/canary", "colour=red", "--overwrite")
    return await peace.says("web", "canary", "/metadata/labels/colour", kind="Drifted")


async def quiet(peace: Releases) -> None:
    """Reconcile three times; no Deployment may be looked at."""
    before = await dry_runs(peace.kube, "deployments")
    for token in ("first", "second", "third"):
        await asked_again(peace, "web", token)
    assert await dry_runs(peace.kube, "deployments") == before


@pytest.mark.parametrize("mode", MODES)
async def test_the_number_of_pods_is_the_autoscalers(
    peace: Releases, kubectl: Kubectl, release: str, mode: str
) -> None:
    """Whether the chart brings it or somebody else has made it."""
    await released(peace, mode, autoscaled=True)
    await peace.kube.apply(an_autoscaler(peace.namespace, "other"))
    for name in ("web", "other"):
        await scaled(peace.kube, peace.namespace, name, 3)
    assert await peace.condition("web", "Drifted") == {}

    told = await the_last_change(peace, kubectl)

    await quiet(peace)
    assert "replicas" not in told["message"]
    for name in ("web", "other"):
        found = await workload(peace, name)
        assert found["spec"]["replicas"] == 3
        assert found["metadata"]["generation"] == 2, "scaled once, and never back"
    assert await history(peace, release) == ["1 deployed"]


async def test_who_scales_by_hand_is_corrected(
    peace: Releases, kubectl: Kubectl, release: str
) -> None:
    """Without an autoscaler the number is the chart's, each time, and without a revision."""
    await released(peace, "enabled")

    for _ in range(2):
        await kubectl("scale", "deployment/web", "--replicas=4")
        await scaled(peace.kube, peace.namespace, "web", 1)

    await peace.says("web", "DriftCorrected", "/spec/replicas", "kubectl", kind="Drifted")
    assert await history(peace, release) == ["1 deployed"]


async def test_who_scales_by_hand_is_told_of(peace: Releases, kubectl: Kubectl) -> None:
    """The number stays, the release stays Ready; it is told again after it was mended by hand."""
    await released(peace, "warn")
    for number in ("4", "5"):
        await kubectl("scale", "deployment/web", f"--replicas={number}")

        await peace.says("web", "DriftDetected", "/spec/replicas", "kubectl", kind="Drifted")
        await asked_again(peace, "web", f"look-{number}")
        assert (await workload(peace, "web"))["spec"]["replicas"] == int(number)
        await peace.ready("web")

        await kubectl("scale", "deployment/web", "--replicas=1")
        await until(lambda: _mended(peace), within=20)


async def _mended(peace: Releases) -> bool:
    return (await peace.condition("web", "Drifted")).get("status") != "True"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("at", [ALWAYS, ("CREATE",)], ids=["at every write", "at creation"])
async def test_what_webhooks_set_is_theirs(
    peace: Releases, kubectl: Kubectl, at: tuple[str, ...], mode: str
) -> None:
    """An image from a mirror, a sidecar, labels: neither drift, nor lost in a correction."""
    async with mutating(peace.kube, peace.namespace, DEPLOYMENTS, meddled, at=at) as webhook:
        await called(peace.kube, webhook, a_probe(peace.namespace), DEPLOYMENTS)
        await released(peace, mode)
        assert await peace.condition("web", "Drifted") == {}

        told = await the_last_change(peace, kubectl)

        await quiet(peace)
        assert "image" not in told["message"]
        assert "team" not in told["message"]
        assert [one for one in webhook.met if one.startswith(("UPDATE web", "UPDATE other"))] == []
        for name in ("web", "other", "canary"):
            found = await workload(peace, name)
            assert images(found) == [f"{MIRROR}app:1", SIDECAR["image"]]
            assert found["metadata"]["labels"]["team"] == "mesh"


def a_probe(namespace: str) -> Document:
    """Return a Deployment that is never really made."""
    labels = {"probe": "probe"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [SIDECAR]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "probe", "namespace": namespace},
        "spec": {"selector": {"matchLabels": labels}, "template": pod},
    }


@pytest.mark.parametrize("mode", MODES)
async def test_what_the_api_server_spells_otherwise_is_no_drift(
    peace: Releases, kubectl: Kubectl, mode: str
) -> None:
    """Defaults, quantities, what is empty; not even a look comes of it."""
    before = await dry_runs(peace.kube, "deployments")
    await released(peace, mode, odd=True)

    told = await the_last_change(peace, kubectl)

    assert await dry_runs(peace.kube, "deployments") == before + 1
    assert "web" not in told["message"].replace("canary", "")
    assert (await workload(peace, "web"))["metadata"]["generation"] == 1


async def test_a_restart_of_the_pods_stands(peace: Releases, kubectl: Kubectl) -> None:
    """kubectl notes it where the chart has an empty map: an addition, no change."""
    await released(peace, "enabled", odd=True)
    await kubectl("rollout", "restart", "deployment/web")

    told = await the_last_change(peace, kubectl)

    assert "restartedAt" not in told["message"]
    pods = (await workload(peace, "web"))["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in pods["metadata"]["annotations"]
