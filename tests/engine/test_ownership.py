"""Whose objects they are: foreign ones are left alone, former owners' fields become ours."""

import asyncio

import pytest

from helmward.errors import Conflict, NotOwned, ReleaseFailed
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import Status
from tests.support.helm import Helm, config_map


async def foreign(helm: Helm, *names: str) -> None:
    for name in names:
        metadata = {"name": name, "namespace": helm.namespace}
        await helm.kube.create(CONFIG_MAPS, {"metadata": metadata, "data": {"v": "theirs"}})


def marked(helm: Helm, name: str, release: str = "web") -> dict[str, object]:
    """An object as Helm marks those of a release."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": helm.namespace,
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {
                "meta.helm.sh/release-name": release,
                "meta.helm.sh/release-namespace": helm.namespace,
            },
        },
        "data": {"v": "theirs", "extra": "dropped"},
    }


async def test_foreign_objects_are_all_named_and_left_alone(helm: Helm) -> None:
    await foreign(helm, "one", "two")
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: three}\nspec: {ports: [{port: 1}]}\n"
    other = marked(helm, "four", release="other")
    await helm.kube.apply(other)
    names = ("one", "two", "four", "free")
    templates = {f"{name}.yaml": config_map(name, v="ours") for name in names}
    chart = await helm.chart({**templates, "three.yaml": service})
    with pytest.raises(NotOwned) as caught:
        await helm.install(chart)

    message = str(caught.value)
    for name in ("one", "two"):
        assert f"ConfigMap {helm.namespace}/{name} (not managed by Helm)" in message
    assert f"four (of release {helm.namespace}/other)" in message
    assert "free" not in message
    assert await helm.data("one") == {"v": "theirs"}
    assert caught.value.revision.status == Status.FAILED


async def test_a_refused_installs_revision_does_not_take_foreign_objects_along(
    helm: Helm,
) -> None:
    """Neither the next try nor the uninstall may take a listed object for ours."""
    await foreign(helm, "one")
    chart = await helm.chart({"one.yaml": config_map("one", v="ours")})
    with pytest.raises(NotOwned) as caught:
        await helm.install(chart)
    with pytest.raises(NotOwned) as again:
        await helm.upgrade(caught.value.revision, chart)
    await helm.uninstall(again.value.revision)
    assert await helm.data("one") == {"v": "theirs"}


async def test_ownership_is_taken_where_that_is_asked_for(helm: Helm) -> None:
    await foreign(helm, "one")
    chart = await helm.chart({"one.yaml": config_map("one", v="ours")})
    await helm.install(chart, take_ownership=True)
    assert await helm.data("one") == {"v": "ours"}


async def test_what_a_living_release_has_is_never_taken(helm: Helm) -> None:
    """Two releases would fight over it; what a release that is gone left behind is nobody's."""
    chart = await helm.chart({"one.yaml": config_map("one", v="theirs")})
    other = await helm.install(chart, name="other")
    mine = await helm.chart({"one.yaml": config_map("one", v="ours")}, version="2.0.0")
    with pytest.raises(NotOwned, match=f"of release {helm.namespace}/other"):
        await helm.install(mine, take_ownership=True)
    assert await helm.data("one") == {"v": "theirs"}
    secret = "sh.helm.release.v1.other.v1"
    await helm.kube.delete(SECRETS, secret, helm.namespace)
    refused = await helm.engine.get(helm.ref())
    assert refused
    await helm.upgrade(refused, mine, take_ownership=True)
    assert await helm.data("one") == {"v": "ours"}
    assert other.number == 1


async def test_what_helm_applied_for_this_release_is_adopted_whole(helm: Helm) -> None:
    """A field that a former manager left and the chart lacks must not stay for ever."""
    for manager in ("helm", "helm-controller"):
        await helm.kube.apply(marked(helm, "one"), field_manager=manager)
    chart = await helm.chart({"one.yaml": config_map("one", v="ours")})
    first = await helm.install(chart)
    assert await helm.data("one") == {"v": "ours"}
    live = await helm.live("one")
    assert live is not None
    managers = {entry["manager"] for entry in live["metadata"]["managedFields"]}
    assert managers == {"helmward"}
    assert first.status == Status.DEPLOYED


async def test_what_helm_3_wrote_is_adopted_whole(helm: Helm) -> None:
    """It wrote by create and update, not by apply."""
    path = CONFIG_MAPS.path(helm.namespace)
    body = marked(helm, "one")
    await helm.kube.raw("POST", path, params={"fieldManager": "helm"}, body=body)
    await helm.install(await helm.chart({"one.yaml": config_map("one", v="ours")}))
    assert await helm.data("one") == {"v": "ours"}


async def test_a_field_dropped_from_the_chart_goes(helm: Helm) -> None:
    first = await helm.install(await helm.chart({"c.yaml": config_map("c", a="1", b="2")}))
    chart = await helm.chart({"c.yaml": config_map("c", a="1")}, version="2.0.0")
    await helm.upgrade(first, chart)
    assert await helm.data("c") == {"a": "1"}


async def test_an_object_dropped_from_the_chart_goes(helm: Helm) -> None:
    both = {"a.yaml": config_map("a"), "b.yaml": config_map("b")}
    first = await helm.install(await helm.chart(both))
    await helm.upgrade(first, await helm.chart({"a.yaml": both["a.yaml"]}, version="2.0.0"))
    assert await helm.data("a") is not None
    assert await helm.data("b") is None


async def test_what_was_changed_or_deleted_by_hand_is_put_right(helm: Helm) -> None:
    """The remembered versions are old then: look again, and apply over it."""
    names = ("changed", "deleted", "anew")
    chart = await helm.chart({f"{name}.yaml": config_map(name, v="ours") for name in names})
    first = await helm.install(chart)
    patch = {"data": {"v": "by hand"}}
    await helm.kube.patch(CONFIG_MAPS, "changed", helm.namespace, patch)
    await helm.kube.delete(CONFIG_MAPS, "deleted", helm.namespace)
    await helm.kube.delete(CONFIG_MAPS, "anew", helm.namespace)
    await helm.kube.apply(marked(helm, "anew"), field_manager="somebody")
    await helm.upgrade(first, chart)
    for name in names:
        data = await helm.data(name)
        assert data is not None
        assert data["v"] == "ours"


async def test_without_force_a_field_of_another_is_an_error(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("c", v="{{ .Values.v }}")})
    first = await helm.install(chart, {"v": "1"})
    live = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"v": "theirs"}}
    live["metadata"] = {"name": "c", "namespace": helm.namespace}
    await helm.kube.apply(live, field_manager="somebody")
    with pytest.raises(ReleaseFailed, match="somebody") as caught:
        await helm.upgrade(first, chart, {"v": "2"}, force_conflicts=False)
    await helm.upgrade(caught.value.revision, chart, {"v": "2"})
    assert await helm.data("c") == {"v": "2"}


async def test_a_busy_object_is_applied_over_in_the_end(helm: Helm) -> None:
    """A controller that writes all the time moves the version between look and write."""
    chart = await helm.chart({"c.yaml": config_map("c", v="{{ .Values.v }}")})
    first = await helm.install(chart, {"v": "1"})

    async def disturb() -> None:
        number = 0
        while True:
            number += 1
            patch = {"metadata": {"annotations": {"busy": str(number)}}}
            await helm.kube.patch(CONFIG_MAPS, "c", helm.namespace, patch)
            await asyncio.sleep(0.005)

    busy = asyncio.create_task(disturb())
    try:
        await helm.upgrade(first, chart, {"v": "2"})
    except Conflict:
        pass  # Allowed: it says to look again. Nothing wrong may have been written.
    else:
        assert await helm.data("c") == {"v": "2"}
    finally:
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)
