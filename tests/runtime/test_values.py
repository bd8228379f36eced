"""Values come from real ConfigMaps and Secrets, and their Secrets stay secret."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from helmward.errors import AccessDenied, ClusterUnavailable, ValuesInvalid, ValuesUnavailable
from helmward.kube import Kube, load_config
from helmward.kube.entries import ClusterEntries
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import Declared, Key, SourceKind, ValuesSource
from helmward.redaction import MASK, Redactor
from helmward.values import compose, keep_secret
from tests.support.builders import a_declared
from tests.support.kinds import a_config_map
from tests.support.plane import Plane
from tests.support.values import ObjectsAlone


def read_by(kube: Kube) -> ObjectsAlone:
    """The objects that a client sees."""
    return ObjectsAlone(ClusterEntries(kube))


def asking(namespace: str, *sources: ValuesSource, values: bytes = b"{}") -> Declared:
    key = Key("helm.fluxcd.io/v1", namespace, "cart")
    return a_declared(key=key, values_from=sources, values=values)


def config_map(name: str, **changes: Any) -> ValuesSource:
    return ValuesSource(
        SourceKind.CONFIG_MAP, "spec.valuesFrom[0].configMapKeyRef", name=name, **changes
    )


def secret(name: str, **changes: Any) -> ValuesSource:
    return ValuesSource(SourceKind.SECRET, "spec.valuesFrom[1].secretKeyRef", name=name, **changes)


async def given(kube: Kube, namespace: str) -> None:
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "map", **{"values.yaml": "a: 1\nb: 1"}))
    await kube.create(
        CONFIG_MAPS,
        {
            "metadata": {"name": "binary"},
            "binaryData": {"values.yaml": base64.b64encode(b"\xff").decode()},
        },
        namespace,
    )
    data = {"values.yaml": "b: hunter2\nc: {d: 2}", "more": "c: {e: 3}", "broken": "b: {hunter2"}
    await kube.create(SECRETS, {"metadata": {"name": "secret"}, "stringData": data}, namespace)
    await kube.create(SECRETS, {"metadata": {"name": "empty"}}, namespace)


async def test_objects_of_the_cluster_become_values(kube: Kube, namespace: str) -> None:
    await given(kube, namespace)
    sources = (config_map("map"), secret("secret"), secret("secret", key="more"))
    absent = (config_map("absent", optional=True), secret("empty", optional=True))
    before = kube.requests["get", "secrets"]
    declared = asking(namespace, *sources, *absent, values=b'{"f":null}')
    found = await compose(declared, read_by(kube))

    assert json.loads(found.document) == {"a": 1, "b": "hunter2", "c": {"d": 2, "e": 3}, "f": None}
    assert found.hidden == {("b",), ("c", "d"), ("c", "e")}
    assert [said.split(": ")[1] for said in found.skipped] == [
        f"there is no ConfigMap {namespace}/absent",
        f'Secret {namespace}/empty has no key "values.yaml"',
    ]
    assert kube.requests["get", "secrets"] - before == 2


async def test_what_the_cluster_shows_of_the_secret_is_masked(kube: Kube, namespace: str) -> None:
    await given(kube, namespace)
    redactor = Redactor()
    found = await compose(asking(namespace, secret("secret")), read_by(kube))
    await keep_secret("test", found, redactor)
    shown = await kube.get(SECRETS, "secret", namespace)

    assert redactor.mask(shown["data"]["values.yaml"]) == MASK
    assert "hunter2" not in redactor.mask(found.document.decode())


async def test_a_values_file_in_another_namespace(kube: Kube, namespace: str) -> None:
    await given(kube, namespace)
    found = await compose(
        asking("default", config_map("map", namespace=namespace)),
        read_by(kube),
    )

    assert found.document == b'{"a":1,"b":1}'


async def test_what_is_missing_or_broken_is_named(kube: Kube, namespace: str) -> None:
    await given(kube, namespace)
    sources = read_by(kube)

    with pytest.raises(
        ValuesUnavailable, match=f"there is no Secret {namespace}/absent: create it"
    ):
        await compose(asking(namespace, secret("absent")), sources)
    with pytest.raises(ValuesUnavailable, match=f'ConfigMap {namespace}/map has no key "x"'):
        await compose(asking(namespace, config_map("map", key="x")), sources)
    with pytest.raises(ValuesUnavailable, match="there is no ConfigMap absent-too/map"):
        await compose(asking(namespace, config_map("map", namespace="absent-too")), sources)
    with pytest.raises(ValuesInvalid, match=r"line 2, column 1: while parsing") as caught:
        await compose(asking(namespace, secret("secret", key="broken")), sources)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ValuesInvalid, match="the file is not UTF-8 text"):
        await compose(asking(namespace, config_map("binary")), sources)


async def test_an_optional_source_that_nobody_may_read_is_no_absent_one(
    plane: Plane, namespace: str
) -> None:
    nobody = replace(load_config(plane.kubeconfig), impersonate=(("Impersonate-User", "nobody"),))
    async with Kube(nobody) as client:
        with pytest.raises(
            AccessDenied, match=r"spec.valuesFrom\[1\].secretKeyRef: cannot get secrets"
        ):
            await compose(asking(namespace, secret("x", optional=True)), read_by(client))


async def test_a_server_that_is_away_is_waited_for(plane: Plane, namespace: str) -> None:
    away = replace(load_config(plane.kubeconfig), server="https://127.0.0.1:1")
    async with Kube(away) as client:
        with pytest.raises(ClusterUnavailable):
            await compose(asking(namespace, secret("x", optional=True)), read_by(client))
