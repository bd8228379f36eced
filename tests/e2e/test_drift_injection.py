"""A field that the chart leaves empty and somebody else fills in: an authority of a webhook."""

import pytest

from tests.support.charts import ChartRepo
from tests.support.injector import CONFIGURATIONS, MANAGER, bundle_of, injecting
from tests.support.kubectl import Kubectl
from tests.support.operator import Releases
from tests.support.peace_chart import TEMPLATES, VALUES
from tests.support.plane import Plane

PATH = "/webhooks/0/clientConfig/caBundle"
IGNORED = [{"paths": [PATH], "target": {"kind": "ValidatingWebhookConfiguration"}}]


@pytest.fixture
async def peace(operator: Releases, repo: ChartRepo) -> Releases:
    """HelmReleases of the chart `peace`."""
    repo.add("peace", "1.0.0", TEMPLATES, VALUES)
    return operator.of("peace")


@pytest.fixture
def kubectl(plane: Plane, namespace: str) -> Kubectl:
    return Kubectl(plane.kubeconfig, namespace)


async def released(peace: Releases, **drift: object) -> None:
    await peace.apply("web", values={"injected": True}, driftDetection=drift)
    await peace.ready("web", within=60)


async def test_with_a_rule_it_is_left_alone(
    peace: Releases, kubectl: Kubectl, release: str
) -> None:
    """Also in a correction of something else of the same object."""
    await released(peace, mode="enabled", ignore=IGNORED)
    async with injecting(peace.kube, release) as bundle:
        before = await peace.kube.get(CONFIGURATIONS, release)
        await kubectl("label", f"{CONFIGURATIONS.plural}/{release}", "colour=red", "--overwrite")

        told = await peace.says("web", "DriftCorrected", "colour", kind="Drifted")

        assert "caBundle" not in told["message"]
        after = await peace.kube.get(CONFIGURATIONS, release)
        assert after["metadata"]["labels"]["colour"] == "blue"
        assert await bundle_of(peace.kube, release) == bundle
        assert after["metadata"]["generation"] == before["metadata"]["generation"]


async def test_without_a_rule_it_is_told(peace: Releases, release: str) -> None:
    """With who did it; the value is long, and is not told."""
    await released(peace, mode="warn")
    async with injecting(peace.kube, release) as bundle:
        told = await peace.says("web", "DriftDetected", PATH, MANAGER, kind="Drifted")

        assert bundle not in told["message"]
        assert await bundle_of(peace.kube, release) == bundle


async def test_without_a_rule_it_is_a_fight_that_is_given_up(peace: Releases, release: str) -> None:
    """The injector has the last word for now; who fights, and over what, is told."""
    await released(peace, mode="enabled")
    async with injecting(peace.kube, release) as bundle:
        await peace.says("web", "Contested", MANAGER, PATH, kind="Drifted", within=60)

        await peace.ready("web")
        assert await bundle_of(peace.kube, release) == bundle
