"""The informer against a real API server, and everything that can come between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec

from helmward.errors import ClusterUnavailable
from helmward.kube import (
    Kube,
    Meta,
    PartialObject,
    Resource,
    Selection,
    Start,
    decode_object,
    decode_partial,
    load_config,
)
from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, SECRETS
from helmward.runtime import EventType, Informer
from tests.support.kinds import a_config_map, a_kind, a_widget, install, served, uninstall
from tests.support.plane import Plane
from tests.support.tcp_proxy import proxied
from tests.support.wait import until

Told = list[tuple[str, str]]
"""Event types and names, in the order in which a subscriber heard them."""


@asynccontextmanager
async def informed(informer: Informer[Any], *, wait: bool = True) -> AsyncIterator[Told]:
    """Run an informer, and yield what it tells."""
    told: Told = []

    def hear(event: EventType, old: Any, new: Any) -> None:
        told.append((event.value, (new or old)["metadata"]["name"]))

    informer.subscribe(hear)
    task = asyncio.create_task(informer.run())
    try:
        if wait:
            async with asyncio.timeout(10):
                await informer.synced.wait()
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def an_informer(kube: Kube, namespace: str, **knobs: Any) -> Informer[dict[str, Any]]:
    """Watch ConfigMaps, without the one that every namespace has."""
    defaults: dict[str, Any] = {"field_selector": "metadata.name!=kube-root-ca.crt", "quiet": 20.0}
    knobs = defaults | knobs
    resource: Resource = knobs.pop("resource", CONFIG_MAPS)
    return Informer(kube, resource, decode=decode_object, namespace=namespace, **knobs)


def names(informer: Informer[dict[str, Any]]) -> set[str]:
    return {found["metadata"]["name"] for found in informer.store}


def knows(informer: Informer[dict[str, Any]], *expected: str) -> Callable[[], bool]:
    return lambda: names(informer) == set(expected)


async def test_it_knows_what_there_is_and_what_comes(kube: Kube, namespace: str) -> None:
    """Added, changed, deleted: each once."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "a"))
    async with informed(an_informer(kube, namespace)) as told:
        await kube.create(CONFIG_MAPS, a_config_map(namespace, "b"))
        await kube.patch(CONFIG_MAPS, "b", namespace, {"data": {"x": "1"}})
        await kube.delete(CONFIG_MAPS, "a", namespace)
        await until(lambda: len(told) == 4)

    assert told == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "a")]


async def test_a_late_subscriber_hears_of_what_is_there(kube: Kube, namespace: str) -> None:
    """Nobody has to subscribe before the start."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "a"))
    informer = an_informer(kube, namespace)
    late = []
    async with informed(informer):
        informer.subscribe(lambda event, old, new: late.append((event, old, new is not None)))

    assert late == [(EventType.ADDED, None, True)]


async def test_one_request_brings_the_beginning(kube: Kube, namespace: str) -> None:
    """The server streams what there is and goes on with the watch."""
    kube.requests.clear()
    async with informed(an_informer(kube, namespace)):
        pass

    assert kube.requests == {("watch", "configmaps"): 1}


async def test_a_server_that_cannot_stream_is_listed(kube: Kube, namespace: str) -> None:
    """Older ones, and those on an old etcd."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "a"))
    informer = an_informer(kube, namespace)
    informer._watch_list = False
    async with informed(informer):
        await kube.create(CONFIG_MAPS, a_config_map(namespace, "b"))
        await until(knows(informer, "a", "b"))

    assert kube.requests["list", "configmaps"] == 1


async def test_the_server_refuses_a_stream_and_is_listed(kube: Kube, namespace: str) -> None:
    """Older ones answer 4xx: here because of a selector that the stream alone carries."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "a"))
    informer = an_informer(kube, namespace)
    whole = kube.watch

    def refusing(selection: Selection, start: Start, *, quiet: float) -> Any:
        broken = replace(selection, field_selector="no.such.field=1")
        return whole(broken if start.initial_events else selection, start, quiet=quiet)

    kube.watch = refusing  # type: ignore[method-assign, assignment]
    async with informed(informer):
        assert names(informer) == {"a"}


async def test_an_empty_list_of_metadata(kube: Kube, namespace: str) -> None:
    """The server writes `items: null` there."""
    for stream in (True, False):
        informer: Informer[PartialObject] = Informer(
            kube, DEPLOYMENTS, decode=decode_partial, namespace=namespace, metadata_only=True
        )
        informer._watch_list = stream
        async with informed(informer):
            assert len(informer.store) == 0


async def test_metadata_only(kube: Kube, namespace: str) -> None:
    """Secrets are followed without ever being read."""
    informer = an_informer(
        kube, namespace, resource=SECRETS, metadata_only=True, field_selector="type=Opaque"
    )
    async with informed(informer):
        secret = {"metadata": {"name": "s"}, "stringData": {"k": "hunter2"}}
        await kube.create(SECRETS, secret, namespace)
        await until(knows(informer, "s"))

    (found,) = informer.store
    assert "hunter2" not in str(found)
    assert "managedFields" not in found["metadata"]


class Widget(msgspec.Struct):
    """A kind whose spec has to be a number."""

    metadata: dict[str, Any]
    spec: dict[str, int]

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)


async def a_served_kind(kube: Kube) -> Resource:
    kind = a_kind()
    await install(kube, kind)
    await until(lambda: served(kube, kind), every=0.1)
    return kind


async def test_one_that_cannot_be_read_stops_no_other(kube: Kube, namespace: str) -> None:
    """In the list and in the watch; an edit that breaks one is not its deletion."""
    kind = await a_served_kind(kube)
    await kube.create(kind, a_widget(kind, namespace, "good", size=1))
    await kube.create(kind, a_widget(kind, namespace, "bad", size="large"))
    reported: list[str] = []

    def report(meta: Meta, error: Exception) -> None:
        reported.append(f"{meta.namespace}/{meta.name}: {error}")

    informer = Informer(
        kube,
        kind,
        decode=msgspec.json.Decoder(Widget).decode,
        namespace=namespace,
        on_undecodable=report,
    )
    async with informed(informer) as told:
        assert reported[0].startswith(f"{namespace}/bad: Expected `int`, got `str`")
        await kube.patch(kind, "good", namespace, {"spec": {"size": "broken"}})
        await until(lambda: len(reported) == 2)
        assert informer.store.get(namespace, "good") is not None
        await kube.patch(kind, "bad", namespace, {"spec": {"size": 2}})
        await kube.delete(kind, "good", namespace)
        await until(lambda: len(told) == 3)

    assert told == [("ADDED", "good"), ("ADDED", "bad"), ("DELETED", "good")]


async def test_an_expired_version_is_listed_anew(kube: Kube, namespace: str) -> None:
    """The difference tells what was missed: deletions, changes and additions."""
    kind = await a_served_kind(kube)
    for name in ("stays", "goes", "changes"):
        await kube.create(kind, a_widget(kind, namespace, name))
    informer = an_informer(kube, namespace, resource=kind, field_selector="")
    async with informed(informer):
        pass
    await kube.delete(kind, "goes", namespace)
    await kube.create(kind, a_widget(kind, namespace, "comes"))
    await kube.patch(kind, "changes", namespace, {"spec": {"x": 1}})
    informer.resource_version = "1"  # long compacted

    async with informed(informer) as told:
        del told[:3]
        await until(knows(informer, "stays", "changes", "comes"))

    assert told[0] == ("DELETED", "goes")
    assert sorted(told[1:]) == [("ADDED", "comes"), ("MODIFIED", "changes")]
    assert informer.lists == 2


async def test_deletions_missed_while_cut_off_are_told(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """The connection breaks, and what happens meanwhile is caught up with, without a list."""
    for name in ("a", "b"):
        await kube.create(CONFIG_MAPS, a_config_map(namespace, name))
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as remote:
        informer = an_informer(remote, namespace)
        async with informed(informer) as told:
            proxy.freeze(new_too=True)
            await kube.delete(CONFIG_MAPS, "a", namespace)
            proxy.cut()
            proxy.thaw()
            await until(knows(informer, "b"))

    assert told[-1] == ("DELETED", "a")
    assert informer.lists == 1


async def test_a_frozen_connection_is_noticed(plane: Plane, kube: Kube, namespace: str) -> None:
    """Open, but without a byte: the network forgot it, as after a fail-over."""
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as remote:
        informer = an_informer(remote, namespace, quiet=1.0)
        async with informed(informer):
            proxy.freeze()
            await kube.create(CONFIG_MAPS, a_config_map(namespace, "a"))
            await until(knows(informer, "a"), within=5)

    assert informer.lists == 1


async def test_silence_is_no_trouble(kube: Kube, namespace: str) -> None:
    """Where nothing happens the watch is begun again at once, and nothing is listed."""
    informer = an_informer(kube, namespace, quiet=1.05)
    async with informed(informer):
        await until(lambda: kube.requests["watch", "configmaps"] >= 4, within=8)
        assert informer.problem is None

    assert informer.lists == 1
    assert kube.requests["list", "configmaps"] == 0


async def test_a_kind_that_is_installed_later_is_picked_up(kube: Kube, namespace: str) -> None:
    """An absent kind counts as empty and holds nothing up."""
    kind = a_kind()
    informer = an_informer(kube, namespace, resource=kind, field_selector="", poll=0.3)
    async with informed(informer):
        assert informer.absent
        await install(kube, kind)
        await until(lambda: served(kube, kind), every=0.1)
        await kube.create(kind, a_widget(kind, namespace, "w"))
        await until(knows(informer, "w"))
        assert not informer.absent


async def test_a_deleted_crd_deletes_nothing_by_itself(kube: Kube, namespace: str) -> None:
    """Objects that the server did not delete one by one stay known, and come back as they are."""
    kind = await a_served_kind(kube)
    held = a_widget(kind, namespace, "w")
    await kube.create(kind, held)
    informer = an_informer(kube, namespace, resource=kind, field_selector="", poll=0.3)
    async with informed(informer) as told:
        informer.store.put(informer._reader.item(msgspec.Raw(GHOST)))
        await uninstall(kube, kind)
        await until(lambda: informer.absent, within=20)
        assert ("DELETED", "w") in told
        assert names(informer) == {"ghost"}
        await install(kube, kind)
        await until(lambda: not informer.absent, within=20)
        await until(knows(informer))

    assert told[-1] == ("DELETED", "ghost")


GHOST = b'{"metadata":{"name":"ghost","namespace":"g","uid":"g","resourceVersion":"1"}}'


async def test_without_rights_it_waits_for_them(plane: Plane, kube: Kube, namespace: str) -> None:
    """A Role that comes later needs no restart."""
    user = f"user-{namespace}"
    config = replace(load_config(plane.kubeconfig), impersonate=(("Impersonate-User", user),))
    async with Kube(config) as limited:
        informer = an_informer(limited, namespace)
        async with informed(informer, wait=False):
            await until(lambda: informer.problem is not None)
            assert "cannot watch configmaps" in str(informer.problem)
            await grant(kube, namespace, user)
            await until(informer.synced.is_set)
            assert informer.problem is None


async def grant(kube: Kube, namespace: str, user: str) -> None:
    group = "rbac.authorization.k8s.io"
    metadata = {"name": "reader", "namespace": namespace}
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]}
    await kube.apply(
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]}
    )
    await kube.apply(
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "reader"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
        }
    )


async def test_a_bug_of_a_subscriber_is_not_hidden(kube: Kube, namespace: str) -> None:
    """It ends the informer, and with it the process."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "a"))
    informer = an_informer(kube, namespace)

    def buggy(event: EventType, old: Any, new: Any) -> None:
        raise ZeroDivisionError(event, old, new)

    informer.subscribe(buggy)
    async with asyncio.timeout(10):
        result = await asyncio.gather(informer.run(), return_exceptions=True)
    assert isinstance(result[0], ZeroDivisionError)


async def test_a_restart_of_the_api_server_is_survived(own_plane: Plane) -> None:
    """Deletions just before it, and a version that the new one no longer knows."""
    config = load_config(own_plane.kubeconfig)
    async with Kube(config) as kube, proxied(config) as (through, proxy), Kube(through) as remote:
        await kube.create(NAMESPACES, {"metadata": {"name": "r"}})
        for name in ("a", "b"):
            await kube.create(CONFIG_MAPS, a_config_map("r", name))
        near, far = an_informer(kube, "r"), an_informer(remote, "r")
        async with informed(near), informed(far) as told:
            proxy.freeze(new_too=True)
            await kube.delete(CONFIG_MAPS, "a", "r")
            await until(knows(near, "b"))
            await own_plane.stop_api_server()
            await until(lambda: near.problem is not None)
            await own_plane.start_api_server()
            proxy.cut()
            proxy.thaw()
            await until(lambda: created(kube, a_config_map("r", "c")), within=30, every=0.2)
            await until(knows(near, "b", "c"), within=30)
            await until(knows(far, "b", "c"), within=30)
            assert near.problem is None

    assert ("DELETED", "a") in told
    assert (near.lists, far.lists) == (1, 2)


async def created(kube: Kube, config_map: dict[str, Any]) -> bool:
    try:
        await kube.apply(config_map)
    except ClusterUnavailable:
        return False
    return True
