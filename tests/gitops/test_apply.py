"""Plans against a real API server: what a rehearsal says, and what an apply then does."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from helmward.errors import ClusterUnavailable, NotFound
from helmward.gitops.marks import CHECKSUM, MARK, mark_of
from helmward.gitops.policies import FORCE
from helmward.gitops.scope import Scope
from helmward.kube import Kube, load_config
from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, Resource
from tests.gitops.test_takeover import DEPLOYMENT, SERVICE
from tests.support.applying import SOURCE, Applying
from tests.support.kubectl import Kubectl
from tests.support.objects import config_map, crd
from tests.support.plane import Plane
from tests.support.wait import until

HOOKS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)
API_SERVICES = Resource(
    "apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False
)


def annotated(name: str, annotation: str, value: str = "1") -> str:
    return config_map(name, value, extra=f"  annotations: {{{annotation}}}\n")


async def value_of(kube: Kube, name: str, namespace: str) -> str | None:
    try:
        found = await kube.get(CONFIG_MAPS, name, namespace)
    except NotFound:
        return None
    return str(found["data"]["a"])


@asynccontextmanager
async def broken_webhook(kube: Kube, namespace: str) -> AsyncIterator[None]:
    """Have every write of a ConfigMap of the namespace fail, by a webhook that is nowhere."""
    name = f"hook-{secrets.token_hex(4)}.example.test"
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["configmaps"],
        "operations": ["CREATE", "UPDATE"],
    }
    hook = {
        "name": name,
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "matchConditions": [{"name": "named", "expression": "object.metadata.name == 'hooked'"}],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 1,
    }
    await kube.create(HOOKS, {"metadata": {"name": name}, "webhooks": [hook]})
    yield
    await kube.delete(HOOKS, name)


async def test_a_rehearsal_says_what_would_change_and_writes_nothing(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    await applying.apply(config_map("same"), config_map("other"), config_map("left"))
    left = {"metadata": {"annotations": {"fluxcd.io/ignore": "true"}}}
    await kube.patch(CONFIG_MAPS, "left", namespace, left)
    kube.requests.clear()

    verbs = await applying.verbs(
        config_map("same"), config_map("other", "2"), config_map("left", "2"), config_map("new")
    )

    assert verbs == {"same": "none", "other": "change", "left": "ignored", "new": "create"}
    assert await value_of(kube, "other", namespace) == "1"
    assert await value_of(kube, "new", namespace) is None


async def test_documents_come_only_when_asked_for(applying: Applying) -> None:
    """They may be Secrets, and many."""
    await applying.apply(config_map("one"))

    [bare] = (await applying.rehearse(config_map("one", "2"))).changes
    [full] = (await applying.rehearse(config_map("one", "2"), documents=True)).changes
    [new] = (await applying.rehearse(config_map("two"), documents=True)).changes

    assert (bare.live, bare.merged) == (None, None)
    assert full.live
    assert full.merged
    assert (full.live["data"], full.merged["data"]) == ({"a": "1"}, {"a": "2"})
    assert new.live is None
    assert new.merged


async def test_documents_do_not_quote_what_kubectl_noted_down(
    applying: Applying, kubectl: Kubectl
) -> None:
    """Of a Secret that is everything, outside of its data."""
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: s3cret}\n"
    await kubectl("apply", "-f", "-", stdin=secret)

    [change] = (await applying.rehearse(secret, documents=True)).changes

    assert change.live
    assert "s3cret" not in f"{change.live} {change.merged}"


async def test_what_changes_nothing_need_not_be_written(applying: Applying) -> None:
    """What a rehearsal finds the same keeps even its resourceVersion."""
    objects = DEPLOYMENT, SERVICE, config_map("one")
    await applying.apply(*objects)

    rehearsal = await applying.rehearse(*objects)

    assert rehearsal.to_write == frozenset()
    known = {item.id: item.fields for item in applying.known.values()}
    assert {change.id: change.fields for change in rehearsal.changes} == known


async def test_what_is_the_same_but_anothers_is_written(applying: Applying, kube: Kube) -> None:
    """Only who owns a field can drop it later."""
    plan = await applying.plan(config_map("one"))
    [step] = plan.steps
    await kube.apply(step.object, field_manager="another")

    assert await applying.verbs(config_map("one")) == {"one": "change"}


async def test_an_apply_after_a_rehearsal_costs_one_request(applying: Applying, kube: Kube) -> None:
    """The rehearsal has seen what is there."""
    plan = await applying.plan(config_map("one"), config_map("two"))
    rehearsal = await applying.applier.rehearse(plan)
    kube.requests.clear()

    await applying.applier.apply(plan, rehearsal.to_write)

    assert kube.requests == {("apply", "configmaps"): 2}


async def test_an_apply_tells_what_was_made_and_what_was_changed(applying: Applying) -> None:
    await applying.apply(config_map("same"), config_map("other"))
    outcome = await applying.apply(config_map("same"), config_map("other", "2"), config_map("new"))

    told = {one.id.name: (one.created, one.changed, one.healed) for one in outcome.applied}
    assert told == {
        "same": (False, False, False),
        "other": (False, True, False),
        "new": (True, True, False),
    }


async def test_objects_carry_the_marks_of_flux(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    """With a real object's name, kind and namespace, as Flux hashes them."""
    outcome = await applying.apply(config_map("one"))

    metadata = (await kube.get(CONFIG_MAPS, "one", namespace))["metadata"]
    assert metadata["labels"] == {MARK: mark_of(SOURCE, outcome.applied[0].id)}
    assert len(metadata["annotations"][CHECKSUM]) == 40


@pytest.mark.parametrize(
    "annotation",
    [
        "fluxcd.io/ignore=true",
        "flux.weave.works/ignore=true",
        "kustomize.toolkit.fluxcd.io/reconcile=disabled",
        "kustomize.toolkit.fluxcd.io/ssa=Ignore",
    ],
)
async def test_a_live_object_can_ask_to_be_left_alone(
    annotation: str, applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """An emergency change by hand holds until the annotation goes."""
    await applying.apply(config_map("one"))
    await kubectl("annotate", "cm/one", annotation)
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"a": "by hand"}})

    outcome = await applying.apply(config_map("one"))
    assert ([one.id.name for one in outcome.skipped], outcome.applied) == (["one"], ())
    assert await value_of(kube, "one", namespace) == "by hand"

    await kubectl("annotate", "cm/one", annotation.partition("=")[0] + "-")
    await applying.apply(config_map("one"))
    assert await value_of(kube, "one", namespace) == "1"


async def test_what_is_made_once_is_not_changed_later(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    once = "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"
    await applying.apply(annotated("one", once))
    assert await applying.verbs(annotated("one", once, "2")) == {"one": "ignored"}

    await applying.apply(annotated("one", once, "2"))
    assert await value_of(kube, "one", namespace) == "1"

    await kube.delete(CONFIG_MAPS, "one", namespace)
    assert await applying.verbs(annotated("one", once, "2")) == {"one": "create"}
    await applying.apply(annotated("one", once, "2"))
    assert await value_of(kube, "one", namespace) == "2"


@pytest.mark.parametrize("word", ["Override", "Merge"])
async def test_what_others_add_stays(
    word: str, applying: Applying, kube: Kube, namespace: str
) -> None:
    """Both words of Flux 2 are what an apply does anyway; ours is healed, theirs stays."""
    asked = annotated("one", f"kustomize.toolkit.fluxcd.io/ssa: {word}")
    await applying.apply(asked)
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"a": "x", "theirs": "y"}})

    await applying.apply(asked)

    found = await kube.get(CONFIG_MAPS, "one", namespace)
    assert found["data"] == {"a": "1", "theirs": "y"}


OTHER = DEPLOYMENT.replace("app: web", "app: shop")


def forced(deployment: str) -> str:
    name = "  name: web\n"
    return deployment.replace(name, f"{name}  annotations: {{{FORCE}: enabled}}\n", 1)


async def test_an_immutable_field_names_what_would_help(applying: Applying) -> None:
    """Before anything is written, and after."""
    await applying.apply(DEPLOYMENT)

    rehearsal = await applying.rehearse(OTHER)
    outcome = await applying.apply(OTHER)

    for [refusal] in (rehearsal.refused, outcome.refused):
        assert "field is immutable" in refusal.message
        assert refusal.message.endswith(f"annotate it with {FORCE}: enabled")


async def test_an_immutable_field_changes_where_that_is_asked_for(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    """The object is deleted and made anew, that very one and no other."""
    await applying.apply(DEPLOYMENT)
    before = await kube.get(DEPLOYMENTS, "web", namespace)
    [change] = (await applying.rehearse(forced(OTHER))).changes
    outcome = await applying.apply(forced(OTHER))

    assert (change.verb, change.anew) == ("change", True)
    assert [(one.created, one.changed) for one in outcome.applied] == [(True, True)]
    found = await kube.get(DEPLOYMENTS, "web", namespace)
    assert found["spec"]["selector"] == {"matchLabels": {"app": "shop"}}
    assert found["metadata"]["uid"] != before["metadata"]["uid"]


async def test_an_immutable_secret_is_made_anew_too(applying: Applying, kubectl: Kubectl) -> None:
    """What the API server says of Secrets is not passed on, but for this."""
    secret = (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations: {{{FORCE}: enabled}}\n"
        "immutable: true\nstringData: {a: s3cret}\n"
    )
    await applying.apply(secret)

    outcome = await applying.apply(secret.replace("s3cret", "another"))

    assert outcome.refused == ()
    assert await kubectl("get", "secret/s", "-o=jsonpath={.data.a}") == "YW5vdGhlcg=="


@pytest.mark.parametrize("change", ["", "app: web"])
async def test_an_invalid_object_is_never_deleted(
    change: str, applying: Applying, kube: Kube, namespace: str
) -> None:
    """`force` is for what is immutable, not for what is wrong, nor for both at once."""
    await applying.apply(DEPLOYMENT)
    wrong = forced(DEPLOYMENT).replace("replicas: 2", "replicas: -2")
    wrong = wrong.replace(change, "app: shop") if change else wrong

    assert len((await applying.rehearse(wrong)).refused) == 1
    [refusal] = (await applying.apply(wrong)).refused
    assert ("it is not deleted" in refusal.message) is bool(change)
    assert (await kube.get(DEPLOYMENTS, "web", namespace))["spec"]["replicas"] == 2


async def test_an_object_that_will_not_go_is_tried_again(
    applying: Applying, kube: Kube, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its finalizers are others' business."""
    monkeypatch.setattr("helmward.gitops.anew.GOING", 0.3)
    await applying.apply(DEPLOYMENT)
    held = {"metadata": {"finalizers": ["example.test/held"]}}
    await kube.patch(DEPLOYMENTS, "web", namespace, held)

    [refusal] = (await applying.apply(forced(OTHER))).refused
    assert "its finalizers still hold it" in refusal.message

    await kube.patch(DEPLOYMENTS, "web", namespace, {"metadata": {"finalizers": None}})
    assert (await applying.apply(forced(OTHER))).refused == ()


async def test_a_webhook_that_fails_costs_its_object_alone(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    """The API server itself is well, and says so when asked."""
    async with broken_webhook(kube, namespace):
        await until(lambda: _refuses(applying))
        outcome = await applying.apply(config_map("hooked"), config_map("one"))

    assert [one.id.name for one in outcome.applied] == ["one"]
    [refusal] = outcome.refused
    assert "failed calling webhook" in refusal.message


async def _refuses(applying: Applying) -> bool:
    """Tell whether the API server has taken note of the webhook."""
    return bool((await applying.rehearse(config_map("hooked"))).refused)


async def test_a_group_of_the_api_that_is_down_costs_its_objects_alone(
    applying: Applying, kube: Kube, namespace: str
) -> None:
    """An aggregated API whose server is gone, as metrics servers are now and then."""
    group = f"{secrets.token_hex(4)}.example.test"
    spec = {
        "group": group,
        "version": "v1",
        "service": {"name": "nowhere", "namespace": namespace},
        "insecureSkipTLSVerify": True,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    name = f"v1.{group}"
    await kube.create(API_SERVICES, {"metadata": {"name": name}, "spec": spec})
    car = f"apiVersion: {group}/v1\nkind: Car\nmetadata: {{name: c}}\n"
    await until(lambda: _is_down(kube, group))

    assert (await applying.verbs(car, config_map("one")))["one"] == "create"
    outcome = await applying.apply(car, config_map("one"))

    assert [one.id.name for one in outcome.applied] == ["one"]
    assert [refusal.reason for refusal in outcome.refused] == ["ClusterUnavailable"]

    applying.scope = Scope(excluded=("*.example.test/*",))
    kube.requests.clear()
    outcome = await applying.apply(car, config_map("one"))
    assert outcome.refused == ()
    assert not [resource for _, resource in kube.requests if group in resource]
    await kube.delete(API_SERVICES, name)


async def _is_down(kube: Kube, group: str) -> bool:
    """Tell whether the API server knows of the group, and that nobody serves it."""
    try:
        await kube.resource_for(f"{group}/v1", "Car")
    except ClusterUnavailable:
        return True
    except NotFound:
        return False
    return False


async def test_a_namespace_that_is_going_takes_nothing(applying: Applying, kube: Kube) -> None:
    """It is tried again when the namespace is there anew."""
    where = f"going-{secrets.token_hex(4)}"
    held = {"metadata": {"name": where, "finalizers": ["example.test/held"]}}
    await kube.create(NAMESPACES, held)
    await kube.delete(NAMESPACES, where)

    outcome = await applying.apply(config_map("one", namespace=where), config_map("two"))

    assert [one.id.name for one in outcome.applied] == ["two"]
    assert [refusal.reason for refusal in outcome.refused] == ["NamespaceUnready"]
    await kube.patch(NAMESPACES, where, None, {"metadata": {"finalizers": None}})


@pytest.mark.parametrize("size", [1_100_000, 4_000_000])
async def test_an_object_that_is_too_large_is_refused(size: int, applying: Applying) -> None:
    """By its own limit, or by that of a request."""
    outcome = await applying.apply(config_map("huge", "x" * size), config_map("one"))

    assert [one.id.name for one in outcome.applied] == ["one"]
    [refusal] = outcome.refused
    assert refusal.reason == "Invalid"
    assert len(refusal.message) < 3000


async def test_a_list_that_names_one_thing_twice_is_refused(applying: Applying) -> None:
    """kubectl on the client's side let the last one win."""
    twice = DEPLOYMENT.replace("{name: SIZE, value: large}", "{name: COLOUR, value: red}")

    [refusal] = (await applying.apply(twice)).refused

    assert refusal.reason == "Invalid"
    assert 'name="COLOUR"' in refusal.message


class Stopping(Kube):
    """A client whose API server goes away after so many applies."""

    plane: Plane
    applies_left = 20

    async def apply(self, obj: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        self.applies_left -= 1
        if self.applies_left == 0:
            await self.plane.stop_api_server()
        return await super().apply(obj, **options)


async def test_an_api_server_that_goes_away_ends_the_apply(own_plane: Plane) -> None:
    """In the middle of it; the rest is applied when it is back, and nobody is to blame."""
    async with Stopping(load_config(own_plane.kubeconfig)) as kube:
        kube.plane = own_plane
        applying = Applying(kube, "default")
        texts = [config_map(f"c{number}") for number in range(50)]
        plan = await applying.plan(*texts)

        with pytest.raises(ClusterUnavailable):
            await applying.applier.apply(plan)
        with pytest.raises(ClusterUnavailable):
            await applying.applier.rehearse(plan)
        await own_plane.start_api_server()

        outcome = await until(lambda: _all_applied(applying, texts), within=60)
        assert len(outcome.applied) == 50
        assert 12 <= sum(not applied.created for applied in outcome.applied) < 50
        assert applying.refused == []


async def _all_applied(applying: Applying, texts: list[str]) -> Any:
    try:
        return await applying.apply(*texts)
    except ClusterUnavailable:
        return None


async def test_namespaces_and_kinds_of_the_same_plan_come_later(
    applying: Applying, kube: Kube
) -> None:
    """A rehearsal cannot know them; the apply then can."""
    group, where = f"{secrets.token_hex(4)}.example.test", f"ns-{secrets.token_hex(4)}"
    texts = [
        f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {where}}}\n",
        config_map("one", namespace=where),
        crd("cars", "Car", group),
        f"apiVersion: {group}/v1\nkind: Car\nmetadata: {{name: c, namespace: {where}}}\n",
    ]

    assert await applying.verbs(*texts) == {
        where: "create",
        "one": "later",
        f"cars.{group}": "create",
        "c": "later",
    }
    assert (await applying.apply(*texts)).refused == ()
    assert await applying.verbs(*texts) == dict.fromkeys(
        (where, "one", f"cars.{group}", "c"), "none"
    )
    await kube.delete(NAMESPACES, where)
