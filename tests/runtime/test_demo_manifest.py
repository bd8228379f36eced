"""The demo's last look: a manifest against the live objects of a real API server."""

import pytest

from helmward.demo.manifest import astray
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from tests.support.kinds import a_config_map
from tests.support.objects import config_map

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
