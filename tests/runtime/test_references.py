"""What is referred to is watched, on a real API server: told at once, and asked for once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from helmward.errors import AccessDenied, NotFound
from helmward.kube import Kube, Resource, load_config
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES, SECRETS
from helmward.runtime import References
from helmward.runtime.listeners import HELM
from helmward.runtime.tracking import Ref
from tests.support.kinds import a_config_map, a_kind, a_widget, install, served
from tests.support.plane import Plane
from tests.support.rights import a_rule, bind
from tests.support.tasks import running
from tests.support.tcp_proxy import proxied
from tests.support.wait import until

DATA = {"values.yaml": "a: 1"}


@dataclass(slots=True)
class World:
    """References of one client, and whom they woke."""

    kube: Kube
    namespace: str
    woken: list[str] = field(default_factory=list)
    references: References[str] = field(init=False)

    async def read(
        self, key: str, *names: str, resource: Resource = CONFIG_MAPS
    ) -> list[Mapping[str, bytes] | None]:
        """Give a key a turn in which it reads some objects; None is one that is absent."""
        view = self.references.entries(key)
        found: list[Mapping[str, bytes] | None] = []
        for name in names:
            try:
                found.append(await view.entries(resource, self.namespace, name))
            except NotFound:
                found.append(None)
        self.references.settle(key)
        return found

    async def woke(self, *keys: str) -> None:
        """Wait until these were woken, and begin counting anew."""
        await until(lambda: set(keys) <= set(self.woken))
        assert set(self.woken) == set(keys)
        self.woken.clear()

    def asked(self, verb: str = "get", resource: Resource = CONFIG_MAPS) -> int:
        """Count requests."""
        return self.kube.requests[verb, resource.plural]


@asynccontextmanager
async def following(kube: Kube, namespace: str, *, whole: bool = False) -> AsyncIterator[World]:
    """Watch what is referred to in the namespace, or in the whole cluster."""
    world = World(kube, namespace)
    world.references = References(
        kube, namespace=None if whole else namespace, changed=world.woken.append, quiet=20.0
    )
    kube.requests.clear()
    async with running(world.references.run()):
        yield world


async def given(kube: Kube, namespace: str, *names: str) -> None:
    for name in names:
        await kube.create(CONFIG_MAPS, a_config_map(namespace, name, **DATA))


async def edit(kube: Kube, namespace: str, name: str, text: str) -> None:
    await kube.patch(CONFIG_MAPS, name, namespace, {"data": {"values.yaml": text}})


async def test_an_edit_wakes_whoever_has_read_it(kube: Kube, namespace: str) -> None:
    """All of them, and nobody else."""
    await given(kube, namespace, "a", "b")
    async with following(kube, namespace) as world:
        for key, name in (("one", "a"), ("two", "a"), ("three", "b")):
            await world.read(key, name)
        await edit(kube, namespace, "a", "a: 2")
        await world.woke("one", "two")
        assert await world.read("one", "a") == [{"values.yaml": b"a: 2"}]


async def test_one_that_is_deleted_or_appears_wakes(kube: Kube, namespace: str) -> None:
    """What is absent is watched too."""
    await given(kube, namespace, "a")
    async with following(kube, namespace) as world:
        await world.read("one", "a")
        await kube.delete(CONFIG_MAPS, "a", namespace)
        await world.woke("one")
        assert await world.read("one", "a") == [None]
        await given(kube, namespace, "a")
        await world.woke("one")
        assert await world.read("one", "a") == [{"values.yaml": b"a: 1"}]


async def test_secrets_wake_and_their_content_comes_by_get_alone(
    kube: Kube, namespace: str
) -> None:
    """The watch asks for metadata, and leaves the Secrets of Helm out."""
    await kube.create(SECRETS, {"metadata": {"name": "s"}, "stringData": {"k": "1"}}, namespace)
    async with following(kube, namespace, whole=True) as world:
        await world.read("one", "s", resource=SECRETS)
        together = world.references._listeners.of(Ref(SECRETS, namespace, "s"))
        assert together is not None
        assert together.selection.metadata_only
        assert together.selection.field_selector == "type!=helm.sh/release.v1"
        await kube.patch(SECRETS, "s", namespace, {"stringData": {"k": "2"}})
        await world.woke("one")
        assert await world.read("one", "s", resource=SECRETS) == [{"k": b"2"}]


async def test_what_is_current_is_served_without_a_request(kube: Kube, namespace: str) -> None:
    """Absent objects too: a check of a thousand idle HelmReleases asks for nothing."""
    await given(kube, namespace, "a")
    async with following(kube, namespace) as world:
        for key in ("one", "two", "three", "one"):
            assert await world.read(key, "a", "absent") == [{"values.yaml": b"a: 1"}, None]
        assert world.asked() == 2


async def test_many_that_wait_for_one_object_ask_once(kube: Kube, namespace: str) -> None:
    """Also for one that has just changed under all of them."""
    await given(kube, namespace, "a")
    async with following(kube, namespace) as world:
        keys = [str(number) for number in range(20)]
        await asyncio.gather(*(world.read(key, "a") for key in keys))
        assert world.asked() == 1
        await edit(kube, namespace, "a", "a: 2")
        await world.woke(*keys)
        await asyncio.gather(*(world.read(key, "a") for key in keys))
        assert world.asked() == 2


async def test_nothing_is_watched_or_read_that_nobody_refers_to(kube: Kube, namespace: str) -> None:
    """However much there is: five thousand ConfigMaps leave nothing behind."""
    made = (a_config_map(namespace, f"m{number}") for number in range(5000))
    limit = asyncio.Semaphore(64)

    async def make(one: dict[str, Any]) -> None:
        async with limit:
            await kube.create(CONFIG_MAPS, one)

    async with following(kube, namespace) as world:
        assert not world.kube.requests
        await world.read("one", "absent")
        await asyncio.gather(*(make(one) for one in made))
        await kube.create(CONFIG_MAPS, a_config_map(namespace, "absent"))
        await world.woke("one")
        kept = world.references
        assert (len(kept), len(kept._contents), len(kept._listeners._refs)) == (1, 0, 1)
        assert (world.asked(), world.asked("list")) == (1, 1)


async def test_what_is_no_longer_read_is_let_go(kube: Kube, namespace: str) -> None:
    """And a Secret's content with it."""
    await given(kube, namespace, "a", "b")
    async with following(kube, namespace) as world:
        await world.read("one", "a")
        await world.read("one", "b")
        assert len(world.references) == len(world.references._contents) == 1
        await edit(kube, namespace, "a", "a: 2")
        await edit(kube, namespace, "b", "b: 2")
        await world.woke("one")
        world.references.forget("one")
        assert len(world.references) == len(world.references._contents) == 0


async def test_a_turn_that_reads_nothing_lets_nothing_go(kube: Kube, namespace: str) -> None:
    """While a failure stands, its cause has to be watched."""
    await given(kube, namespace, "a")
    async with following(kube, namespace) as world:
        await world.read("one", "a")
        world.references.settle("one")
        await edit(kube, namespace, "a", "a: 2")
        await world.woke("one")


async def test_a_change_within_a_turn_is_told_at_once_and_after_it(
    kube: Kube, namespace: str
) -> None:
    """What the turn has made of the old content must not stand."""
    await given(kube, namespace, "a")
    async with following(kube, namespace) as world:
        view = world.references.entries("one")
        await view.entries(CONFIG_MAPS, namespace, "a")
        assert not world.references.outdated("one")
        await edit(kube, namespace, "a", "a: 2")
        await world.woke("one")
        assert world.references.outdated("one")
        world.references.settle("one")
        assert world.woken == ["one"]


async def test_a_change_while_it_is_read_is_not_lost(
    kube: Kube, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch tells of it before anybody could say what he has read."""
    await given(kube, namespace, "a")
    async with following(kube, namespace) as world:
        await world.read("other", "a")
        world.references.forget("other")
        whole = kube.get

        async def slow(*args: Any, **knobs: Any) -> dict[str, Any]:
            found = await whole(*args, **knobs)
            await edit(kube, namespace, "a", "a: 2")
            (track,) = world.references._tracks.values()
            await until(lambda: track.latest)
            return found

        monkeypatch.setattr(kube, "get", slow)
        await world.read("one", "a")
        monkeypatch.undo()
        await world.woke("one")
        assert await world.read("one", "a") == [{"values.yaml": b"a: 2"}]


async def test_a_secret_of_helm_is_read_anew_each_time(kube: Kube, namespace: str) -> None:
    """No watch of ours would tell of its changes."""
    secret = {"metadata": {"name": "h"}, "type": HELM, "stringData": {"k": "1"}}
    await kube.create(SECRETS, secret, namespace)
    async with following(kube, namespace) as world:
        await world.read("one", "h", resource=SECRETS)
        await kube.patch(SECRETS, "h", namespace, {"stringData": {"k": "2"}})
        assert await world.read("one", "h", resource=SECRETS) == [{"k": b"2"}]


async def test_a_lost_watch_is_made_up_for(plane: Plane, kube: Kube, namespace: str) -> None:
    """While it is away nothing is served from memory; what changed meanwhile is told."""
    await given(kube, namespace, "a")
    async with (
        proxied(load_config(plane.kubeconfig)) as (config, proxy),
        Kube(config) as remote,
        following(remote, namespace) as world,
    ):
        await world.read("one", "a")
        follower = world.references._listeners.of(Ref(CONFIG_MAPS, namespace, "a"))
        assert follower is not None
        proxy.freeze(new_too=True)
        await edit(kube, namespace, "a", "a: 2")
        proxy.cut()
        await until(lambda: not follower.alive)
        reading = asyncio.create_task(world.read("two", "a"))
        await until(lambda: world.asked() == 2)
        proxy.thaw()
        assert await reading == [{"values.yaml": b"a: 2"}]
        await until(lambda: "one" in world.woken)
        assert world.asked("list") == 1


async def test_a_gap_in_the_watch_wakes_all(kube: Kube, namespace: str) -> None:
    """Its version is compacted: nobody can say what happened meanwhile."""
    kind = a_kind()
    await install(kube, kind)
    await until(lambda: served(kube, kind), every=0.1)
    await kube.create(kind, a_widget(kind, namespace, "a"))
    async with following(kube, namespace) as world:
        await world.read("one", "a", resource=kind)
        follower = world.references._listeners.of(Ref(kind, namespace, "a"))
        assert follower is not None
        (task,) = world.references._listeners._tasks.values()
        task.cancel()
        await asyncio.wait({task})
        follower._version = "1"
        async with running(follower.run()):
            await world.woke("one")
            await world.read("one", "a", resource=kind)
            assert world.asked(resource=kind) == 2


# Without rights


@asynccontextmanager
async def restricted(plane: Plane, namespace: str) -> AsyncIterator[tuple[Kube, str]]:
    """A client of a user without any rights, and the user's name."""
    user = f"user-{namespace}"
    config = replace(load_config(plane.kubeconfig), impersonate=(("Impersonate-User", user),))
    async with Kube(config) as client:
        yield client, user


ALL = ["get", "list", "watch"]


async def test_where_all_may_not_be_watched_each_is_by_its_name(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """Rules with resourceNames are enough."""
    await given(kube, namespace, "a", "b")
    async with restricted(plane, namespace) as (client, user):
        rule = a_rule([""], ["configmaps"], ALL) | {"resourceNames": ["a"]}
        await bind(kube, namespace, user, rule)
        async with following(client, namespace, whole=True) as world:
            assert await world.read("one", "a") == [{"values.yaml": b"a: 1"}]
            await world.read("one", "a")
            assert world.asked() == 1
            await edit(kube, namespace, "b", "b: 2")
            await edit(kube, namespace, "a", "a: 2")
            await world.woke("one")
            assert await world.read("one", "a") == [{"values.yaml": b"a: 2"}]
            world.references.forget("one")
            assert not world.references._listeners._single
            with pytest.raises(AccessDenied):
                await world.read("one", "b")


async def test_where_nothing_may_be_watched_it_is_read_at_each_check(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """As it was before there were watches."""
    await given(kube, namespace, "a")
    async with restricted(plane, namespace) as (client, user):
        await bind(kube, namespace, user, a_rule([""], ["configmaps"], ["get"]))
        async with following(client, namespace) as world:
            for text in ("a: 1", "a: 2"):
                await edit(kube, namespace, "a", text)
                assert await world.read("one", "a") == [{"values.yaml": text.encode()}]
            assert world.asked() == 2


async def test_rights_that_come_later_are_noticed(plane: Plane, kube: Kube, namespace: str) -> None:
    """One watch takes over from those by name, and nothing is lost between."""
    await given(kube, namespace, "a")
    async with restricted(plane, namespace) as (client, user):
        rule = a_rule([""], ["configmaps"], ALL)
        await bind(kube, namespace, user, rule | {"resourceNames": ["a"]})
        async with following(client, namespace) as world:
            await world.read("one", "a")
            listeners = world.references._listeners
            assert listeners._single
            await bind(kube, namespace, user, rule)
            await until(lambda: not listeners._single, within=20)
            await world.woke("one")
            await world.read("one", "a")
            await edit(kube, namespace, "a", "a: 2")
            await world.woke("one")


async def test_a_name_that_no_object_has_selects_no_other(kube: Kube, namespace: str) -> None:
    """A comma would be another selector."""
    async with following(kube, namespace) as world:
        world.namespace = f"{namespace}-other"
        for _ in range(2):
            assert await world.read("one", "a,metadata.name!=b") == [None]
        assert not kube.requests["watch", "configmaps"]


async def test_other_namespaces_are_watched_by_name(kube: Kube, namespace: str) -> None:
    """With `--allow-namespace`, nothing is watched beyond it that is not referred to."""
    other = f"{namespace}-other"
    await kube.create(NAMESPACES, {"metadata": {"name": other}})
    await given(kube, other, "a")
    async with following(kube, namespace) as world:
        world.namespace = other
        await world.read("one", "a")
        (single,) = world.references._listeners._single.values()
        assert single.selection.field_selector == "metadata.name=a"
        await edit(kube, other, "a", "a: 2")
        await world.woke("one")
        await kube.delete(NAMESPACES, other)


async def test_what_was_read_is_known_to_stand_until_its_watch_says_otherwise(
    kube: Kube, namespace: str
) -> None:
    """So that a check of who rests on it reads nothing; who has read nothing rests on nothing."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "shop", **DATA), namespace)
    async with following(kube, namespace) as world:
        current = world.references.current
        assert current("nobody")
        await world.read("web", "shop", "absent")
        assert current("web")
        await kube.patch(CONFIG_MAPS, "shop", namespace, {"data": {"values.yaml": "a: 2"}})
        await world.woke("web")
        assert not current("web")
        await world.read("web", "shop", "absent")
        assert current("web")
        await kube.create(CONFIG_MAPS, a_config_map(namespace, "absent", **DATA), namespace)
        await world.woke("web")
        assert not current("web")


async def test_nobody_tells_of_what_helm_keeps(kube: Kube, namespace: str) -> None:
    """The watch leaves Helm's own Secrets out."""
    secret = {"metadata": {"name": "odd"}, "type": HELM, "data": {}}
    await kube.create(SECRETS, secret, namespace)
    async with following(kube, namespace) as world:
        await world.read("web", "odd", resource=SECRETS)
        assert not world.references.current("web")
