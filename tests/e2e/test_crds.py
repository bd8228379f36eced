"""The CRDs on a real API server: they take what the old ones took, and show what they showed."""

import json
from typing import Any

import pytest
import yaml

from helmward.apis import GENERATIONS, V1, V1BETA1, Generation
from helmward.apis.convert import Request, convert
from helmward.kube import Kube
from helmward.model import FIVE_MINUTES, Account, Attempts, Chart, Outcome, ReleaseRef, Stage, Told
from tests.support.builders import NOW, a_revision
from tests.support.kubectl import Kubectl
from tests.support.manifests import FOLDER, manifests
from tests.support.operator import install_crds
from tests.support.plane import Plane

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)


@pytest.fixture
async def kubectl(plane: Plane, kube: Kube, namespace: str) -> Kubectl:
    await install_crds(kube)
    return Kubectl(plane.kubeconfig, namespace)


def name_of(document: dict[str, Any]) -> str:
    return str(document["metadata"]["name"])


@BOTH
@pytest.mark.parametrize("way", ["client-side", "server-side"])
async def test_what_the_old_definitions_took_is_taken(
    way: str, served: Generation, kubectl: Kubectl, kube: Kube
) -> None:
    """Unknown fields too: kubectl asks the server to be strict about them."""
    documents = manifests(served)
    flags = ("--server-side",) if way == "server-side" else ()
    given = yaml.safe_dump_all(documents)

    await kubectl("apply", "-f", "-", "--validate=strict", *flags, stdin=given)

    stored, _ = await kube.list(served.resource, kubectl.namespace)
    found = {name_of(one): one for one in stored}
    for document in documents:
        name = name_of(document)
        wanted = document["spec"] if flags else without_nulls(document["spec"])
        assert found[name]["spec"] == wanted, name
        assert found[name].get("owner") == document.get("owner")


def without_nulls(value: Any) -> Any:
    """Leave out what `kubectl apply` leaves out when it merges by itself."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


@BOTH
async def test_what_is_stored_can_be_read(served: Generation, kubectl: Kubectl, kube: Kube) -> None:
    """The API server's own JSON decides, not what was sent."""
    given = yaml.safe_dump_all(manifests(served))
    await kubectl("apply", "-f", "-", "--server-side", stdin=given)

    stored, _ = await kube.list(served.resource, kubectl.namespace)

    read = {name_of(one): served.decode(json.dumps(one).encode()) for one in stored}
    assert read["emptied"].problem == ""
    assert read["exported"].timeout == FIVE_MINUTES
    assert read["from-elsewhere"].commands.suspend


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "two forms of a chart",
        {
            "chart": {
                "git": "https://git.example.com/a",
                "path": "a",
                "repository": "https://charts.example.com",
                "name": "a",
                "version": "1.0.0",
            }
        },
        "either git and path, or repository, name and version",
    ),
    ("half a chart", {"chart": {"git": "https://git.example.com/a"}}, "either git and path"),
    (
        "two kinds of source in one entry",
        {"valuesFrom": [{"secretKeyRef": {"name": "a"}, "configMapKeyRef": {"name": "a"}}]},
        "exactly one of configMapKeyRef",
    ),
    ("no source in an entry", {"valuesFrom": [{}]}, "exactly one of configMapKeyRef"),
    ("a release name in capitals", {"releaseName": "Basket"}, "spec.releaseName"),
]


@pytest.mark.parametrize(("name", "spec", "words"), REFUSED, ids=[row[0] for row in REFUSED])
async def test_v1beta1_refuses_what_its_old_definition_refused(
    name: str, spec: dict[str, Any], words: str, kubectl: Kubectl
) -> None:
    chart = {"repository": "https://charts.example.com", "name": "a", "version": "1.0.0"}
    document = {
        "apiVersion": V1BETA1.resource.api_version,
        "kind": "HelmRelease",
        "metadata": {"name": "refused"},
        "spec": {"chart": chart, **spec},
    }
    code, _, errors = await kubectl.tried("apply", "-f", "-", stdin=yaml.safe_dump(document))

    assert code == 1, name
    assert words in errors


COLUMNS = {
    V1BETA1: ["NAME", "RELEASE", "CHART", "VERSION", "REVISION", "STATUS", "READY", "MESSAGE"],
    V1: ["NAME", "RELEASE", "PHASE", "RELEASESTATUS", "MESSAGE", "AGE"],
}


async def told(served: Generation, kubectl: Kubectl, kube: Kube) -> tuple[Any, Told]:
    """Write the status of a release in sync, as the operator does, with every field set."""
    basket = manifests(served)[0]
    await kubectl("apply", "-f", "-", stdin=yaml.safe_dump(basket))
    account = Account(
        generation=1,
        release=ReleaseRef("elsewhere", "basket"),
        stage=Stage.READY,
        reason="InSync",
        message="all is as asked for",
        chart_name="basket",
        chart=Chart("sha256:x", "basket", "2.1.0"),
        newest=a_revision(4, chart="basket-2.1.0"),
        attempts=Attempts(2),
        tested=Outcome.PASSED,
        values_checksum="0123",
        requested_at="now",
        force_at="now",
        reset_at="now",
    )
    status, written = served.status(account, Told(), NOW)
    await kube.replace_status(served.resource, "basket", kubectl.namespace, status)
    return status, written


@BOTH
async def test_the_columns_are_those_that_users_know(
    served: Generation, kubectl: Kubectl, kube: Kube
) -> None:
    await told(served, kubectl, kube)
    heads, row = (await kubectl("get", str(served.resource), "basket")).splitlines()
    wide = (await kubectl("get", str(served.resource), "basket", "-o", "wide")).splitlines()[0]

    assert heads.split()[: len(COLUMNS[served])] == COLUMNS[served]
    assert "all is as asked for" in row
    assert {"SUSPENDED", "FAILURES", "NEXTATTEMPT"} <= set(wide.split())


@BOTH
@pytest.mark.parametrize("condition", ["Released", "Ready"])
async def test_kubectl_can_wait_for_a_release(
    condition: str, served: Generation, kubectl: Kubectl, kube: Kube
) -> None:
    await told(served, kubectl, kube)
    named = f"{served.resource}/basket"

    said = await kubectl("wait", named, f"--for=condition={condition}", "--timeout=5s")

    assert "condition met" in said


@BOTH
async def test_a_whole_status_comes_back_as_it_was_written(
    served: Generation, kubectl: Kubectl, kube: Kube
) -> None:
    """What the definition dropped would be news at every turn, and be written for ever."""
    _, written = await told(served, kubectl, kube)
    found = await kube.get(served.resource, "basket", kubectl.namespace)

    assert served.decode(json.dumps(found).encode()).told == written


async def test_both_short_names_lead_to_the_kind(kubectl: Kubectl) -> None:
    listed = await kubectl("api-resources", "--no-headers", "--api-group=helm.fluxcd.io")

    assert "hr,hrs" in listed


async def test_what_was_converted_is_taken(kubectl: Kubectl) -> None:
    """`helmward convert` writes what the newer definition takes."""
    text = (FOLDER / "v1beta1.yaml").read_text()
    done = convert(text, Request(), file="v1beta1.yaml")

    said = await kubectl("apply", "-f", "-", "--validate=strict", stdin=done.text)

    assert said.count("helmrelease.helm.fluxcd.io/") == done.changed == len(manifests(V1BETA1))
