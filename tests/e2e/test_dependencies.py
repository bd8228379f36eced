"""`dependsOn` in the whole: what is installed, upgraded and uninstalled in which order."""

from typing import Any

from helmward.apis import V1
from helmward.errors import NotFound
from helmward.kube.resources import CONFIG_MAPS, EVENTS
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.stories import history
from tests.support.wait import until


def on(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, **more} for name in names]


async def object_of(releases: Releases, name: str) -> dict[str, Any]:
    """The ConfigMap that the release of a HelmRelease made; empty when there is none."""
    try:
        found = await releases.kube.get(
            CONFIG_MAPS, f"{releases.namespace}-{name}", releases.namespace
        )
    except NotFound:
        return {}
    return dict(found)


async def order(releases: Releases, *names: str) -> list[str]:
    """The HelmReleases in the order in which their objects were last written."""
    found = {name: await object_of(releases, name) for name in names}
    return sorted(names, key=lambda name: int(found[name]["metadata"]["resourceVersion"]))


async def waits(releases: Releases, name: str, *words: str) -> dict[str, Any]:
    return await releases.says(name, "DependencyNotReady", *words)


async def test_what_depends_is_installed_after_what_it_depends_on(operator: Releases) -> None:
    """Applied in reverse order; each has its time for waiting."""
    await operator.apply("c", dependsOn=on("b"))
    await waits(operator, "c", "HelmRelease", "/b is not there")
    await operator.apply("b", dependsOn=on("a"))
    await waits(operator, "b", "/a is not there")
    assert not await object_of(operator, "b")
    await operator.apply("a")
    for name in "abc":
        await operator.ready(name)
    assert await order(operator, "c", "b", "a") == ["a", "b", "c"]
    for name in "abc":
        assert await history(operator, f"{operator.namespace}-{name}") == ["1 deployed"]


async def test_an_upgrade_of_both_goes_in_lockstep(v1: Releases) -> None:
    """The dependent waits for the newest generation, not for what was ready before."""
    slow = {"workload": True, "pods": {"ready-after": "2s"}}
    await v1.apply("a", values=slow, wait=True)
    await v1.apply("b", dependsOn=on("a"))
    await v1.ready("b", within=60)
    await v1.apply("a", values={**slow, "colour": "green"}, wait=True)
    await v1.apply("b", dependsOn=on("a"), values={"colour": "green"})
    await waits(v1, "b", "/a is not ready yet")
    await v1.ready("b", within=60)
    assert (await v1.status("a"))["observedGeneration"] == 2
    assert await history(v1, f"{v1.namespace}-b") == ["1 superseded", "2 deployed"]


async def test_a_failed_dependency_is_named_and_what_is_in_sync_goes_on(v1: Releases) -> None:
    await v1.apply("a")
    await v1.apply("b", dependsOn=on("a"))
    await v1.ready("b")
    await v1.apply("a", chart={"version": "9.9.9"})
    await v1.says("a", "ChartNotFound")
    await v1.annotate("b", **{"reconcile.fluxcd.io/requestedAt": "now"})

    async def looked() -> bool:
        return bool((await v1.status("b")).get("lastHandledReconcileAt") == "now")

    await until(looked)
    assert (await v1.condition("b", "Ready"))["status"] == "True"
    await v1.apply("b", dependsOn=on("a"), values={"colour": "green"})
    await waits(v1, "b", "/a is not ready: ChartNotFound")
    await v1.apply("a")
    await v1.ready("b")
    assert (await v1.condition("b", "Ready"))["status"] == "True"


async def test_all_deleted_at_once_go_in_reverse_order(operator: Releases) -> None:
    """Each is there until nobody depends on it any more."""
    await operator.apply("a")
    await operator.apply("b", dependsOn=on("a"))
    await operator.apply("c", dependsOn=on("b"))
    await operator.ready("c")
    seen: list[set[str]] = []

    async def all_gone() -> bool:
        there = {name for name in "abc" if await object_of(operator, name)}
        if there not in seen:
            seen.append(there)
        return not there

    for name in "abc":
        await operator.delete(name)
    await until(all_gone)
    for name in "abc":
        await operator.gone(name)
    assert all(there in ({"a", "b", "c"}, {"a", "b"}, {"a"}, set()) for there in seen), seen


async def test_what_is_deleted_alone_goes_and_says_who_is_left(operator: Releases) -> None:
    await operator.apply("a")
    await operator.apply("b", dependsOn=on("a"))
    await operator.ready("b")
    await operator.delete("a")
    await operator.gone("a", within=20)
    events, _ = await operator.kube.list(EVENTS, operator.namespace)
    told = [one["message"] for one in events if one["reason"] == "DependentsLeft"]
    assert told == [f"goes although it is depended on by {operator.namespace}/b"]
    assert (await operator.condition("b", "Ready"))["status"] == "True"


async def test_a_cycle_is_named_and_heals_when_it_is_broken_up(operator: Releases) -> None:
    where = operator.namespace
    await operator.apply("a", dependsOn=on("c"))
    await operator.apply("b", dependsOn=on("a"))
    await operator.apply("c", dependsOn=on("b"))
    await operator.apply("outside", dependsOn=on("a"))
    way = f"{where}/a -> {where}/c -> {where}/b -> {where}/a"
    await operator.says("a", "DependencyCycle", way)
    await operator.says("b", "DependencyCycle")
    await operator.says("c", "DependencyCycle")
    await waits(operator, "outside", f"{where}/a is not ready: DependencyCycle")
    assert (await operator.condition("a", "Stalled"))["status"] == "True"
    await operator.apply("a")
    for name in ("a", "b", "c", "outside"):
        await operator.ready(name)


async def test_a_release_in_sync_that_comes_to_a_cycle_stays(operator: Releases) -> None:
    """It is told though it did not change itself, and goes with the others of the cycle."""
    await operator.apply("a")
    await operator.apply("b", dependsOn=on("a"))
    await operator.ready("b")
    await operator.apply("a", dependsOn=on("b"))
    await operator.says("b", "DependencyCycle")
    assert await history(operator, f"{operator.namespace}-b") == ["1 deployed"]
    for name in "ab":
        await operator.delete(name)
    for name in "ab":
        await operator.gone(name)


async def test_a_dependency_of_another_generation(operator: Releases) -> None:
    later = operator.of("web", resource=V1.resource)
    await later.apply("b", dependsOn=on("a"))
    await waits(later, "b", "/a is not there")
    await operator.apply("a")
    await later.ready("b")


async def test_an_annotation_says_the_same(operator: Releases) -> None:
    """For manifests that other operators refuse a new field of."""
    where = operator.namespace
    await operator.apply("b", annotations={"helmward.dev/depends-on": f"a, {where}/c"})
    await waits(operator, "b", f"{where}/a is not there", f"{where}/c is not there")
    await operator.apply("a")
    await operator.apply("c")
    await operator.ready("b")


async def test_values_that_the_dependency_makes_are_no_failure_before(operator: Releases) -> None:
    made = [{"configMapKeyRef": {"name": f"{operator.namespace}-a", "key": "colour"}}]
    await operator.apply("b", dependsOn=on("a"), valuesFrom=made)
    said = await waits(operator, "b", "/a is not there")
    assert said["status"] == "Unknown"
    await operator.apply("a", values={"colour": "{colour: red}"})
    await operator.ready("b")
    assert (await object_of(operator, "b"))["data"]["colour"] == "red"


async def test_after_a_restart_nothing_in_sync_waits(plane: Plane, releases: Releases) -> None:
    """And what waited goes on waiting."""
    async with running(settings_for(plane.kubeconfig)):
        await releases.apply("a")
        await releases.apply("b", dependsOn=on("a"))
        await releases.ready("b")
    await releases.apply("a", chart={"version": "9.9.9"})
    await releases.apply("c", dependsOn=on("a"))
    async with running(settings_for(plane.kubeconfig)):
        await releases.says("a", "ChartNotFound")
        await waits(releases, "c", "/a is not ready")
        assert (await releases.condition("b", "Ready"))["status"] == "True"
        assert await history(releases, f"{releases.namespace}-b") == ["1 deployed"]
    async with running(settings_for(plane.kubeconfig)):
        await releases.apply("a")
        await releases.ready("c")
        await releases.clear()


async def test_what_is_in_force_is_put_right_while_its_upgrade_waits(operator: Releases) -> None:
    enabled = {"driftDetection": {"mode": "enabled"}}
    await operator.apply("a")
    await operator.apply("b", dependsOn=on("a"), **enabled)
    await operator.ready("b")
    await operator.apply("a", chart={"version": "9.9.9"})
    await operator.says("a", "ChartNotFound")
    await operator.apply("b", dependsOn=on("a"), values={"colour": "green"}, **enabled)
    await waits(operator, "b", "/a is not ready")
    await operator.kube.delete(CONFIG_MAPS, f"{operator.namespace}-b", operator.namespace)
    found = await until(lambda: object_of(operator, "b"))
    assert found["data"]["colour"] == "blue"
    await waits(operator, "b", "/a is not ready")
    assert await history(operator, f"{operator.namespace}-b") == ["1 deployed"]
