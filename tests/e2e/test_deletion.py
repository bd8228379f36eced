"""Deletion: the release goes with its HelmRelease, whatever else is gone, and nothing hangs."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from helmward.apis import GENERATIONS, V1, Generation
from helmward.apis.generation import FINALIZER
from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES, SECRETS
from helmward.model import ORPHANED
from tests.support.charts import ChartRepo
from tests.support.helm import config_map
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.stories import colour, forget_history, history
from tests.support.wait import until
from tests.support.workloads import JOBS
from tests.support.world import look

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)

HOOK = """apiVersion: batch/v1
kind: Job
metadata:
  name: {{{{ .Release.Name }}}}-{name}
  annotations: {{helm.sh/hook: "{name}"}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: main, image: "registry.invalid/job:1"}}]
"""


@pytest.fixture
async def dying(kube: Kube, operator: Releases) -> AsyncIterator[Releases]:
    """HelmReleases of a namespace that the test deletes; it has to go in the end."""
    name = f"test-{secrets.token_hex(4)}"
    await kube.create(NAMESPACES, {"metadata": {"name": name}})
    yield operator.elsewhere(name).of("app", resource=V1.resource)

    async def gone() -> bool:
        try:
            await kube.get(NAMESPACES, name)
        except NotFound:
            return True
        return False

    await until(gone, within=60)


# The namespace is terminating


@BOTH
async def test_a_release_goes_with_its_namespace(
    served: Generation, kube: Kube, dying: Releases
) -> None:
    releases = dying.of("app", resource=served.resource)
    await releases.apply("web")
    await releases.ready("web")
    await kube.delete(NAMESPACES, releases.namespace)
    await releases.gone("web", within=60)


async def test_a_hook_that_a_terminating_namespace_cannot_hold_keeps_nothing_from_going(
    kube: Kube, dying: Releases
) -> None:
    """Its pre-delete hook cannot be made any more; the namespace takes the objects with it."""
    await dying.apply("web", values={"leaving": {"completes-after": "100ms"}})
    await dying.ready("web")
    await kube.delete(NAMESPACES, dying.namespace)
    await dying.gone("web", within=60)


async def test_a_release_that_waits_goes_with_its_namespace(kube: Kube, dying: Releases) -> None:
    """Deleting ends the wait; nobody waits for the timeout."""
    never = {"workload": True, "pods": {"pod": "never-ready"}}
    await dying.apply("web", wait=True, timeout=600, values=never)

    async def waits() -> bool:
        found = await history(dying, f"{dying.namespace}-web")
        return found == ["1 pending-install"]

    await until(waits, within=30)
    await kube.delete(NAMESPACES, dying.namespace)
    await dying.gone("web", within=60)


async def test_a_release_elsewhere_goes_though_its_resource_stands_in_a_dying_namespace(
    kube: Kube, dying: Releases, v1: Releases
) -> None:
    """The target namespace lives on, so the objects there do not go by themselves."""
    name = f"{dying.namespace}-there"
    await dying.apply("web", releaseName=name, targetNamespace=v1.namespace)
    await dying.ready("web")
    assert await colour(v1, name) == "blue"
    await kube.delete(NAMESPACES, dying.namespace)
    await dying.gone("web", within=60)
    assert await colour(v1, name) is None
    assert await v1.revisions(name) == []


async def test_a_resource_whose_target_namespace_is_gone_goes(kube: Kube, v1: Releases) -> None:
    """Neither objects nor history are left to be uninstalled."""
    there = f"test-{secrets.token_hex(4)}"
    await kube.create(NAMESPACES, {"metadata": {"name": there}})
    await v1.apply("web", targetNamespace=there)
    await v1.ready("web")
    await v1.annotate("web", suspend="true")
    await until(lambda: _suspended(v1))
    await kube.delete(NAMESPACES, there)

    async def gone() -> bool:
        try:
            await kube.get(NAMESPACES, there)
        except NotFound:
            return True
        return False

    await until(gone, within=60)
    await v1.annotate("web", suspend=None)
    await v1.says("web", there, within=20)
    await v1.delete("web")
    await v1.gone("web")


async def _suspended(releases: Releases) -> bool:
    return (await releases.condition("web", "Suspended")).get("status") == "True"


# The chart is not there


async def test_a_repository_that_is_down_does_not_matter(
    v1: Releases, repo: ChartRepo, release: str
) -> None:
    await v1.apply("web")
    await v1.ready("web")
    repo.fail(status=500)
    await v1.delete("web")
    await v1.gone("web")
    assert await v1.revisions(release) == []
    assert await colour(v1, release) is None


async def test_a_repository_that_is_gone_does_not_matter_after_a_restart_either(
    plane: Plane, releases: Releases, charts: Path, release: str
) -> None:
    """Nothing of the chart is remembered then, and nobody can be asked."""
    with ChartRepo(charts) as short_lived:
        v1 = Releases(releases.kube, releases.namespace, short_lived.url, resource=V1.resource)
        v1 = v1.of("app")
        async with running(settings_for(plane.kubeconfig)):
            await v1.apply("web", values={"leaving": {"completes-after": "100ms"}})
            await v1.ready("web")
    async with running(settings_for(plane.kubeconfig)):
        await v1.delete("web")
        await v1.gone("web")
    assert await v1.revisions(release) == []
    assert await colour(v1, release) is None


async def test_what_could_never_be_installed_goes_at_once(v1: Releases) -> None:
    """A chart that there is not, a spec that breaks a rule, a name that another holds."""
    await v1.apply("holder", releaseName=f"{v1.namespace}-taken")
    await v1.ready("holder")
    await v1.apply("no-chart", chart={"version": "7.0.0"})
    await v1.apply("no-helm-2", helmVersion="v2")
    await v1.apply("no-name", releaseName=f"{v1.namespace}-taken")
    await v1.says("no-chart", "7.0.0")
    await v1.says("no-helm-2", "spec.helmVersion")
    await v1.says("no-name", "ReleaseNameTaken")
    for name in ("no-chart", "no-helm-2", "no-name"):
        await v1.delete(name)
        await v1.gone(name, within=10)
    assert await history(v1, f"{v1.namespace}-taken") == ["1 deployed"]


async def test_a_spec_that_became_wrong_does_not_matter(v1: Releases, release: str) -> None:
    """What is to be uninstalled stands in Helm's storage, not in the spec."""
    await v1.apply("web")
    await v1.ready("web")
    await v1.apply("web", helmVersion="v2", chart={"version": "7.0.0"})
    await v1.says("web", "spec.helmVersion")
    await v1.delete("web")
    await v1.gone("web")
    assert await v1.revisions(release) == []
    assert await colour(v1, release) is None


# Hooks


@BOTH
async def test_hooks_run_before_and_after(
    served: Generation, plane: Plane, releases: Releases, tmp_path: Path, release: str
) -> None:
    """One after the other: the last one sees the objects gone."""
    templates = {
        "config.yaml": config_map("{{ .Release.Name }}"),
        "before.yaml": HOOK.format(name="pre-delete"),
        "after.yaml": HOOK.format(name="post-delete"),
    }
    with ChartRepo(tmp_path) as repo:
        repo.add("leaver", "1.0.0", templates)
        ours = Releases(releases.kube, releases.namespace, repo.url, resource=served.resource)
        async with running(settings_for(plane.kubeconfig)):
            await ours.apply("web", chart={"name": "leaver"})
            await ours.ready("web")
            assert await jobs(ours) == {}
            await ours.delete("web")
            await ours.gone("web", within=60)
    ran = await jobs(ours)
    assert set(ran) == {f"{release}-pre-delete", f"{release}-post-delete"}
    assert all(one["status"].get("succeeded") == 1 for one in ran.values())
    first, last = (ran[f"{release}-{when}"]["status"] for when in ("pre-delete", "post-delete"))
    assert first["completionTime"] <= last["startTime"]
    with pytest.raises(NotFound):
        await ours.kube.get(CONFIG_MAPS, release, ours.namespace)


async def jobs(releases: Releases) -> dict[str, dict[str, Any]]:
    found, _ = await releases.kube.list(JOBS, releases.namespace)
    return {one["metadata"]["name"]: one for one in found}


# Somebody was faster, or nobody was there


@BOTH
async def test_a_release_that_is_gone_already_does_not_matter(
    served: Generation, plane: Plane, releases: Releases, release: str
) -> None:
    """`helm uninstall`, then `kubectl delete`, while the operator was down."""
    ours = releases.of("app", resource=served.resource)
    async with running(settings_for(plane.kubeconfig)):
        await ours.apply("web")
        await ours.ready("web")
    await forget_history(ours, release)
    await ours.kube.delete(CONFIG_MAPS, f"{release}-0", ours.namespace)
    await ours.delete("web")
    async with running(settings_for(plane.kubeconfig)):
        await ours.gone("web")


@BOTH
async def test_objects_that_are_gone_already_do_not_matter(
    served: Generation, operator: Releases, release: str
) -> None:
    ours = operator.of("app", resource=served.resource)
    await ours.apply("web", values={"objects": 3})
    await ours.ready("web")
    await ours.kube.delete(CONFIG_MAPS, f"{release}-1", ours.namespace)
    await ours.delete("web")
    await ours.gone("web")
    assert await ours.revisions(release) == []
    assert await colour(ours, release) is None


@BOTH
async def test_what_was_deleted_while_the_operator_was_down_is_uninstalled_at_its_start(
    served: Generation, plane: Plane, releases: Releases, release: str
) -> None:
    """The old operator never heard of it, and left the release behind."""
    ours = releases.of("app", resource=served.resource)
    async with running(settings_for(plane.kubeconfig)):
        await ours.apply("web")
        await ours.ready("web")
        assert (await ours.get("web"))["metadata"]["finalizers"] == [FINALIZER]
    await ours.delete("web")
    assert (await ours.get("web"))["metadata"]["deletionTimestamp"]
    async with running(settings_for(plane.kubeconfig)):
        await ours.gone("web")
    assert await ours.revisions(release) == []
    assert await colour(ours, release) is None


@BOTH
async def test_a_suspended_one_leaves_all_even_if_the_operator_was_down(
    served: Generation, plane: Plane, releases: Releases, release: str
) -> None:
    """Object for object and revision for revision."""
    ours = releases.of("app", resource=served.resource)
    async with running(settings_for(plane.kubeconfig)):
        await ours.apply("web", values={"colour": "red"})
        await ours.ready("web")
    before = await ours.kube.get(CONFIG_MAPS, f"{release}-0", ours.namespace)
    stored = await ours.secret(release, 1)
    await ours.annotate("web", suspend="true")
    await ours.delete("web")
    async with running(settings_for(plane.kubeconfig)):
        await ours.gone("web")
    assert await ours.kube.get(CONFIG_MAPS, f"{release}-0", ours.namespace) == before
    assert await ours.secret(release, 1) == stored


async def test_made_anew_at_once_it_is_installed_anew(v1: Releases, release: str) -> None:
    """The trick by which users reinstall: delete it, and let it be applied again."""
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    first = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)
    await v1.delete("web")
    await v1.gone("web")
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    assert await history(v1, release) == ["1 deployed"]
    now = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)
    assert now["metadata"]["uid"] != first["metadata"]["uid"]


async def test_deleted_while_the_finalizer_is_put_on_nothing_is_left_behind(v1: Releases) -> None:
    """The API server looks for finalizers before it deletes, not while: one in three escapes."""

    async def made_and_deleted(number: int) -> None:
        await v1.apply(f"web-{number}", values={"objects": 2})
        await asyncio.sleep(number % 10 * 0.003)
        await v1.delete(f"web-{number}")

    for start in range(0, 100, 10):
        await asyncio.gather(*map(made_and_deleted, range(start, start + 10)))
    # Whoever waits in the queue before this one has had its turn when this one has had two.
    await v1.apply("last")
    await v1.ready("last", within=60)
    await v1.delete("last")
    await v1.gone("last", within=60)

    async def nothing_is_left() -> bool:
        world = await look(v1)
        return not (world.resources or world.histories or world.objects(v1.namespace))

    await until(nothing_is_left, within=60)


async def test_what_went_without_being_let_go_is_gone_on_with_after_a_restart(
    plane: Plane, releases: Releases, release: str
) -> None:
    """Nothing else says that the release is to go: its HelmRelease is not there any more."""
    ours = releases.of("app", resource=V1.resource)
    await left_behind(plane, ours, release)
    marked = {"metadata": {"annotations": {ORPHANED: "the uid it had"}}}
    await ours.kube.patch(SECRETS, f"sh.helm.release.v1.{release}.v1", ours.namespace, marked)
    async with running(settings_for(plane.kubeconfig)):

        async def nothing_is_left() -> bool:
            return not await ours.revisions(release)

        await until(nothing_is_left)
    assert await colour(ours, release) is None


async def test_who_takes_the_finalizer_away_by_hand_keeps_the_release(
    plane: Plane, releases: Releases, release: str
) -> None:
    ours = releases.of("app", resource=V1.resource)
    await left_behind(plane, ours, release)
    async with running(settings_for(plane.kubeconfig)):
        await ours.apply("other")
        await ours.ready("other")
        await ours.delete("other")
        await ours.gone("other")
    assert await history(ours, release) == ["1 deployed"]
    assert await colour(ours, release)


async def left_behind(plane: Plane, ours: Releases, release: str) -> None:
    """Install a release and take its HelmRelease away while no operator runs."""
    async with running(settings_for(plane.kubeconfig)):
        await ours.apply("web")
        await ours.ready("web")
    patch = {"metadata": {"finalizers": None}}
    await ours.kube.patch(ours.resource, "web", ours.namespace, patch)
    await ours.delete("web")
    await ours.gone("web")
    assert await history(ours, release) == ["1 deployed"]
