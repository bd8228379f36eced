"""One HelmRelease, really released: installed, upgraded, left alone, uninstalled."""

import asyncio
import secrets
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import yaml

from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES, SECRETS
from tests.support.operator import HELM_RELEASES, Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.wait import until

KUBECTL = Path(sys.executable).with_name("kubectl")


async def kubectl(plane: Plane, *arguments: str, text: str = "") -> str:
    """Run the real kubectl against the plane."""
    process = await asyncio.create_subprocess_exec(
        str(KUBECTL),
        f"--kubeconfig={plane.kubeconfig}",
        *arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, errors = await process.communicate(text.encode())
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def colour(releases: Releases, name: str) -> str:
    found = await releases.kube.get(CONFIG_MAPS, name, releases.namespace)
    return str(found["data"]["colour"])


async def test_kubectl_apply_makes_a_helm_release(plane: Plane, operator: Releases) -> None:
    """The whole promise, seen with kubectl and in Helm's own storage format."""
    document = operator.document("shop", values={"colour": "green"})
    await kubectl(plane, "apply", "-f", "-", text=yaml.safe_dump(document))
    operator.made.append((operator, "shop"))
    release = f"{operator.namespace}-shop"
    status = await operator.ready("shop")
    assert status["releaseName"] == release
    assert (status["releaseStatus"], status["releaseRevision"]) == ("DEPLOYED", 1)
    assert status["revision"] == "1.0.0"
    assert await colour(operator, release) == "green"
    (revision,) = await operator.revisions(release)
    assert revision["config"] == {"colour": "green"}
    assert revision["info"]["status"] == "deployed"
    assert revision["chart"]["metadata"]["name"] == "web"
    shown = await kubectl(plane, "get", "hr", "-n", operator.namespace)
    assert release in shown
    assert "DEPLOYED" in shown
    waited = await kubectl(
        plane, "wait", "--for=condition=Released", "hr/shop", "-n", operator.namespace
    )
    assert "condition met" in waited


async def test_the_secret_is_what_helm_lists_by(operator: Releases) -> None:
    """Name, type and labels are Helm's: `helm ls` of any version finds it."""
    await operator.apply("shop")
    await operator.ready("shop")
    release = f"{operator.namespace}-shop"
    name = f"sh.helm.release.v1.{release}.v1"
    secret = await operator.kube.get(SECRETS, name, operator.namespace)
    assert secret["type"] == "helm.sh/release.v1"
    labels = secret["metadata"]["labels"]
    assert (labels["name"], labels["owner"], labels["status"], labels["version"]) == (
        release,
        "helm",
        "deployed",
        "1",
    )


async def test_changed_values_are_an_upgrade(operator: Releases) -> None:
    await operator.apply("shop", values={"colour": "green"})
    await operator.ready("shop")
    await operator.apply("shop", values={"colour": "red"})
    status = await operator.ready("shop")
    assert status["releaseRevision"] == 2
    release = f"{operator.namespace}-shop"
    assert await colour(operator, release) == "red"
    old, new = await operator.revisions(release)
    assert (old["info"]["status"], new["info"]["status"]) == ("superseded", "deployed")
    assert new["info"]["description"] == "values or options changed (generation 2)"


async def test_a_new_chart_version_is_an_upgrade(operator: Releases) -> None:
    await operator.apply("shop")
    await operator.ready("shop")
    await operator.apply("shop", chart={"version": "1.1.0"})
    status = await operator.ready("shop")
    assert (status["releaseRevision"], status["revision"]) == (2, "1.1.0")
    *_, new = await operator.revisions(f"{operator.namespace}-shop")
    assert new["info"]["description"] == "chart web-1.0.0 -> web-1.1.0"


async def test_nothing_changed_makes_no_revision(plane: Plane, releases: Releases) -> None:
    """Not by metadata, not by periodic checks, not by a restart of the operator."""
    settings = settings_for(plane.kubeconfig, check=timedelta(seconds=0.3))
    async with running(settings):
        await releases.apply("shop", values={"a": 1, "b": 2})
        await releases.ready("shop")
    before = await releases.revisions(f"{releases.namespace}-shop")
    written = (await releases.get("shop"))["metadata"]["resourceVersion"]
    async with running(settings):
        await releases.kube.patch(
            HELM_RELEASES,
            "shop",
            releases.namespace,
            {"metadata": {"annotations": {"note": "hello"}}, "spec": {"values": {"b": 2, "a": 1}}},
        )
        # Another release that goes all the way shows that time has passed.
        await releases.apply("other")
        await releases.ready("other")
        assert await releases.revisions(f"{releases.namespace}-shop") == before
        assert (await releases.get("shop"))["metadata"]["resourceVersion"] != written
        await releases.clear()


async def test_deletion_uninstalls(operator: Releases) -> None:
    await operator.apply("shop")
    await operator.ready("shop")
    release = f"{operator.namespace}-shop"
    await operator.delete("shop")
    await operator.gone("shop")
    assert await operator.revisions(release) == []
    try:
        await operator.kube.get(CONFIG_MAPS, release, operator.namespace)
    except NotFound:
        return
    raise AssertionError("the release's object is still there")


async def test_deletion_while_the_operator_is_down_is_made_up_for(
    plane: Plane, releases: Releases
) -> None:
    """The finalizer keeps the resource until its release is uninstalled."""
    async with running(settings_for(plane.kubeconfig)):
        await releases.apply("shop")
        await releases.ready("shop")
    await releases.delete("shop")
    assert (await releases.get("shop"))["metadata"]["deletionTimestamp"]
    async with running(settings_for(plane.kubeconfig)):
        await releases.gone("shop")
    assert await releases.revisions(f"{releases.namespace}-shop") == []


async def test_a_taken_name_is_refused_and_then_given_over(kube: Kube, operator: Releases) -> None:
    """Names are unique in the cluster: the second waits, in whatever namespace."""
    other = f"test-{secrets.token_hex(4)}"
    await kube.create(NAMESPACES, {"metadata": {"name": other}})
    second = operator.elsewhere(other)
    name = f"web-{secrets.token_hex(3)}"
    await operator.apply("first", releaseName=name, values={"colour": "green"})
    await operator.ready("first")
    await second.apply("second", releaseName=name, values={"colour": "red"})
    told = await second.says("second", "ReleaseNameTaken", f"{operator.namespace}/first", name)
    assert told["status"] == "False"
    assert (await second.condition("second", "Stalled"))["status"] == "True"
    assert await second.revisions(name) == []
    assert (await operator.status("first"))["releaseRevision"] == 1
    await operator.delete("first")
    await operator.gone("first")
    assert (await second.ready("second"))["releaseRevision"] == 1
    assert await colour(second, name) == "red"


async def test_deleting_the_refused_one_leaves_the_holder_alone(operator: Releases) -> None:
    name = f"web-{secrets.token_hex(3)}"
    await operator.apply("first", releaseName=name)
    await operator.ready("first")
    await operator.apply("second", releaseName=name)
    await operator.says("second", "ReleaseNameTaken")
    await operator.delete("second")
    await operator.gone("second")
    assert len(await operator.revisions(name)) == 1
    assert await colour(operator, name) == "blue"


async def test_a_rename_moves_the_release(operator: Releases) -> None:
    await operator.apply("shop", releaseName=f"a-{operator.namespace}")
    await operator.ready("shop")
    await operator.apply("shop", releaseName=f"b-{operator.namespace}")
    status = await operator.ready("shop")
    assert status["releaseName"] == f"b-{operator.namespace}"
    assert await operator.revisions(f"a-{operator.namespace}") == []
    assert len(await operator.revisions(f"b-{operator.namespace}")) == 1


async def test_a_release_removed_by_hand_comes_back(operator: Releases) -> None:
    """Someone ran `helm uninstall`: the watch tells, nobody waits for a check."""
    await operator.apply("shop")
    await operator.ready("shop")
    release = f"{operator.namespace}-shop"
    await operator.kube.delete(CONFIG_MAPS, release, operator.namespace)
    await operator.kube.delete(SECRETS, f"sh.helm.release.v1.{release}.v1", operator.namespace)

    async def back() -> bool:
        found = await operator.revisions(release)
        return bool(found) and found[-1]["info"]["status"] == "deployed"

    await until(back)
    assert await colour(operator, release) == "blue"


async def test_what_happened_is_told_in_events(operator: Releases) -> None:
    await operator.apply("shop")
    await operator.ready("shop")

    async def told() -> bool:
        return any("install web-1.0.0" in one for one in await operator.events("shop"))

    await until(told)


async def test_a_semver_range_takes_the_newest_that_fits(operator: Releases) -> None:
    await operator.apply("shop", chart={"version": ">=1.0.0 <2"})
    assert (await operator.ready("shop"))["revision"] == "1.1.0"


async def test_a_hundred_releases_at_once(operator: Releases) -> None:
    """All become Ready, none is forgotten, each has exactly one revision."""
    names = [f"many-{number}" for number in range(100)]
    await asyncio.gather(*(operator.apply(name) for name in names))
    statuses = await asyncio.gather(*(operator.ready(name, within=90) for name in names))
    assert {one["releaseRevision"] for one in statuses} == {1}


async def test_only_the_allowed_namespace_is_served(plane: Plane, releases: Releases) -> None:
    """With --allow-namespace the rest of the cluster belongs to somebody else."""
    elsewhere = releases.elsewhere("default")
    async with running(settings_for(plane.kubeconfig, allow_namespace=releases.namespace)):
        await elsewhere.apply("not-ours")
        await releases.apply("ours")
        await releases.ready("ours")
        assert await elsewhere.status("not-ours") == {}
        await releases.clear()


async def test_two_operators_never_write_a_revision_twice(plane: Plane, releases: Releases) -> None:
    """One wins the claim, the other sees what it wrote and has nothing to do."""
    names = [f"both-{number}" for number in range(10)]
    async with running(settings_for(plane.kubeconfig)), running(settings_for(plane.kubeconfig)):
        for colour_now, number in (("green", 1), ("red", 2)):
            values = {"colour": colour_now}
            await asyncio.gather(*(releases.apply(name, values=values) for name in names))
            await asyncio.gather(*(releases.ready(name) for name in names))
            for name in names:
                release = f"{releases.namespace}-{name}"
                found = await releases.revisions(release)
                assert [one["version"] for one in found] == list(range(1, number + 1))
                assert await colour(releases, release) == colour_now
        await releases.clear()
