"""What the fields of a spec say reaches Helm, in both generations where both have the field."""

from typing import Any

import pytest

from helmward.apis import GENERATIONS, V1
from helmward.errors import NotFound
from helmward.kube.resources import CONFIG_MAPS, CRDS, DEPLOYMENTS, NAMESPACES, Resource
from tests.support.charts import ChartRepo
from tests.support.operator import Releases
from tests.support.wait import until

JOBS = Resource("batch", "v1", "jobs", "Job")
SETTINGS = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
{{- if .Values.unknown }}
nonsense: unheard of
{{- end }}
data:
  colour: {{ .Values.colour | quote }}
  size: {{ .Values.size | quote }}
"""
WORKLOAD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: 0
  selector:
    matchLabels: {app: {{ .Values.app }}}
  template:
    metadata:
      labels: {app: {{ .Values.app }}}
    spec:
      containers: [{name: main, image: "registry.invalid/app:1"}]
"""
REFUSED = """{{- if .Values.refused }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .Release.Name }}
spec: {}
{{- end }}
"""
ON_THE_WAY_BACK = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hooked
  annotations: {helm.sh/hook: pre-rollback}
"""
UNKNOWN_HOOK = """{{- if .Values.unknown }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-unknown
  annotations:
    helm.sh/hook: test,pre-delete
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
nonsense: unheard of
{{- end }}
"""
TEMPLATES = {
    "unknown.yaml": UNKNOWN_HOOK,
    "settings.yaml": SETTINGS,
    "workload.yaml": WORKLOAD,
    "refused.yaml": REFUSED,
    "back.yaml": ON_THE_WAY_BACK,
}
VALUES = {"colour": "blue", "size": 1, "app": "a", "refused": False, "unknown": False}
RESTARTED = "helmward.dev/restartedAt"
BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)
THINGS = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: GROUPED}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""


@pytest.fixture
def knobs(operator: Releases, repo: ChartRepo) -> Releases:
    """HelmReleases of the chart `knobs`."""
    repo.add("knobs", "1.0.0", TEMPLATES, VALUES)
    return operator.of("knobs")


@pytest.fixture
def v1(knobs: Releases) -> Releases:
    """The same of `helm.fluxcd.io/v1`."""
    return knobs.of("knobs", resource=V1.resource)


async def found(releases: Releases, name: str = "", resource: Resource = CONFIG_MAPS) -> Any:
    """Read an object of the release of `web`; `name` is the rest of its name."""
    whole = f"{releases.namespace}-web{name}"
    try:
        return await releases.kube.get(resource, whole, releases.namespace)
    except NotFound:
        return None


async def settings(releases: Releases) -> tuple[str, str]:
    data = (await found(releases))["data"]
    return data["colour"], data["size"]


async def statuses(releases: Releases) -> list[str]:
    revisions = await releases.revisions(f"{releases.namespace}-web")
    return [f"{one['version']} {one['info']['status']}" for one in revisions]


@BOTH
async def test_each_object_tells_whose_it_is(served: Any, knobs: Releases) -> None:
    """Flux and its tools read the annotation; each generation writes its own."""
    releases = knobs.of("knobs", resource=served.resource)
    await releases.apply("web")
    await releases.ready("web")
    antecedent = f"{served.resource.group}/antecedent"
    whose = (await found(releases))["metadata"]["annotations"]
    assert whose[antecedent] == f"{releases.namespace}:helmrelease/web"


@BOTH
async def test_force_upgrade_makes_anew_what_cannot_change(served: Any, knobs: Releases) -> None:
    releases = knobs.of("knobs", resource=served.resource)
    await releases.apply("web")
    await releases.ready("web")
    before = await found(releases, resource=DEPLOYMENTS)
    await releases.apply("web", values={"app": "b"})
    await releases.says("web", "immutable")
    await releases.apply("web", values={"app": "b"}, forceUpgrade=True)
    await releases.ready("web")
    after = await found(releases, resource=DEPLOYMENTS)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"]["selector"]["matchLabels"] == {"app": "b"}


async def test_values_of_before_stay_under_the_new_ones_in_v1_if_not_reset(v1: Releases) -> None:
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    await v1.apply("web", values={"size": 2}, resetValues=False)
    await v1.ready("web")
    assert await settings(v1) == ("red", "2")
    await v1.apply("web", values={"size": 2})
    await v1.ready("web")
    assert await settings(v1) == ("blue", "2")


async def test_values_of_before_stay_in_v1beta1_where_none_are_given(knobs: Releases) -> None:
    await knobs.apply("web", values={"colour": "red"})
    await knobs.ready("web")
    await knobs.apply("web")
    await knobs.ready("web")
    assert await settings(knobs) == ("red", "1")
    await knobs.apply("web", resetValues=True)
    await knobs.ready("web")
    assert await settings(knobs) == ("blue", "1")


@pytest.mark.parametrize(("limit", "kept"), [(2, 2), (0, 12), (None, 10)])
async def test_as_many_revisions_are_kept_as_asked_for(
    limit: int | None, kept: int, v1: Releases
) -> None:
    """None asked for means ten, and 0 all of them."""
    history = {} if limit is None else {"maxHistory": limit}
    for size in range(12):
        await v1.apply("web", values={"size": size}, **history)
        await v1.ready("web")
    assert len(await statuses(v1)) == kept


@pytest.mark.parametrize("skip", [True, False])
async def test_an_install_can_leave_the_charts_own_kinds_out(
    skip: bool, v1: Releases, repo: ChartRepo
) -> None:
    group = f"{v1.namespace}.example.com"
    text = THINGS.replace("GROUPED", f"things.{group}").replace("GROUP", group)
    name = f"kinds-{v1.namespace}"
    repo.add(name, "1.0.0", {"s.yaml": SETTINGS}, VALUES, files={"crds/t.yaml": text})
    await v1.apply("web", chart={"name": name}, skipCRDs=skip)
    await v1.ready("web")
    names = {one["metadata"]["name"] for one in (await v1.kube.list(CRDS))[0]}
    assert (f"things.{group}" in names) is not skip
    if not skip:
        await v1.kube.delete(CRDS, f"things.{group}")


async def test_fields_that_nobody_knows_are_let_pass_where_that_is_asked_for(
    v1: Releases,
) -> None:
    """In every verb: install, upgrade, test, rollback and uninstall."""
    lenient: dict[str, Any] = {
        "disableOpenAPIValidation": True,
        "test": {"enable": True},
        "rollback": {"enable": True},
    }
    await v1.apply("web", values={"unknown": True})
    await v1.says("web", "nonsense")
    await v1.apply("web", values={"unknown": True}, **lenient)
    await v1.ready("web")
    assert (await v1.condition("web", "Tested"))["status"] == "True"
    await v1.apply("web", values={"unknown": True, "size": 2}, **lenient)
    await v1.ready("web")
    assert await settings(v1) == ("blue", "2")
    await v1.apply("web", values={"unknown": True, "size": 3, "refused": True}, **lenient)
    await v1.says("web", "RolledBack", "brought back")
    assert await settings(v1) == ("blue", "2")
    await v1.delete("web")
    await v1.gone("web")


async def test_a_rollback_is_made_as_it_says(v1: Releases) -> None:
    """Without hooks, by force, and with the pods restarted."""
    back = {"enable": True, "disableHooks": True, "force": True, "recreate": True}
    await v1.apply("web", rollback=back)
    await v1.ready("web")
    # What could not change was made anew before the upgrade came to what is refused.
    bad = {"app": "b", "refused": True}
    await v1.apply("web", rollback=back, forceUpgrade=True, values=bad)
    await v1.says("web", "RolledBack", "revision 3")
    workload = await found(v1, resource=DEPLOYMENTS)
    assert workload["spec"]["selector"]["matchLabels"] == {"app": "a"}
    assert await found(v1, "-hooked") is None


async def test_a_rollback_can_restart_the_pods(v1: Releases) -> None:
    back = {"enable": True, "recreate": True}
    await v1.apply("web", rollback=back)
    await v1.ready("web")
    await v1.apply("web", rollback=back, values={"refused": True})
    await v1.says("web", "RolledBack", "revision 3")
    template = (await found(v1, resource=DEPLOYMENTS))["spec"]["template"]
    assert RESTARTED in template["metadata"]["annotations"]
    assert await found(v1, "-hooked"), "hooks run unless told otherwise"


async def test_tests_are_cleaned_up_unless_told_otherwise(operator: Releases) -> None:
    v1 = operator.of("app", resource=V1.resource)
    check = {"check": {"completes-after": "100ms"}}
    await v1.apply("web", test={"enable": True}, values=check)
    await v1.ready("web")
    assert await found(v1, "-check", JOBS) is None
    kept = {"enable": True, "cleanup": False}
    await v1.apply("web", test=kept, values=check | {"colour": "red"})
    await v1.ready("web")
    assert await found(v1, "-check", JOBS)


async def test_tests_have_a_timeout_of_their_own(operator: Releases) -> None:
    """However short that of the other operations is."""
    v1 = operator.of("app", resource=V1.resource)
    check = {"check": {"completes-after": "20s"}}
    await v1.apply("web", timeout=1, test={"enable": True, "timeout": 60}, values=check)
    await v1.ready("web", within=50)
    assert (await v1.condition("web", "Tested"))["status"] == "True"


async def test_a_release_elsewhere_is_called_after_both_namespaces(v1: Releases) -> None:
    elsewhere = f"{v1.namespace}-there"
    await v1.kube.create(NAMESPACES, {"metadata": {"name": elsewhere}})
    await v1.apply("web", targetNamespace=elsewhere)
    status = await v1.ready("web")
    name = f"{v1.namespace}-{elsewhere}-web"
    assert (status["releaseName"], status["releaseNamespace"]) == (name, elsewhere)
    assert len(await v1.elsewhere(elsewhere).revisions(name)) == 1
    await v1.clear()
    await v1.kube.delete(NAMESPACES, elsewhere)


NOT_SERVED: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("helm-2", {"helmVersion": "v2"}, ("spec.helmVersion", "v2 is not served")),
]


@pytest.mark.parametrize(("name", "spec", "words"), NOT_SERVED, ids=[row[0] for row in NOT_SERVED])
async def test_what_is_not_served_says_so_and_the_release_is_left_as_it_is(
    name: str, spec: dict[str, Any], words: tuple[str, ...], v1: Releases
) -> None:
    assert name
    await v1.apply("web")
    await v1.ready("web")
    await v1.apply("web", **spec, values={"colour": "red"})
    told = await v1.says("web", *words)
    assert told["status"] == "False"
    assert await statuses(v1) == ["1 deployed"]
    assert (await settings(v1))[0] == "blue"
    assert (await v1.condition("web", "Stalled"))["status"] == "True"


@BOTH
async def test_a_chart_in_git_that_cannot_be_had_leaves_the_release_as_it_is(
    served: Any, knobs: Releases
) -> None:
    """Also when it replaces one of a repository; a deletion needs no chart."""
    releases = knobs.of("knobs", resource=served.resource)
    await releases.apply("web")
    await releases.ready("web")
    git = {"git": "http://127.0.0.1:1/charts", "path": "knobs"}
    await releases.kube.patch(
        releases.resource,
        "web",
        releases.namespace,
        {"spec": {"chart": git | dict.fromkeys(("repository", "name", "version"))}},
    )
    told = await releases.says("web", "SourceUnavailable", "127.0.0.1:1/charts")
    assert told["status"] == "False"
    assert (await releases.condition("web", "ChartFetched"))["status"] == "False"
    assert await statuses(releases) == ["1 deployed"]
    await releases.delete("web")
    await releases.gone("web")
    assert await statuses(releases) == []


async def test_a_status_follows_the_storage_without_being_polled(knobs: Releases) -> None:
    """Helm's own word for the newest revision, in capitals as Helm 2 had them."""
    await knobs.apply("web")
    status = await knobs.ready("web")
    assert (status["releaseName"], status["releaseStatus"]) == (
        f"{knobs.namespace}-web",
        "DEPLOYED",
    )
    await knobs.apply("web", values={"refused": True})

    async def failed() -> bool:
        return bool((await knobs.status("web")).get("releaseStatus") == "FAILED")

    await until(failed)
