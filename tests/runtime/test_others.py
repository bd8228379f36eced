"""Objects of any kind that are waited for, on a real API server: watched once, by their names."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from helmward.kube import Kube, load_config
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import Key, ObjectRef
from helmward.releases.others import MOST, Others
from tests.support.kinds import a_config_map, a_kind, a_widget, install, served
from tests.support.plane import Plane
from tests.support.rights import a_rule, bind
from tests.support.tasks import running
from tests.support.wait import until


@dataclass(slots=True)
class World:
    """Objects that are waited for in one namespace, and whom they woke."""

    kube: Kube
    namespace: str
    woken: set[str] = field(default_factory=set)
    others: Others = field(init=False)

    def ref(self, name: str, version: str = "v1", kind: str = "ConfigMap") -> ObjectRef:
        return ObjectRef(version, kind, self.namespace, name)

    async def hold(self, name: str, *refs: ObjectRef) -> None:
        await self.others.hold(Key("v1", self.namespace, name), refs)

    def let_go(self, name: str) -> None:
        self.others.let_go(Key("v1", self.namespace, name))

    async def says(self, ref: ObjectRef, words: str) -> None:
        await until(lambda: words in self.others.get(ref)[1], within=20)

    async def is_there(self, ref: ObjectRef) -> bytes:
        await until(lambda: not self.others.get(ref)[1], within=20)
        return self.others.get(ref)[0]


@asynccontextmanager
async def waiting(kube: Kube, namespace: str, most: int = MOST) -> AsyncIterator[World]:
    world = World(kube, namespace)
    world.others = Others(kube, lambda key: world.woken.add(key.name), most=most)
    async with running(world.others.run()):
        yield world


async def test_one_that_comes_changes_and_goes_wakes(kube: Kube, namespace: str) -> None:
    """Each time who waits for it, and nobody else."""
    async with waiting(kube, namespace) as world:
        ref = world.ref("a")
        await world.hold("one", ref)
        await world.hold("two", ref, world.ref("b"))
        await world.hold("three", world.ref("b"))
        assert world.others.get(ref) == (b"", "is not there")
        world.woken.clear()
        await kube.create(CONFIG_MAPS, a_config_map(namespace, "a", colour="red"))
        found = json.loads(await world.is_there(ref))
        assert (found["kind"], found["apiVersion"], found["data"]) == (
            "ConfigMap", "v1", {"colour": "red"},
        )  # fmt: skip
        assert "managedFields" not in found["metadata"]
        assert world.woken == {"one", "two"}
        await kube.patch(CONFIG_MAPS, "a", namespace, {"data": {"colour": "blue"}})
        await until(lambda: b"blue" in world.others.get(ref)[0])
        await kube.delete(CONFIG_MAPS, "a", namespace)
        await world.says(ref, "is not there")


async def test_one_that_is_being_deleted_counts_as_gone(kube: Kube, namespace: str) -> None:
    held = a_config_map(namespace, "a")
    held["metadata"]["finalizers"] = ["example.com/held"]
    await kube.create(CONFIG_MAPS, held)
    async with waiting(kube, namespace) as world:
        await world.hold("one", world.ref("a"))
        await kube.delete(CONFIG_MAPS, "a", namespace)
        await world.says(world.ref("a"), "is being deleted")
        assert world.others.get(world.ref("a"))[0] == b""
    await kube.patch(CONFIG_MAPS, "a", namespace, {"metadata": {"finalizers": None}})


async def test_many_that_wait_for_one_are_one_watch(kube: Kube, namespace: str) -> None:
    """It ends with the last of them."""
    async with waiting(kube, namespace) as world:
        kube.requests.clear()
        for name in ("one", "two", "three"):
            await world.hold(name, world.ref("a"))
        assert kube.requests["watch", "configmaps"] == 1
        for name in ("one", "two"):
            world.let_go(name)
        assert len(world.others) == 1
        world.let_go("three")
        assert len(world.others) == 0


async def test_a_secret_is_seen_without_what_it_says(kube: Kube, namespace: str) -> None:
    """An expression that fails over its content would put that into a status."""
    note = {"metadata": {"name": "s", "annotations": {"last": "hunter2"}}}
    await kube.create(SECRETS, {**note, "stringData": {"k": "hunter2", "e": ""}}, namespace)
    async with waiting(kube, namespace) as world:
        ref = world.ref("s", kind="Secret")
        await world.hold("one", ref)
        found = json.loads(await world.is_there(ref))
        assert found["data"] == {"k": "***", "e": ""}
        assert "annotations" not in found["metadata"]


async def test_a_kind_that_is_not_installed_is_waited_for(kube: Kube, namespace: str) -> None:
    kind = a_kind()
    async with waiting(kube, namespace) as world:
        ref = world.ref("a", kind.api_version, kind.kind)
        await world.hold("one", ref)
        await world.says(ref, f"the cluster has no kind {kind.kind}")
        await install(kube, kind)
        await until(lambda: served(kube, kind))
        await world.says(ref, "is not there")
        world.woken.clear()
        await kube.create(kind, a_widget(kind, namespace, "a"))
        await world.is_there(ref)
        assert world.woken == {"one"}


async def test_what_may_not_be_watched_goes_on_with_the_rights(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    user = f"waiter-{namespace}"
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "a"))
    config = replace(load_config(plane.kubeconfig), impersonate=(("Impersonate-User", user),))
    async with Kube(config) as theirs, waiting(theirs, namespace) as world:
        ref = world.ref("a")
        await world.hold("one", ref)
        await world.says(ref, "cannot be watched")
        await bind(kube, namespace, user, a_rule([""], ["configmaps"], ["list", "watch"]))
        await world.is_there(ref)
        assert world.woken == {"one"}


async def test_a_namespace_belongs_to_an_object_of_one(kube: Kube, namespace: str) -> None:
    """And what is in none is found, whatever namespace is given."""
    async with waiting(kube, namespace) as world:
        nowhere = ObjectRef("v1", "ConfigMap", "", "a")
        await world.hold("one", nowhere, ObjectRef("v1", "Namespace", "", namespace))
        await world.says(nowhere, "has no namespace given")
        await world.is_there(ObjectRef("v1", "Namespace", "", namespace))


async def test_no_more_are_watched_than_there_is_room_for(kube: Kube, namespace: str) -> None:
    """Who was turned away is told, and woken when there is room."""
    async with waiting(kube, namespace, most=1) as world:
        await world.hold("one", world.ref("a"))
        await world.hold("two", world.ref("b"))
        assert "is not watched" in world.others.get(world.ref("b"))[1]
        world.woken.clear()
        world.let_go("one")
        assert world.woken == {"two"}
