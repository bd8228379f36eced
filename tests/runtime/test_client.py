"""The client against a real API server: verbs, lists and what its errors become."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helmward.errors import (
    AccessDenied,
    ClusterUnavailable,
    Conflict,
    Expired,
    Invalid,
    NamespaceUnready,
    NotFound,
)
from helmward.kube import Kube, Selection, Start, load_config
from helmward.kube.credentials import TokenFile, bearer
from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS, LEASES, NAMESPACES, PODS, SECRETS
from helmward.kube.transport import POOL
from tests.support.kinds import a_config_map, a_kind, a_widget, install, served
from tests.support.plane import Plane
from tests.support.tcp_proxy import proxied
from tests.support.wait import until


async def test_apply_creates_then_updates(kube: Kube, namespace: str) -> None:
    """The kind is looked up, the manager is ours."""
    created = await kube.apply(a_config_map(namespace, x="1"))
    updated = await kube.apply(a_config_map(namespace, x="2"))

    assert (created["data"], updated["data"]) == ({"x": "1"}, {"x": "2"})
    fields = updated["metadata"]["managedFields"]
    assert [(entry["manager"], entry["operation"]) for entry in fields] == [("helmward", "Apply")]


async def test_a_dry_run_leaves_nothing(kube: Kube, namespace: str) -> None:
    """Drift is found with it."""
    assert (await kube.apply(a_config_map(namespace, x="1"), dry_run=True))["data"] == {"x": "1"}
    with pytest.raises(NotFound):
        await kube.get(CONFIG_MAPS, "a", namespace)


async def test_apply_without_force_respects_other_managers(kube: Kube, namespace: str) -> None:
    """The conflict names who has the field."""
    await kube.apply(a_config_map(namespace, x="1"), field_manager="somebody")

    with pytest.raises(Conflict, match="somebody"):
        await kube.apply(a_config_map(namespace, x="2"), force=False)


async def test_an_apply_that_only_creates(kube: Kube, namespace: str) -> None:
    """A version that cannot match makes an existing object a conflict."""
    only_new = a_config_map(namespace)
    only_new["metadata"]["resourceVersion"] = "1"
    await kube.apply(only_new)

    with pytest.raises(Conflict):
        await kube.apply(only_new)


async def test_create_replace_patch_delete(kube: Kube, namespace: str) -> None:
    """The plain verbs."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace, x="1"))
    found = await kube.get(CONFIG_MAPS, "a", namespace)
    found["data"] = {"x": "2"}
    await kube.replace(CONFIG_MAPS, found)
    patched = await kube.patch(CONFIG_MAPS, "a", namespace, {"data": {"y": "3"}})
    await kube.delete(CONFIG_MAPS, "a", namespace)

    assert patched["data"] == {"x": "2", "y": "3"}
    with pytest.raises(NotFound, match=f'cannot get configmaps {namespace}/a: configmaps "a"'):
        await kube.get(CONFIG_MAPS, "a", namespace)


async def test_the_status_has_a_door_of_its_own(kube: Kube, namespace: str) -> None:
    """Writing it neither needs nor changes the spec, and leaves nothing of what was told."""
    kind = a_kind()
    await install(kube, kind)
    await until(lambda: served(kube, kind), every=0.1)
    await kube.apply(a_widget(kind, namespace, "w", a=1))
    await kube.replace_status(kind, "w", namespace, {"ready": False, "why": "not yet"})
    answer = await kube.replace_status(kind, "w", namespace, {"ready": True})

    assert answer["kind"] == "PartialObjectMetadata"
    found = await kube.get(kind, "w", namespace)
    assert (found["spec"], found["status"]) == ({"a": 1}, {"ready": True})
    assert found["metadata"]["generation"] == 1


async def test_only_the_version_that_was_read_is_replaced(kube: Kube, namespace: str) -> None:
    """Compare and swap."""
    old = await kube.create(CONFIG_MAPS, a_config_map(namespace))
    await kube.patch(CONFIG_MAPS, "a", namespace, {"data": {"x": "1"}})

    with pytest.raises(Conflict, match="has been modified") as caught:
        await kube.replace(CONFIG_MAPS, old)
    assert not caught.value.exists


async def test_a_second_create_is_told_from_a_lost_race(kube: Kube, namespace: str) -> None:
    """A claim that exists already has another owner."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace))

    with pytest.raises(Conflict) as caught:
        await kube.create(CONFIG_MAPS, a_config_map(namespace))
    assert caught.value.exists


async def test_only_the_object_that_was_meant_is_deleted(kube: Kube, namespace: str) -> None:
    """Another one of the same name stays."""
    created = await kube.create(CONFIG_MAPS, a_config_map(namespace))

    with pytest.raises(Conflict):
        await kube.delete(CONFIG_MAPS, "a", namespace, uid="another")
    with pytest.raises(Conflict):
        await kube.delete(CONFIG_MAPS, "a", namespace, resource_version="1")
    await kube.delete(CONFIG_MAPS, "a", namespace, uid=created["metadata"]["uid"])


async def test_a_list_comes_in_pages(kube: Kube, namespace: str) -> None:
    """Big clusters answer nothing else in time."""
    for number in range(7):
        await kube.create(CONFIG_MAPS, a_config_map(namespace, f"a{number}"))
    before = kube.requests["list", "configmaps"]
    items, version = await kube.list(
        CONFIG_MAPS, namespace, limit=3, field_selector="metadata.name!=kube-root-ca.crt"
    )

    assert [item["metadata"]["name"] for item in items] == [f"a{number}" for number in range(7)]
    assert {item["kind"] for item in items} == {"ConfigMap"}
    assert version.isdecimal()
    assert kube.requests["list", "configmaps"] - before == 3


async def test_an_empty_list_of_metadata(kube: Kube, namespace: str) -> None:
    """The server writes `items: null` there."""
    assert (await kube.list(DEPLOYMENTS, namespace, metadata_only=True))[0] == []


async def test_metadata_only(kube: Kube, namespace: str) -> None:
    """Secrets are watched without ever being read."""
    secret = {"metadata": {"name": "s", "labels": {"a": "b"}}, "stringData": {"k": "hunter2"}}
    await kube.create(SECRETS, secret, namespace)
    one = await kube.get(SECRETS, "s", namespace, metadata_only=True)
    items, _ = await kube.list(SECRETS, namespace, label_selector="a=b", metadata_only=True)

    assert one["kind"] == "PartialObjectMetadata"
    assert [item["metadata"]["name"] for item in items] == ["s"]
    assert "data" not in one
    assert "data" not in items[0]


async def test_forbidden_names_verb_and_resource(plane: Plane) -> None:
    """An administrator has to write the Role for it."""
    config = replace(load_config(plane.kubeconfig), impersonate=(("Impersonate-User", "nobody"),))
    async with Kube(config) as nobody:
        with pytest.raises(AccessDenied, match='cannot list secrets in default: User "nobody"'):
            await nobody.list(SECRETS, "default")
        with pytest.raises(AccessDenied, match="cannot create pods default/p: pods is forbidden"):
            await nobody.create(PODS, {"metadata": {"name": "p"}}, "default")


async def test_a_wrong_token_is_denied(plane: Plane) -> None:
    """And not tried for ever."""
    config = replace(load_config(plane.kubeconfig), credentials=bearer("wrong"))
    async with Kube(config) as stranger:
        with pytest.raises(AccessDenied):
            await stranger.get(NAMESPACES, "default")


async def test_an_invalid_object_is_refused_by_field(kube: Kube, namespace: str) -> None:
    """The message is the server's own."""
    with pytest.raises(Invalid, match=r"metadata.name: Invalid value") as caught:
        await kube.create(CONFIG_MAPS, a_config_map(namespace, "A_"))
    assert caught.value.causes[0].startswith("metadata.name: ")


async def test_an_unknown_field_is_refused(kube: Kube, namespace: str) -> None:
    """Terminal, though the server calls it an internal error."""
    with pytest.raises(Invalid, match="field not declared in schema"):
        await kube.apply(a_config_map(namespace) | {"dta": {}})


async def test_a_refused_secret_is_not_quoted(kube: Kube, namespace: str) -> None:
    """Errors go into conditions, which many may read."""
    metadata = {"name": "s", "namespace": namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    broken: list[dict[str, Any]]
    broken = [{"data": {"hunter2!": "eA=="}}, {"type": "kubernetes.io/tls", "data": {"a": "b"}}]
    for part in [*broken, {"data": {"k": "hunter2!"}}, {"immutable": "hunter2!"}]:
        with pytest.raises(Invalid) as caught:
            await kube.create(SECRETS, secret | part)
        assert "hunter2" not in f"{caught.value} {caught.value.causes}".replace(
            "data[hunter2!]", ""
        )


async def test_an_absent_namespace_may_come(kube: Kube) -> None:
    """Its own HelmRelease or commit may be on the way."""
    with pytest.raises(NamespaceUnready, match='namespaces "absent" not found'):
        await kube.create(CONFIG_MAPS, a_config_map("absent"))
    with pytest.raises(NamespaceUnready):
        await kube.apply(a_config_map("absent"))
    with pytest.raises(NotFound):
        await kube.get(NAMESPACES, "absent")


async def test_a_namespace_that_is_being_deleted(kube: Kube) -> None:
    """The server says 403; our rights are fine."""
    name = "ending"
    await kube.create(NAMESPACES, {"metadata": {"name": name}})
    held = a_config_map(name, "held")
    held["metadata"]["finalizers"] = ["example.com/held"]
    await kube.create(CONFIG_MAPS, held)
    await kube.delete(NAMESPACES, name)
    try:
        with pytest.raises(NamespaceUnready, match="being terminated"):
            await kube.create(CONFIG_MAPS, a_config_map(name))
    finally:
        await kube.patch(CONFIG_MAPS, "held", name, {"metadata": {"finalizers": None}})


async def test_a_kind_without_a_namespace_is_refused_before_it_is_sent(kube: Kube) -> None:
    """An empty namespace must not become somebody's default."""
    before = kube.requests.total()
    with pytest.raises(Invalid, match='ConfigMap "a" names no namespace'):
        await kube.create(CONFIG_MAPS, {"metadata": {"name": "a"}})
    assert kube.requests.total() == before


async def test_an_unknown_kind_is_not_found(kube: Kube) -> None:
    """Its CRD may come."""
    with pytest.raises(NotFound, match=r"no kind Widget in absent.io/v1"):
        await kube.apply({"apiVersion": "absent.io/v1", "kind": "Widget", "metadata": {}})


async def test_version(kube: Kube) -> None:
    """For the first line of the log."""
    assert (await kube.version())["gitVersion"].startswith("v1.")


async def test_a_server_that_is_not_there(plane: Plane) -> None:
    """The message says where it was looked for."""
    config = replace(load_config(plane.kubeconfig), server="https://127.0.0.1:1")
    async with Kube(config) as lost:
        with pytest.raises(ClusterUnavailable, match=r"no connection to 127.0.0.1:1: Connect"):
            await lost.get(NAMESPACES, "default")


async def test_a_certificate_that_nobody_trusts(plane: Plane) -> None:
    """It is no reason to go on without."""
    async with Kube(replace(load_config(plane.kubeconfig), ca=None)) as careful:
        with pytest.raises(ClusterUnavailable, match="certificate is not trusted"):
            await careful.get(NAMESPACES, "default")


async def test_connections_are_used_again(plane: Plane) -> None:
    """A TLS handshake for each request would cost more than the request."""
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as kube:
        for _ in range(20):
            await kube.get(NAMESPACES, "default")

        assert proxy.accepted == 1


async def test_a_frozen_request_ends(plane: Plane) -> None:
    """The caller's deadline reaches the socket, and the next request is well again."""
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as kube:
        await kube.version()
        proxy.freeze()
        with pytest.raises(ClusterUnavailable, match="does not answer in time"):
            await kube.raw("GET", "/version", timeout=0.3)

        assert await kube.version()


async def test_a_version_that_is_too_old(kube: Kube, namespace: str) -> None:
    """Both a watch and the informer have to tell it from an outage."""
    kind = a_kind()
    await install(kube, kind)
    await until(lambda: served(kube, kind), every=0.1)

    with pytest.raises(Expired, match="too old resource version"):
        async with aclosing(kube.watch(Selection(kind, namespace), Start("1"), quiet=5)) as watch:
            await anext(watch)


async def test_a_watch_tells_what_happens(kube: Kube, namespace: str) -> None:
    """From the version given on."""
    _, version = await kube.list(CONFIG_MAPS, namespace, field_selector="metadata.name=a")
    selection = Selection(CONFIG_MAPS, namespace, field_selector="metadata.name=a")
    watch = kube.watch(selection, Start(version))
    first = asyncio.create_task(anext(watch))
    await kube.create(CONFIG_MAPS, a_config_map(namespace))

    assert (await first).type == "ADDED"
    await watch.aclose()


async def test_slow_requests_do_not_delay_a_lease(kube: Kube, namespace: str) -> None:
    """All pooled connections are busy, and this process stays alive nevertheless."""
    params = {"watch": "true", "timeoutSeconds": "20"}
    path = CONFIG_MAPS.path(namespace)
    slow = [asyncio.create_task(kube.raw("GET", path, params=params)) for _ in range(POOL)]
    await until(lambda: kube.requests["get", path.strip("/")] == POOL)
    try:
        async with asyncio.timeout(5):
            await kube.create(LEASES, {"metadata": {"name": "l"}}, namespace)
    finally:
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_a_token_that_was_renewed_early_is_read_again(plane: Plane, tmp_path: Path) -> None:
    """A 401 is answered with a second look before it is believed."""
    config = load_config(plane.kubeconfig)
    token = (await config.credentials.authorization()).removeprefix("Bearer ")
    file = tmp_path / "token"
    file.write_text("rotated away")
    async with Kube(replace(config, credentials=TokenFile(file))) as kube:
        with pytest.raises(AccessDenied):
            await kube.get(NAMESPACES, "default")
        file.write_text(token)
        assert await kube.get(NAMESPACES, "default")


async def test_the_name_in_the_certificate_may_be_another(plane: Plane) -> None:
    """Through a tunnel the address is not the server's own."""
    config = replace(load_config(plane.kubeconfig), tls_server_name="not-in-the-certificate")
    async with Kube(config) as kube:
        with pytest.raises(ClusterUnavailable, match="certificate is not trusted"):
            await kube.version()


def _open_connections(port: int) -> int:
    """Count this machine's established connections to a port, as the kernel lists them."""
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(1 for line in lines if line[2].endswith(f":{port:04X}") and line[3] == "01")


async def test_a_watch_that_is_given_up_hangs_up_at_once(plane: Plane, namespace: str) -> None:
    """A good-bye over TLS would wait for a frozen server, half a minute long."""
    opened = asyncio.Event()

    async def watch(client: Kube) -> None:
        async for _ in client.watch(Selection(CONFIG_MAPS, namespace), Start(opened=opened.set)):
            continue

    through = proxied(load_config(plane.kubeconfig))
    async with through as (config, proxy), Kube(config) as client:
        watching = asyncio.create_task(watch(client))
        await opened.wait()
        assert _open_connections(proxy.port) == 1
        proxy.freeze(new_too=True)
        watching.cancel()
        await asyncio.wait({watching})
        await until(lambda: _open_connections(proxy.port) == 0, within=5)
