"""Install, upgrade, uninstall, and what they leave behind."""

import json

import pytest

from helmward.engine import WriterId
from helmward.errors import SpecInvalid
from helmward.kube.resources import DEPLOYMENTS, SECRETS
from helmward.model import Base, Status
from tests.support.charts import SIX_TEMPLATES, SIX_VALUES
from tests.support.helm import SOON, Helm, config_map
from tests.support.wait import until


async def test_an_install_writes_revision_one_and_its_objects(helm: Helm) -> None:
    chart = await helm.chart(SIX_TEMPLATES, SIX_VALUES)
    phases: list[str] = []
    revision = await helm.install(chart, on_phase=lambda name, _: phases.append(name))

    assert (revision.number, revision.status, revision.chart) == (1, Status.DEPLOYED, "app-1.0.0")
    assert revision.description == "installed by a test"
    assert await helm.data("web-config") == {"greeting": "hello"}
    assert await helm.live("web", DEPLOYMENTS)
    assert phases[:2] == ["rendering", "claiming"]
    assert 1 <= phases.count("applying") < 6  # a few times a second, however many they are


async def settled(helm: Helm) -> bool:
    """Tell whether no controller has anything left to write to the Deployment."""
    deployment = await helm.live("web", DEPLOYMENTS)
    return deployment is not None and deployment["status"].get("availableReplicas") == 1


async def test_an_install_and_an_upgrade_of_six_objects_cost_few_requests(helm: Helm) -> None:
    """The claim, one look at the list, one request an object, the status."""
    chart = await helm.chart(SIX_TEMPLATES, SIX_VALUES)
    first = await helm.install(chart)
    assert helm.engine.last_cost is not None
    assert helm.engine.last_cost.api_requests <= 9
    await until(lambda: settled(helm))
    await helm.upgrade(first, chart, {"greeting": "again"})
    assert helm.engine.last_cost.api_requests <= 11


async def test_an_upgrade_supersedes_the_revision_before(helm: Helm) -> None:
    chart = await helm.chart(SIX_TEMPLATES, SIX_VALUES)
    first = await helm.install(chart)
    second = await helm.upgrade(first, chart, {"greeting": "again"})

    assert second.description == "upgraded by a test"
    assert await helm.data("web-config") == {"greeting": "again"}
    assert await helm.statuses() == ["1 superseded", "2 deployed"]


async def test_empty_values_are_the_charts_own_not_those_before(helm: Helm) -> None:
    """The SDK would reuse the last values when none are given."""
    chart = await helm.chart(SIX_TEMPLATES, SIX_VALUES)
    first = await helm.install(chart, {"greeting": "special"})
    await helm.upgrade(first, chart)
    assert await helm.data("web-config") == {"greeting": "hello"}


async def test_history_is_pruned_to_what_is_kept(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")})
    revision = await helm.install(chart)
    for _ in range(4):
        revision = await helm.upgrade(revision, chart, max_history=3)
    assert await helm.statuses() == ["3 superseded", "4 superseded", "5 deployed"]


async def test_an_uninstall_leaves_nothing(helm: Helm) -> None:
    chart = await helm.chart(SIX_TEMPLATES, SIX_VALUES)
    first = await helm.install(chart)
    second = await helm.upgrade(first, chart)
    await helm.uninstall(second)

    assert await helm.statuses() == []
    assert await helm.data("web-config") is None
    assert await helm.live("web", DEPLOYMENTS) is None
    assert await helm.live("web-secret", SECRETS) is None


async def test_uninstalling_what_is_not_there_is_success(helm: Helm) -> None:
    await helm.engine.uninstall(helm.ref("absent"), base=Base(), why="", deadline=SOON)


async def test_an_uninstall_keeps_what_the_chart_wants_kept(helm: Helm) -> None:
    kept = config_map("kept").replace(
        "  name: kept\n", "  name: kept\n  annotations: {helm.sh/resource-policy: keep}\n"
    )
    chart = await helm.chart({"kept.yaml": kept, "gone.yaml": config_map("gone")})
    first = await helm.install(chart)
    second = await helm.upgrade(first, await helm.chart({"new.yaml": config_map("new")}, name="b"))
    await helm.uninstall(second)
    assert await helm.live("kept")
    assert await helm.live("gone") is None


async def test_a_revision_is_stored_as_any_helm_reads_it(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")}, {"a": 1})
    await helm.install(chart, {"b": 2})
    stored = await helm.stored(1)
    secret, release = stored["secret"], stored["release"]

    assert secret["type"] == "helm.sh/release.v1"
    labels = secret["metadata"]["labels"]
    assert {key: labels[key] for key in ("name", "owner", "status", "version")} == {
        "name": "web",
        "owner": "helm",
        "status": "deployed",
        "version": "1",
    }
    assert int(labels["modifiedAt"]) > 0
    assert release["name"] == "web"
    assert release["namespace"] == helm.namespace
    assert release["version"] == 1
    assert release["config"] == {"b": 2}
    assert release["chart"]["values"] == {"a": 1}
    assert release["info"]["status"] == "deployed"
    assert release["info"]["description"] == "installed by a test"
    assert "kind: ConfigMap" in release["manifest"]


async def test_the_claim_tells_who_writes_and_until_when(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")})
    revision = await helm.engine.install(
        helm.ref(),
        chart=chart,
        values=b"{}",
        base=Base(),
        why="because",
        deadline=SOON,
        writer=WriterId("ops/session-1", epoch=7),
        annotations={"helmward.dev/owner": "somebody"},
    )
    told = revision.annotations
    assert told["helmward.dev/session"] == "ops/session-1"
    assert told["helmward.dev/epoch"] == "7"
    assert told["helmward.dev/instance"] == helm.process.instance
    assert told["helmward.dev/owner"] == "somebody"
    assert told["helmward.dev/chart"] == "app-1.0.0"
    assert told["helmward.dev/phase"] == "done"
    assert told["helmward.dev/deadline"].endswith("Z")


VALUES = """apiVersion: v1
kind: ConfigMap
metadata:
  name: values
data:
  nulled: {{ hasKey .Values "nulled" | quote }}
  big: {{ .Values.big | quote }}
  float: {{ .Values.float | quote }}
  text: {{ .Values.text | quote }}
"""


async def test_values_mean_what_a_values_file_means(helm: Helm) -> None:
    """Null takes a default away, escapes are read, large numbers are Helm's floats."""
    chart = await helm.chart({"v.yaml": VALUES}, {"nulled": "default", "big": 0, "float": 0})
    given = {"nulled": None, "big": 12345678901, "float": 1.5, "text": "wave \U0001f30a"}
    await helm.install(chart, given)
    assert await helm.data("values") == {
        "nulled": "false",
        "big": "1.2345678901e+10",
        "float": "1.5",
        "text": "wave \U0001f30a",
    }


async def test_charts_see_the_clusters_own_capabilities(helm: Helm) -> None:
    seen = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: seen\ndata:\n"
        "  version: {{ .Capabilities.KubeVersion.Version }}\n"
        '  batch: {{ .Capabilities.APIVersions.Has "batch/v1/Job" | quote }}\n'
        '  other: {{ .Capabilities.APIVersions.Has "other.example/v1" | quote }}\n'
    )
    chart = await helm.chart({"seen.yaml": seen}, metadata={"kubeVersion": ">=1.30.0"})
    await helm.install(chart)
    version = (await helm.kube.version())["gitVersion"]
    assert await helm.data("seen") == {"version": version, "batch": "true", "other": "false"}


async def test_a_template_renders_and_writes_nothing(helm: Helm) -> None:
    templates = {**SIX_TEMPLATES, "NOTES.txt": "Hello {{ .Release.Name }}"}
    chart = await helm.chart(templates, SIX_VALUES)
    values = json.dumps({"greeting": "rendered"}).encode()
    rendered = await helm.engine.template(helm.ref(), chart=chart, values=values)
    assert 'greeting: "rendered"' in rendered.manifest
    assert rendered.notes == "Hello web"
    assert await helm.statuses() == []
    assert await helm.data("web-config") is None


async def test_a_revision_can_be_read_with_its_content(helm: Helm) -> None:
    chart = await helm.chart(SIX_TEMPLATES, SIX_VALUES)
    first = await helm.install(chart, {"greeting": "one"})
    await helm.upgrade(first, chart, {"greeting": "two"})

    newest = await helm.engine.get(helm.ref())
    assert newest is not None
    assert newest.number == 2
    old = await helm.engine.content(helm.ref(), 1)
    assert old is not None
    assert json.loads(old.values) == {"greeting": "one"}
    assert "hello" not in old.manifest
    assert await helm.engine.get(helm.ref("absent")) is None


@pytest.mark.parametrize("name", ["x" * 54, "Upper", "under_score", ""])
async def test_a_name_that_helm_refuses_is_refused(helm: Helm, name: str) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")})
    with pytest.raises(SpecInvalid, match="release name"):
        await helm.install(chart, name=name)


async def test_a_missing_namespace_is_made_where_that_is_asked_for(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")})
    helm.namespace += "-new"
    revision = await helm.install(chart, create_namespace=True)
    assert revision.status == Status.DEPLOYED
    await helm.uninstall(revision)
