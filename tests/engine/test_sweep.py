"""Sweeping what writers of broken revisions left or made late."""

import pytest

from helmward.errors import Conflict, ReleaseFailed
from helmward.kube.resources import CONFIG_MAPS, Resource
from helmward.model import Revision
from tests.support.helm import Helm, config_map
from tests.support.kinds import a_config_map
from tests.support.operator import mark

CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
CLAIM = (
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
    "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
)
KEPT = config_map("kept").replace(
    "  name: kept\n", "  name: kept\n  annotations: {helm.sh/resource-policy: keep}\n"
)


def marked(helm: Helm, name: str, release: str = "web", **annotations: str) -> dict[str, object]:
    """An object as Helm marks those of a release."""
    obj = a_config_map(helm.namespace, name)
    obj["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm"}
    obj["metadata"]["annotations"] = {
        "meta.helm.sh/release-name": release,
        "meta.helm.sh/release-namespace": helm.namespace,
        **annotations,
    }
    return obj


async def over_a_broken_one(helm: Helm) -> Revision:
    """Deploy revision 3 over a failed revision 2 that had more."""
    good = await helm.chart({"c.yaml": config_map("c")})
    first = await helm.install(good)
    names = ("c", "late", "foreign", "unmarked", "never")
    more = {f"{name}.yaml": config_map(name) for name in names}
    bad = await helm.chart(
        {**more, "kept.yaml": KEPT, "data.yaml": CLAIM, "z.yaml": config_map("Bad_Name")},
        version="2.0.0",
    )
    with pytest.raises(ReleaseFailed) as caught:
        await helm.upgrade(first, bad)
    third = await helm.upgrade(caught.value.revision, good)
    assert await helm.statuses() == ["1 superseded", "2 failed", "3 deployed"]
    return third


async def test_only_what_is_the_releases_and_not_wanted_goes(helm: Helm) -> None:
    """A writer who was stopped made it after the new revision was deployed."""
    newest = await over_a_broken_one(helm)
    await helm.kube.create(CONFIG_MAPS, marked(helm, "late"))
    await helm.kube.create(CONFIG_MAPS, marked(helm, "foreign", release="other"))
    await helm.kube.create(CONFIG_MAPS, a_config_map(helm.namespace, "unmarked"))
    await helm.kube.create(CONFIG_MAPS, marked(helm, "unlisted"))
    if await helm.data("kept") is None:
        keep = {"helm.sh/resource-policy": "keep"}
        await helm.kube.create(CONFIG_MAPS, marked(helm, "kept", **keep))
    if await helm.live("data", CLAIMS) is None:
        claim = marked(helm, "data") | {"kind": "PersistentVolumeClaim"}
        del claim["data"]
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        await helm.kube.create(CLAIMS, {**claim, "spec": spec})

    deleted = await helm.engine.sweep(newest.release, base=newest.base)
    assert deleted == [f"ConfigMap/{helm.namespace}/late"]
    assert await helm.data("late") is None
    for name in ("c", "foreign", "unmarked", "unlisted", "kept"):
        assert await helm.data(name) is not None, name
    assert await helm.live("data", CLAIMS) is not None
    assert await helm.statuses() == ["1 superseded", "2 failed", "3 deployed"]
    assert await helm.engine.sweep(newest.release, base=newest.base) == []


async def test_what_was_made_by_a_revision_of_long_ago_goes_too(helm: Helm) -> None:
    templates = {"c.yaml": config_map("c"), "old.yaml": config_map("old")}
    first = await helm.install(await helm.chart(templates))
    newest = await helm.upgrade(
        first, await helm.chart({"c.yaml": config_map("c")}, version="2.0.0")
    )
    await helm.kube.create(CONFIG_MAPS, marked(helm, "old"))
    assert await helm.engine.sweep(newest.release, base=newest.base) == [
        f"ConfigMap/{helm.namespace}/old"
    ]


async def test_what_its_writer_did_not_supersede_is_superseded(helm: Helm) -> None:
    """He was stopped after he had marked his own revision as deployed."""
    chart = await helm.chart({"c.yaml": config_map("c")})
    newest = await helm.upgrade(await helm.install(chart), chart)
    await mark(helm.kube, helm.namespace, "web", 1, "deployed")
    assert await helm.statuses() == ["1 deployed", "2 deployed"]

    await helm.engine.sweep(newest.release, base=newest.base)
    assert await helm.statuses() == ["1 superseded", "2 deployed"]
    assert await helm.data("c") is not None


async def test_only_over_the_newest_revision_and_only_if_it_is_deployed(helm: Helm) -> None:
    newest = await over_a_broken_one(helm)
    await helm.kube.create(CONFIG_MAPS, marked(helm, "late"))
    history = await helm.engine.history(newest.release)
    for older in history[1:]:
        with pytest.raises(Conflict):
            await helm.engine.sweep(newest.release, base=older.base)
    bad = await helm.chart({"z.yaml": config_map("Bad_Name")}, version="3.0.0")
    with pytest.raises(ReleaseFailed) as caught:
        await helm.upgrade(newest, bad)
    with pytest.raises(Conflict, match="revision 4 is failed"):
        await helm.engine.sweep(newest.release, base=caught.value.revision.base)
    with pytest.raises(Conflict):
        await helm.engine.sweep(newest.release, base=newest.base)
    assert await helm.data("late") is not None
