"""The demo's last look, at a real API server: what it calls wrong."""

import pytest

from helmward.apis.v1beta1 import RESOURCE
from helmward.demo.manifest import astray
from helmward.demo.verify import Expected, problems
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from tests.support.kinds import a_config_map
from tests.support.objects import config_map
from tests.support.operator import install_crds

MANIFEST = "---\n".join((config_map("a", "1"), config_map("b", "2")))


@pytest.mark.parametrize(
    ("live", "found"),
    [
        ({"a": "1", "b": "2"}, []),
        ({"a": "1", "b": "9"}, ["ConfigMap b: data.a is not as the revision has it"]),
        ({"b": "2"}, ["ConfigMap a is not there"]),
    ],
    ids=["all as it should be", "changed", "missing"],
)
async def test_objects_that_are_not_as_the_revision_has_them_are_named(
    kube: Kube, namespace: str, live: dict[str, str], found: list[str]
) -> None:
    for name, value in live.items():
        await kube.create(CONFIG_MAPS, a_config_map(namespace, name, a=value), namespace)

    assert await astray(kube, MANIFEST, namespace) == found


@pytest.mark.parametrize(
    ("status", "message", "wrong"),
    [
        ("False", "ConfigMap shop/a: deleted", False),
        ("True", "ConfigMap shop/a: deleted", True),
        ("False", "ConfigMap shop/b: deleted", True),
    ],
    ids=["put right", "still gone", "another object"],
)
async def test_a_helmrelease_has_to_say_what_was_put_right(
    kube: Kube, namespace: str, status: str, message: str, wrong: bool
) -> None:
    await install_crds(kube)
    spec = {"chart": {"repository": "http://127.0.0.1:1", "name": "stall", "version": "1.0.0"}}
    release = {"apiVersion": RESOURCE.api_version, "kind": RESOURCE.kind, "spec": spec}
    await kube.create(RESOURCE, release | {"metadata": {"name": "web"}}, namespace)
    told = {"type": "Drifted", "status": status, "reason": "Why", "message": message}
    told |= {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    await kube.replace_status(RESOURCE, "web", namespace, {"conditions": [told]})

    found = await problems(kube, Expected(namespace, "web", "web", 1, 1, "Hello", mended="shop/a"))

    assert any("does not say that shop/a was put right" in one for one in found) == wrong
