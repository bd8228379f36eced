"""Which objects are to be applied again: found by metadata alone, on a real API server."""

from dataclasses import replace
from typing import Final

import pytest

from helmward.errors import ClusterUnavailable
from helmward.gitops.live import look
from helmward.gitops.marks import MARK
from helmward.gitops.scope import Scope
from helmward.kube import Kube, load_config
from helmward.kube.listing import Listed, Selection
from helmward.kube.resources import CONFIG_MAPS
from tests.gitops.test_takeover import DEPLOYMENT
from tests.support.applying import Applying
from tests.support.kinds import a_config_map
from tests.support.kubectl import Kubectl
from tests.support.objects import config_map
from tests.support.plane import Plane
from tests.support.rights import a_rule, bind

OBJECTS = (config_map("one") + "  b: '2'\n", config_map("two"), DEPLOYMENT)

EDITS: Final[dict[str, tuple[list[str], set[str]]]] = {
    "a value": (["patch", "cm/one", "-p", '{"data":{"a":"x"}}'], {"one"}),
    "a value, on behalf of an apply": (
        ["apply", "--server-side", "--force-conflicts", "-f", "-"],
        {"two"},
    ),
    "a key that is removed": (["patch", "cm/one", "-p", '{"data":{"b":null}}'], {"one"}),
    "all keys": (["patch", "cm/one", "-p", '{"data":null}'], {"one"}),
    "a deep value": (["set", "image", "deployment/web", "web=example.test/other"], {"web"}),
    "an item that is removed": (["set", "env", "deployment/web", "SIZE-"], {"web"}),
    "the scale": (["scale", "deployment/web", "--replicas=4"], {"web"}),
    "the mark": (["label", "cm/two", f"{MARK}-"], {"two"}),
    "the mark's value": (["label", "--overwrite", "cm/two", f"{MARK}=x"], {"two"}),
    "the owners": (["patch", "cm/one", "-p", '{"metadata":{"managedFields":[{}]}}'], {"one"}),
    "a deletion": (["delete", "cm/one", "cm/two"], {"one", "two"}),
    "made anew": (["replace", "--force", "-f", "-"], {"two"}),
    "a key that is added": (["patch", "cm/one", "-p", '{"data":{"theirs":"x"}}'], set()),
    "an annotation": (["annotate", "cm/one", "theirs=x"], set()),
    "a label": (["label", "deployment/web", "theirs=x"], set()),
    "an env that is added": (["set", "env", "deployment/web", "THEIRS=x"], set()),
    "the same value": (["patch", "cm/one", "-p", '{"data":{"a":"1"}}'], set()),
    "a request to be left alone": (["annotate", "cm/one", "fluxcd.io/ignore=true"], set()),
    "an answer of controllers": (
        ["patch", "deployment/web", "--subresource=status", "-p", '{"status":{"replicas":9}}'],
        set(),
    ),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_a_change_of_our_fields_is_seen_and_no_other(
    edit: str, applying: Applying, kubectl: Kubectl, kube: Kube
) -> None:
    """Through whatever door it comes; what others add is theirs."""
    command, named = EDITS[edit]
    await applying.apply(*OBJECTS)
    plan = await applying.plan(*OBJECTS)
    assert await look(kube, plan, applying.known) == frozenset()
    merge = ["--type=merge"] if command[0] == "patch" else []

    await kubectl(*command, *merge, stdin=config_map("two", "x"))

    assert {found.name for found in await look(kube, plan, applying.known)} == named


async def test_what_was_changed_is_as_before_after_an_apply(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    """Then nothing is left to be named."""
    await applying.apply(*OBJECTS)
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"a": "x", "theirs": "y"}})
    plan = await applying.plan(*OBJECTS)
    named = await look(kube, plan, applying.known)
    assert {found.name for found in named} == {"one"}

    await applying.apply(*OBJECTS)

    assert await look(kube, plan, applying.known) == frozenset()
    found = await kube.get(CONFIG_MAPS, "one", namespace)
    assert found["data"] == {"a": "1", "b": "2", "theirs": "y"}


async def test_what_was_never_applied_is_named(applying: Applying, kube: Kube) -> None:
    """Also if its kind is unknown, or it is not in the inventory."""
    car = "apiVersion: cars.test/v1\nkind: Car\nmetadata: {name: c}\n"
    await applying.apply(config_map("one"), config_map("two"))
    applying.known = {found: item for found, item in applying.known.items() if found.name == "one"}

    plan = await applying.plan(config_map("one"), config_map("two"), config_map("three"), car)

    assert {found.name for found in await look(kube, plan, applying.known)} == {
        "two",
        "three",
        "c",
    }


async def test_what_is_made_once_is_named_only_when_it_is_gone(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    once = config_map(
        "one", extra="  annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}\n"
    )
    await applying.apply(once)
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"a": "x"}})
    plan = await applying.plan(once)
    assert await look(kube, plan, applying.known) == frozenset()

    await kube.delete(CONFIG_MAPS, "one", namespace)

    assert len(await look(kube, plan, applying.known)) == 1


async def test_a_list_a_kind_is_all_it_costs(applying: Applying, kube: Kube) -> None:
    """However many objects there are."""
    texts = [config_map(f"c{number}") for number in range(30)]
    await applying.apply(*texts, DEPLOYMENT)
    plan = await applying.plan(*texts, DEPLOYMENT)
    kube.requests.clear()

    await look(kube, plan, applying.known)

    assert kube.requests == {("list", "configmaps"): 1, ("list", "deployments"): 1}


class Counting(Kube):
    """A client that counts what its lists bring."""

    def __init__(self, kube: Kube) -> None:
        super().__init__(kube.config)
        self._transport = kube._transport
        self.listed = 0

    async def list_raw(self, selection: Selection, *, limit: int = 500) -> Listed:
        items, version = await super().list_raw(selection, limit=limit)
        self.listed += len(items)
        return items, version


async def test_only_marked_objects_are_listed(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    """A cluster has many more objects than one repository."""
    await kube.create(CONFIG_MAPS, a_config_map(namespace, "strange"))
    await applying.apply(config_map("one"))
    everything, _ = await kube.list(CONFIG_MAPS, label_selector=MARK)
    counting = Counting(kube)

    await look(counting, await applying.plan(config_map("one")), applying.known)

    assert counting.listed == len(everything)


@pytest.mark.parametrize(
    ("verbs", "named", "requests"),
    [(["list"], set(), 2), ([], {"one", "two"}, 2)],
    ids=["listing in the namespace", "no listing at all"],
)
async def test_fewer_rights_mean_smaller_lists(
    applying: Applying, kube: Kube, verbs: list[str], named: set[str], requests: int
) -> None:
    """What cannot be looked at is applied: that is no write where nothing changed."""
    texts = config_map("one"), config_map("two")
    await applying.apply(*texts)
    plan = await applying.plan(*texts)
    rule = a_rule([""], ["configmaps"], verbs or ["get"])
    await bind(kube, applying.namespace, "looker", rule)

    async with Kube(replace(kube.config, impersonate=(("Impersonate-User", "looker"),))) as few:
        assert {found.name for found in await look(few, plan, applying.known)} == named
        assert few.requests.total() == requests


async def test_allowed_namespaces_are_listed_one_by_one(applying: Applying, kube: Kube) -> None:
    """Others are not even asked for."""
    applying.scope = Scope((applying.namespace,))
    await applying.apply(config_map("one"))
    plan = await applying.plan(config_map("one"))
    await bind(kube, applying.namespace, "looker", a_rule([""], ["configmaps"], ["list"]))

    async with Kube(replace(kube.config, impersonate=(("Impersonate-User", "looker"),))) as few:
        assert await look(few, plan, applying.known) == frozenset()
        assert few.requests.total() == 1


async def test_nothing_is_named_of_a_cluster_that_is_gone(own_plane: Plane) -> None:
    """It is not that everything is gone."""
    async with Kube(load_config(own_plane.kubeconfig)) as kube:
        applying = Applying(kube, "default")
        await applying.apply(config_map("one"))
        plan = await applying.plan(config_map("one"))
        await own_plane.stop_api_server()

        with pytest.raises(ClusterUnavailable):
            await look(kube, plan, applying.known)
