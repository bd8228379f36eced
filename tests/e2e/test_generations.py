"""Both API generations side by side, and CRDs that come and go under a running operator."""

import secrets
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from helmward.apis import GENERATIONS, V1, V1BETA1, Generation
from helmward.errors import NotFound
from helmward.kube import Kube, load_config
from helmward.kube.resources import CONFIG_MAPS, CRDS, NAMESPACES
from tests.support.charts import ChartRepo
from tests.support.kubectl import Kubectl
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.stories import asked_again, colour, history
from tests.support.wait import until

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)
ORDERS = pytest.mark.parametrize(
    ("first", "second"), [(V1BETA1, V1), (V1, V1BETA1)], ids=["v1beta1 first", "v1 first"]
)
SAYS = {V1BETA1: "flux.weave.works/antecedent", V1: "helm.fluxcd.io/antecedent"}
SOON = 2.0
"""Seconds within which a CRD that is served is followed; without its watch it would be five."""


@pytest.fixture
async def elsewhere(kube: Kube) -> AsyncIterator[str]:
    """A second namespace."""
    name = f"test-{secrets.token_hex(4)}"
    await kube.create(NAMESPACES, {"metadata": {"name": name}})
    yield name
    await kube.delete(NAMESPACES, name)


def of(releases: Releases, generation: Generation) -> Releases:
    """The same of the chart `app`, in a generation."""
    return releases.of("app", resource=generation.resource)


# One release, two HelmReleases


@ORDERS
async def test_two_that_mean_one_release_meet(
    first: Generation, second: Generation, operator: Releases
) -> None:
    """The holder is undisturbed, the other told who it is; when the holder goes, it takes over."""
    release = f"{operator.namespace}-one"
    holder, other = of(operator, first), of(operator, second)
    await holder.apply("holder", releaseName=release, values={"colour": "red"})
    await holder.ready("holder")
    await other.apply("other", releaseName=release, values={"colour": "green"})
    told = await other.says("other", "ReleaseNameTaken", f"{operator.namespace}/holder", release)
    assert told["status"] == "False"
    await asked_again(holder, "holder", "meanwhile")
    assert await history(holder, release) == ["1 deployed"]
    assert await colour(holder, release) == "red"

    await holder.delete("holder")
    await holder.gone("holder")

    await other.ready("other")
    assert await colour(other, release) == "green"
    assert await history(other, release) == ["1 deployed"]


@ORDERS
async def test_equal_names_in_both_apis_are_two_resources(
    first: Generation, second: Generation, operator: Releases
) -> None:
    """Each has a release, a status and events of its own; one goes without the other."""
    one, two = of(operator, first), of(operator, second)
    names = [f"{operator.namespace}-{word}" for word in ("a", "b")]
    await one.apply("web", releaseName=names[0], values={"colour": "red"})
    await two.apply("web", releaseName=names[1], values={"colour": "green"})
    assert (await one.ready("web"))["releaseName"] == names[0]
    assert (await two.ready("web"))["releaseName"] == names[1]
    assert await colour(one, names[0]) == "red"
    assert await colour(two, names[1]) == "green"

    await one.delete("web")
    await one.gone("web")

    assert await one.revisions(names[0]) == []
    await asked_again(two, "web", "after that")
    assert await history(two, names[1]) == ["1 deployed"]


async def test_a_release_moves_to_the_newer_api_without_a_new_revision(operator: Releases) -> None:
    """Suspended and deleted in the old API, applied in the new one: nothing is uninstalled."""
    release = f"{operator.namespace}-web"
    old, new = of(operator, V1BETA1), of(operator, V1)
    await old.apply("web", values={"colour": "red"})
    await old.ready("web")
    before = await old.kube.get(CONFIG_MAPS, f"{release}-0", old.namespace)
    await new.apply("web", values={"colour": "red"})
    await new.says("web", "ReleaseNameTaken")
    await old.annotate("web", suspend="true")
    await old.delete("web")
    await old.gone("web")
    await new.ready("web")
    assert await history(new, release) == ["1 deployed"]
    now = await new.kube.get(CONFIG_MAPS, f"{release}-0", new.namespace)
    assert now["metadata"]["uid"] == before["metadata"]["uid"]


# Within what names are unique


async def test_names_of_v1_are_unique_in_their_target_namespace_only(
    operator: Releases, elsewhere: str
) -> None:
    here, there = of(operator, V1), of(operator, V1).elsewhere(elsewhere)
    name = f"one-{secrets.token_hex(3)}"
    await here.apply("web", releaseName=name, values={"colour": "red"})
    await there.apply("web", releaseName=name, values={"colour": "green"})
    await here.ready("web")
    await there.ready("web")
    assert await colour(here, name) == "red"
    assert await colour(there, name) == "green"
    await here.apply("guest", releaseName=name, targetNamespace=elsewhere)
    await here.says("guest", "ReleaseNameTaken", f"{elsewhere}/web")
    assert await history(there, name) == ["1 deployed"]


async def test_names_of_v1beta1_are_unique_in_the_cluster(
    operator: Releases, elsewhere: str
) -> None:
    here, there = of(operator, V1BETA1), of(operator, V1BETA1).elsewhere(elsewhere)
    name = f"one-{secrets.token_hex(3)}"
    await here.apply("web", releaseName=name)
    await here.ready("web")
    await there.apply("web", releaseName=name)
    await there.says("web", "ReleaseNameTaken", f"{here.namespace}/web")
    assert await there.revisions(name) == []


# What each says, in its own words


@BOTH
async def test_objects_say_whose_they_are_in_the_words_of_their_api(
    served: Generation, operator: Releases
) -> None:
    releases = of(operator, served)
    await releases.apply("web")
    await releases.ready("web")
    found = await releases.kube.get(CONFIG_MAPS, f"{releases.namespace}-web-0", releases.namespace)
    told = {key: value for key, value in found["metadata"]["annotations"].items()
            if key in SAYS.values()}  # fmt: skip
    assert told == {SAYS[served]: f"{releases.namespace}:helmrelease/web"}


@pytest.fixture
async def kubectl(plane: Plane, namespace: str) -> Kubectl:
    return Kubectl(plane.kubeconfig, namespace)


@BOTH
async def test_kubectl_shows_and_waits_for_both(
    served: Generation, operator: Releases, kubectl: Kubectl
) -> None:
    releases = of(operator, served)
    await releases.apply("web")
    await kubectl("wait", f"{served.resource}/web", "--for=condition=Released", "--timeout=30s")
    await kubectl("wait", f"{served.resource}/web", "--for=condition=Ready", "--timeout=30s")
    head, row = (await kubectl("get", str(served.resource), "web")).splitlines()
    cells = row.split()
    assert cells[:2] == ["web", f"{releases.namespace}-web"]
    if served is V1:
        assert head.split() == ["NAME", "RELEASE", "PHASE", "RELEASESTATUS", "MESSAGE", "AGE"]
        assert cells[2:4] == ["Succeeded", "deployed"]
    else:
        assert "DEPLOYED" in cells
        assert "phase" not in await releases.status("web")
        assert "PHASE" not in head


@BOTH
async def test_a_failure_is_told_in_the_words_of_the_api(
    served: Generation, operator: Releases, kubectl: Kubectl
) -> None:
    """The reason is the old operator's word; the message is the cause, in both."""
    releases = of(operator, served)
    await releases.apply("web", values={"refused": True})
    told = await releases.says("web", "99999", kind="Released")
    assert (told["status"], told["reason"]) == (
        ("False", "DeployFailed") if served is V1 else ("False", "HelmInstallFailed")
    )
    status = await releases.status("web")
    assert status.get("phase") == ("DeployFailed" if served is V1 else None)
    assert status["releaseStatus"] == ("failed" if served is V1 else "FAILED")
    assert "99999" in await kubectl("get", str(served.resource), "web")


# CRDs that come and go


@pytest.fixture
async def bare(own_plane: Plane, repo: ChartRepo) -> AsyncIterator[Releases]:
    """HelmReleases of a plane that has no CRD of ours yet."""
    async with Kube(load_config(own_plane.kubeconfig)) as kube:
        await no_crds(kube)
        name = f"test-{secrets.token_hex(4)}"
        await kube.create(NAMESPACES, {"metadata": {"name": name}})
        yield Releases(kube, name, repo.url)
        await no_crds(kube)


async def no_crds(kube: Kube) -> None:
    """Let all CRDs go, and wait until they are gone; finalizers of ours do not hold them."""
    for generation in GENERATIONS:
        name = crd_name(generation)
        try:
            found, _ = await kube.list(generation.resource)
        except NotFound:
            continue
        for one in found:
            at = one["metadata"]
            free = {"metadata": {"finalizers": None}}
            await kube.patch(generation.resource, at["name"], at["namespace"], free)
        await kube.delete(CRDS, name)
        await until(partial(absent, kube, name), within=30)


def crd_name(generation: Generation) -> str:
    return f"{generation.resource.plural}.{generation.resource.group}"


async def absent(kube: Kube, name: str) -> bool:
    try:
        await kube.get(CRDS, name)
    except NotFound:
        return True
    return False


async def install(kube: Kube, generation: Generation) -> None:
    """Install a CRD and wait until it is served."""
    await kube.apply(generation.crd(), resource=CRDS)

    async def served() -> bool:
        try:
            await kube.list(generation.resource)
        except NotFound:
            return False
        return True

    await until(served, within=20)


async def test_a_generation_is_served_from_the_moment_its_crd_is_there(
    own_plane: Plane, bare: Releases
) -> None:
    """Ready without any; then one is installed, then the other, and each is followed at once."""
    async with running(settings_for(own_plane.kubeconfig)):
        for generation in (V1, V1BETA1):
            releases = of(bare, generation)
            await install(bare.kube, generation)
            await releases.apply(
                "web", releaseName=f"{bare.namespace}-{generation.resource.version}"
            )
            began = time.monotonic()
            await until(partial(_has_been_seen, releases), within=20)
            assert time.monotonic() - began < SOON
            await releases.ready("web")
        await bare.clear()


async def _has_been_seen(releases: Releases) -> bool:
    return bool((await releases.get("web"))["metadata"].get("finalizers"))


@BOTH
async def test_deleting_a_crd_uninstalls_nothing(
    served: Generation, own_plane: Plane, bare: Releases
) -> None:
    """All HelmReleases go with it and their releases stay; with the CRD back, they are found."""
    other = V1 if served is V1BETA1 else V1BETA1
    for generation in GENERATIONS:
        await install(bare.kube, generation)
    ours, others = of(bare, served), of(bare, other)
    kubectl = Kubectl(own_plane.kubeconfig, bare.namespace)
    names = [f"web-{number}" for number in range(5)]
    async with running(settings_for(own_plane.kubeconfig)) as operator:
        for name in names:
            await ours.apply(name, values={"colour": "red"})
        await others.apply("other")
        for name in names:
            await ours.ready(name)
        await others.ready("other")
        before = await traces(ours, names)

        await kubectl("delete", "crd", crd_name(served), "--timeout=60s")

        assert not operator.done()
        assert await traces(ours, names) == before
        await asked_again(others, "other", "the other generation goes on")
        await install(bare.kube, served)
        for name in names:
            await ours.apply(name, values={"colour": "red"})
        for name in names:
            await ours.ready(name)
        assert await traces(ours, names) == before
        await ours.apply(names[0], values={"colour": "green"})
        await ours.ready(names[0])
        assert await history(ours, f"{bare.namespace}-{names[0]}") == ["1 superseded", "2 deployed"]


async def test_a_crd_deleted_while_the_operator_is_down_uninstalls_nothing(
    own_plane: Plane, bare: Releases
) -> None:
    """Its HelmReleases wait for the operator, which lets them go when it starts."""
    await install(bare.kube, V1)
    ours = of(bare, V1)
    async with running(settings_for(own_plane.kubeconfig)):
        await ours.apply("web")
        await ours.ready("web")
    before = await traces(ours, ["web"])
    await bare.kube.delete(CRDS, crd_name(V1))

    async def is_being_deleted() -> bool:
        return "deletionTimestamp" in (await ours.get("web"))["metadata"]

    await until(is_being_deleted, within=20)
    async with running(settings_for(own_plane.kubeconfig)):
        await until(lambda: absent(bare.kube, crd_name(V1)), within=30)
    assert await traces(ours, ["web"]) == before


async def traces(releases: Releases, names: list[str]) -> list[Any]:
    """Return the release Secrets and objects of releases, as they are."""
    found: list[Any] = []
    for name in names:
        release = f"{releases.namespace}-{name}"
        secret = await releases.secret(release, 1)
        config = await releases.kube.get(CONFIG_MAPS, f"{release}-0", releases.namespace)
        found += [await history(releases, release), secret["data"], config]
    return found


async def test_one_that_cannot_be_read_stops_no_other(own_plane: Plane, bare: Releases) -> None:
    """An older, looser definition let it in; the others are served, and it is once it is mended."""
    strict = V1.crd()
    (version,) = strict["spec"]["versions"]
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    old = {**version, "schema": {"openAPIV3Schema": loose}}
    await bare.kube.apply({**strict, "spec": {**strict["spec"], "versions": [old]}}, resource=CRDS)

    ours = of(bare, V1)

    async def applied() -> bool:
        try:
            await ours.apply("odd", timeout="soon")
        except NotFound:
            return False
        return True

    await until(applied, within=20)
    async with running(settings_for(own_plane.kubeconfig)):
        await ours.apply("web")
        await ours.ready("web")
        await ours.apply("odd", timeout=60)
        await ours.ready("odd")
