"""Changes that managedFields do not show by themselves are found all the same."""

import base64

import pytest

from helmward.kube.resources import DEPLOYMENTS, SECRETS
from tests.support.charts import ChartRepo
from tests.support.kubectl import Kubectl
from tests.support.operator import Releases
from tests.support.peace_chart import TEMPLATES, VALUES
from tests.support.plane import Plane
from tests.support.stories import asked_again
from tests.support.wait import until

FORGET = '{"metadata": {"managedFields": [{}]}}'


@pytest.fixture
async def peace(operator: Releases, repo: ChartRepo) -> Releases:
    """A release of the chart `peace` whose drift is put right."""
    repo.add("peace", "1.0.0", TEMPLATES, VALUES)
    peace = operator.of("peace")
    await peace.apply("web", values={"secret": "first"}, driftDetection={"mode": "enabled"})
    await peace.ready("web", within=60)
    return peace


@pytest.fixture
def kubectl(plane: Plane, namespace: str) -> Kubectl:
    return Kubectl(plane.kubeconfig, namespace)


async def test_a_secret_given_as_text(peace: Releases, kubectl: Kubectl) -> None:
    """The API server keeps it under `data`, which nobody applied; its value is told nowhere."""
    theirs = base64.b64encode(b"PLANTED").decode()
    await kubectl("patch", "secret/token", "--patch", f'{{"data": {{"token": "{theirs}"}}}}')

    async def is_back() -> bool:
        found = await peace.kube.get(SECRETS, "token", peace.namespace)
        return base64.b64decode(found["data"]["token"]) == b"first"

    await until(is_back, within=20)
    told = await peace.says("web", "DriftCorrected", "/data/token", kind="Drifted")
    for word in ("PLANTED", theirs, "first"):
        assert word not in told["message"]


async def test_an_object_whose_owners_were_forgotten(peace: Releases, kubectl: Kubectl) -> None:
    """Of such a one the API server notes no owner any more; so it is taken anew at once."""
    await kubectl("patch", "deployment/web", "--type=merge", "--patch", FORGET)

    async def is_ours_again() -> bool:
        found = await peace.kube.get(DEPLOYMENTS, "web", peace.namespace)
        owners = found["metadata"].get("managedFields", ())
        return any((one["manager"], one["operation"]) == ("helmward", "Apply") for one in owners)

    await until(is_ours_again, within=20)
    await kubectl("label", "deployment/web", "colour=red", "--overwrite")
    await peace.says("web", "DriftCorrected", "colour", kind="Drifted")


async def test_a_number_of_pods_that_was_put_back_and_changed_again(
    peace: Releases, kubectl: Kubectl
) -> None:
    """Who scales leaves the same entry each time, without a time."""
    for number in (5, 1, 5, 1, 6):
        await kubectl("scale", "deployment/web", f"--replicas={number}")
    await asked_again(peace, "web", "now")

    async def is_back() -> bool:
        found = await peace.kube.get(DEPLOYMENTS, "web", peace.namespace)
        return bool(found["spec"]["replicas"] == 1)

    await until(is_back, within=20)
    await peace.says("web", "DriftCorrected", "/spec/replicas", kind="Drifted")
