"""The life of a release beyond the happy path: failures, the way back, tests, moves."""

import asyncio
from functools import partial
from typing import Any

import pytest

from helmward.apis import V1
from helmward.errors import NotFound
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES, Resource
from helmward.model import OUTCOME
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.stories import colour, history
from tests.support.wait import until

CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")


async def phase(releases: Releases, name: str, wanted: str) -> dict[str, Any]:
    async def reached() -> dict[str, Any]:
        status = await releases.status(name)
        return status if status.get("phase") == wanted else {}

    try:
        return dict(await until(reached, within=30))
    except TimeoutError:
        raise AssertionError(f"not {wanted}: {await releases.status(name)}") from None


# The way back


async def test_a_failed_upgrade_is_rolled_back(v1: Releases) -> None:
    """The state before is in force again, and the status tells the cause and the way back."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", rollback={"enable": True}, values={"colour": "blue"})
    await v1.ready("web")
    await v1.apply(
        "web", rollback={"enable": True}, values={"colour": "red", "refused": True, "extra": ["x"]}
    )
    told = await v1.says("web", "99999", "revision 3")
    assert told["reason"] == "RolledBack"
    status = await phase(v1, "web", "RolledBack")
    assert status["rollbackCount"] == 1
    assert (status["releaseStatus"], status["revision"]) == ("deployed", "1.0.0")
    assert await history(v1, release) == ["1 superseded", "2 failed", "3 deployed"]
    assert await colour(v1, release) == "blue"
    with pytest.raises(NotFound):
        await v1.kube.get(CONFIG_MAPS, f"{release}-x", v1.namespace)
    await v1.tells("web", "99999")


async def test_what_was_rolled_back_stays_so_until_something_new_is_asked_for(
    v1: Releases,
) -> None:
    """No loop of upgrades and rollbacks; a new spec gets a fresh try at once."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", rollback={"enable": True})
    await v1.ready("web")
    await v1.apply("web", rollback={"enable": True}, values={"refused": True})
    await phase(v1, "web", "RolledBack")
    await v1.annotate("web", **{"reconcile.fluxcd.io/requestedAt": "now"})
    await until(lambda: _handled(v1, "web", "now"))
    assert len(await v1.revisions(release)) == 3
    await v1.apply("web", rollback={"enable": True}, values={"colour": "green"})
    status = await v1.ready("web")
    assert status["phase"] == "Succeeded"
    assert status.get("rollbackCount", 0) == 0
    assert not await v1.condition("web", "RolledBack")
    assert await colour(v1, release) == "green"


async def test_a_rolled_back_upgrade_is_retried_as_often_as_allowed(v1: Releases) -> None:
    """maxRetries 1 allows a second rollback, as it did."""
    rollback = {"enable": True, "retry": True, "maxRetries": 1}
    await v1.apply("web", rollback=rollback)
    await v1.ready("web")
    await v1.apply("web", rollback=rollback, values={"refused": True})
    await v1.says("web", "99999", "set spec.rollback.retry", within=60)
    assert (await v1.status("web"))["rollbackCount"] == 2
    release = f"{v1.namespace}-web"
    assert [one.split()[1] for one in await history(v1, release)] == [
        "superseded", "failed", "superseded", "failed", "deployed",
    ]  # fmt: skip


async def _handled(releases: Releases, name: str, token: str) -> bool:
    return bool((await releases.status(name)).get("lastHandledReconcileAt") == token)


# First installs


async def test_a_failed_first_install_is_cleared_away_and_tried_again(v1: Releases) -> None:
    """Its objects stay to be looked at until the next try, which starts from nothing."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", values={"refused": True})
    await v1.says("web", "99999", "attempt 2", within=60)
    assert await history(v1, release) == ["1 failed"]
    assert (await v1.status("web"))["phase"] == "DeployFailed"
    await v1.apply("web", values={"colour": "green"})
    await v1.ready("web")
    assert await history(v1, release) == ["1 deployed"]


async def test_a_failed_first_install_keeps_the_volumes_that_it_made(v1: Releases) -> None:
    """Data is lost only when the user says so."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", values={"refused": True, "volume": True})
    await v1.says("web", "99999", "attempt 2", within=60)
    assert await history(v1, release) == ["1 failed", "2 failed"]
    claim = await v1.kube.get(CLAIMS, f"{release}-data", v1.namespace)
    await v1.annotate("web", volumes="delete")
    await until(lambda: _absent(v1, claim["metadata"]["uid"], f"{release}-data"), within=60)


async def _absent(releases: Releases, uid: str, name: str) -> bool:
    try:
        found = await releases.kube.get(CLAIMS, name, releases.namespace)
    except NotFound:
        return True
    return bool(found["metadata"]["uid"] != uid)


# Tests


async def test_the_tests_of_a_chart_decide(v1: Releases) -> None:
    """They run after the upgrade; when they fail, the state before comes back."""
    release = f"{v1.namespace}-web"
    policies: dict[str, Any] = {"test": {"enable": True}, "rollback": {"enable": True}}
    await v1.apply("web", **policies, values={"check": {"completes-after": "100ms"}})
    status = await v1.ready("web")
    assert (await v1.condition("web", "Tested"))["status"] == "True"
    assert status["phase"] == "Succeeded"
    await v1.apply("web", **policies, values={"colour": "red", "check": {"pod": "fails"}})
    told = await v1.says("web", f"Job/{release}-check", "revision 3", within=60)
    assert told["reason"] == "RolledBack"
    assert await colour(v1, release) == "blue"


async def test_failed_tests_may_be_ignored(v1: Releases) -> None:
    """The release succeeds; the condition Tested says that they failed."""
    test = {"enable": True, "ignoreFailures": True}
    await v1.apply("web", test=test, values={"check": {"pod": "fails"}})
    await v1.ready("web")
    assert (await v1.condition("web", "Tested"))["status"] == "False"
    assert (await v1.condition("web", "Released"))["status"] == "True"


async def test_a_first_install_whose_tests_fail_is_cleared_away(v1: Releases) -> None:
    """As the old operator did, but with a back-off."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", test={"enable": True}, values={"check": {"pod": "fails"}})
    await v1.says("web", f"Job/{release}-check", "attempt 2", within=90)
    assert await history(v1, release) == ["1 deployed"]
    assert (await v1.status("web"))["phase"] == "TestFailed"


# Waits


async def test_a_wait_that_is_hopeless_ends_early_and_tells_the_cause(v1: Releases) -> None:
    """Pod, container and reason stand in the condition and the event, long before the timeout."""
    values = {"workload": True, "pods": {"pod": "image-missing"}}
    await v1.apply("web", wait=True, timeout=300, values=values)
    told = await v1.says("web", "ImagePullBackOff", "container main", within=90)
    release = f"{v1.namespace}-web"
    assert f"Deployment/{release}" in told["message"]
    await v1.tells("web", "ImagePullBackOff")


async def test_a_newer_spec_ends_the_wait_for_the_older_one(v1: Releases) -> None:
    """The revision is recorded as superseded; the one in force before it stays that meanwhile."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", wait=True, values={"workload": True})
    await v1.ready("web")
    slow = {"workload": True, "pods": {"pod": "never-ready"}}
    await v1.apply("web", wait=True, values=slow)
    await until(lambda: _waits(v1, release))
    assert await history(v1, release) == ["1 deployed", "2 pending-upgrade"]
    await v1.apply("web", wait=True, values={"workload": True, "colour": "green"})
    await v1.ready("web", within=60)
    assert await history(v1, release) == ["1 superseded", "2 superseded", "3 deployed"]
    ended = (await v1.revisions(release))[1]
    assert "superseded by generation 3" in ended["info"]["description"]
    secret = await v1.secret(release, 2)
    assert secret["metadata"]["annotations"][OUTCOME] == "superseded"


async def _waits(releases: Releases, release: str) -> bool:
    found = await releases.revisions(release)
    if not found or not found[-1]["info"]["status"].startswith("pending-"):
        return False
    secret = await releases.secret(release, found[-1]["version"])
    return bool(secret["metadata"]["annotations"].get("helmward.dev/phase") == "waiting")


async def test_a_newer_spec_ends_running_tests(v1: Releases) -> None:
    """Nothing is noted of tests that were given up; those of the new revision run."""
    release = f"{v1.namespace}-web"
    test = {"enable": True, "timeout": 600, "cleanup": True}
    await v1.apply("web", test=test, values={"check": {"completes-after": "600s"}})

    async def tests_run() -> bool:
        return (await v1.status("web")).get("phase") == "Testing"

    await until(tests_run, within=30)
    await v1.apply("web", test=test, values={"check": {"completes-after": "10ms"}})
    await v1.ready("web", within=60)
    assert await history(v1, release) == ["1 superseded", "2 deployed"]
    first = await v1.secret(release, 1)
    assert "helmward.dev/tested" not in first["metadata"]["annotations"]


async def test_a_deletion_ends_a_wait(v1: Releases) -> None:
    """Nobody has to wait for the timeout of what he does not want any more."""
    release = f"{v1.namespace}-web"
    await v1.apply(
        "web", wait=True, timeout=600, values={"workload": True, "pods": {"pod": "never-ready"}}
    )
    await until(lambda: _waits(v1, release))
    await v1.delete("web")
    await v1.gone("web")
    assert await v1.revisions(release) == []


@pytest.mark.timeout(280)
async def test_200_waiting_releases_do_not_keep_the_201st_from_being_installed(
    v1: Releases,
) -> None:
    """With default settings: a wait holds no worker."""
    pods = {"workload": True, "pods": {"ready-after": "600s"}}
    names = [f"w{number}" for number in range(200)]
    for name in names:
        await v1.apply(name, wait=True, timeout=900, values=pods)

    async def all_wait() -> bool:
        # The newest to be taken up waits when all do: they are taken up in turn.
        waiting = [await _waits(v1, f"{v1.namespace}-{name}") for name in names[-16:]]
        return all(waiting)

    await until(all_wait, within=150, every=1.0)
    await v1.apply("at-once")
    await v1.ready("at-once", within=15)
    pending = [await _waits(v1, f"{v1.namespace}-{name}") for name in names[:5]]
    assert all(pending), "the others were to be waiting still"


# Moves


async def test_a_renamed_release_moves(v1: Releases) -> None:
    """The old one goes once the new one renders."""
    await v1.apply("web", releaseName=f"{v1.namespace}-old", values={"colour": "red"})
    await v1.ready("web")
    await v1.apply("web", releaseName=f"{v1.namespace}-new", values={"colour": "red"})
    status = await v1.ready("web")
    assert status["releaseName"] == f"{v1.namespace}-new"
    assert await v1.revisions(f"{v1.namespace}-old") == []
    assert await colour(v1, f"{v1.namespace}-old") is None
    assert await colour(v1, f"{v1.namespace}-new") == "red"


async def test_a_release_that_cannot_be_rendered_anew_does_not_move(v1: Releases) -> None:
    """Else the old one would be gone and the new one not there."""
    old = f"{v1.namespace}-old"
    await v1.apply("web", releaseName=old, chart={"name": "web"})
    await v1.ready("web")
    await v1.apply(
        "web", releaseName=f"{v1.namespace}-new", chart={"name": "broken", "version": "1.0.0"}
    )
    await v1.says("web", "no blue today")
    assert await history(v1, old) == ["1 deployed"]
    assert (await v1.status("web"))["releaseName"] == old


async def test_a_move_that_would_lose_volumes_waits_for_a_word(v1: Releases) -> None:
    """It says what is at stake and how to go on, and the old release stays in force."""
    old, new = f"{v1.namespace}-old", f"{v1.namespace}-new"
    await v1.apply("web", releaseName=old, values={"volume": True})
    await v1.ready("web")
    await v1.apply("web", releaseName=new, values={"volume": True})
    told = await v1.says("web", "VolumesAtStake", f"{old}-data", "helmward.dev/volumes")
    assert told["status"] == "False"
    assert await history(v1, old) == ["1 deployed"]
    await v1.annotate("web", volumes="delete")
    await v1.ready("web")
    assert await v1.revisions(old) == []


async def test_a_release_moves_to_another_namespace(v1: Releases) -> None:
    """targetNamespace is part of what a release is called."""
    elsewhere = f"{v1.namespace}-there"
    await v1.kube.create(NAMESPACES, {"metadata": {"name": elsewhere}})
    name = f"{v1.namespace}-web"
    await v1.apply("web", releaseName=name)
    await v1.ready("web")
    await v1.apply("web", releaseName=name, targetNamespace=elsewhere)
    await v1.ready("web")
    assert await v1.revisions(name) == []
    there = v1.elsewhere(elsewhere)
    assert await history(there, name) == ["1 deployed"]
    assert await colour(there, name) == "blue"
    await v1.clear()
    await v1.kube.delete(NAMESPACES, elsewhere)


# What the user says with annotations


async def test_a_suspended_release_is_left_alone(v1: Releases) -> None:
    """Neither the spec nor tampering is acted on until it is taken back."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", annotations={"helmward.dev/suspend": "true"})
    await until(lambda: _suspended(v1))
    assert await v1.revisions(release) == []
    await v1.annotate("web", suspend=None)
    await v1.ready("web")
    await v1.annotate("web", suspend="true")
    await until(lambda: _suspended(v1))
    await v1.apply("web", annotations={"helmward.dev/suspend": "true"}, values={"colour": "red"})
    await v1.apply("later")
    await v1.ready("later")  # Its turn came after that of the one that is suspended.
    assert await history(v1, release) == ["1 deployed"]
    await v1.annotate("web", suspend=None)
    await v1.ready("web")
    assert await colour(v1, release) == "red"


async def test_deleting_a_suspended_resource_leaves_its_release(v1: Releases) -> None:
    """The way to hand a release over: to another resource, or another tool."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    await v1.annotate("web", suspend="true")
    await until(lambda: _suspended(v1))
    await v1.delete("web")
    await v1.gone("web")
    assert await history(v1, release) == ["1 deployed"]
    heir = v1.of("app", resource=v1.resource)
    await heir.apply("heir", releaseName=release, values={"colour": "red"})
    await heir.ready("heir")
    assert await history(v1, release) == ["1 deployed"], "taken over without a new revision"


async def _suspended(releases: Releases, name: str = "web") -> bool:
    return (await releases.condition(name, "Suspended")).get("status") == "True"


async def test_an_upgrade_can_be_forced_once(v1: Releases) -> None:
    """It takes both annotations with one token, and each token forces one revision."""
    release = f"{v1.namespace}-web"
    await v1.apply("web")
    await v1.ready("web")
    requested, force = "reconcile.fluxcd.io/requestedAt", "reconcile.fluxcd.io/forceAt"
    await v1.annotate("web", **{requested: "one", force: "another"})
    await until(lambda: _handled(v1, "web", "one"))
    assert await history(v1, release) == ["1 deployed"]
    await v1.annotate("web", **{requested: "two", force: "two"})
    await until(lambda: _handled(v1, "web", "two"))
    assert await history(v1, release) == ["1 superseded", "2 deployed"]
    assert "forced" in (await v1.revisions(release))[1]["info"]["description"]
    await v1.annotate("web", **{requested: "three"})
    await until(lambda: _handled(v1, "web", "three"))
    assert len(await v1.revisions(release)) == 2


async def test_a_forced_upgrade_is_made_once_though_the_status_was_lost(
    plane: Plane, releases: Releases
) -> None:
    """An operator may die between the two; the revision itself tells whose token it served."""
    web = releases.of("app", resource=V1.resource)
    release = f"{web.namespace}-web"
    both = {"reconcile.fluxcd.io/requestedAt": "one", "reconcile.fluxcd.io/forceAt": "one"}
    async with running(settings_for(plane.kubeconfig)):
        await web.apply("web")
        await web.ready("web")
        await web.annotate("web", **both)
        await until(lambda: _handled(web, "web", "one"))
    told = await web.status("web")
    lost = {key: value for key, value in told.items() if not key.startswith("lastHandled")}
    await web.kube.replace_status(web.resource, "web", web.namespace, lost)
    assert "lastHandledForceAt" not in await web.status("web")
    async with running(settings_for(plane.kubeconfig)):
        await until(lambda: _handled(web, "web", "one"))
        assert (await web.status("web"))["lastHandledForceAt"] == "one"
        assert await history(web, release) == ["1 superseded", "2 deployed"]
        await web.clear()


async def test_a_request_ends_a_back_off(v1: Releases) -> None:
    """Who has mended the cause outside need not wait."""
    await v1.apply("web", chart={"version": "7.0.0"})
    await v1.says("web", "7.0.0")
    for _ in range(4):  # The back-off has grown to where nobody would wait for it.
        attempts = (await v1.status("web")).get("failures", 0)
        token = f"at-{attempts}"
        await v1.annotate("web", **{"reconcile.fluxcd.io/requestedAt": token})
        await until(partial(_handled, v1, "web", token))
    assert (await v1.status("web"))["failures"] >= 5


# Objects that are there already


async def test_objects_of_nobody_are_refused_by_name_and_taken_when_asked(v1: Releases) -> None:
    """The message lists them; an annotation says that they may be taken."""
    release = f"{v1.namespace}-web"
    for number in range(2):
        document = {"metadata": {"name": f"{release}-{number}"}, "data": {"mine": "yes"}}
        await v1.kube.create(CONFIG_MAPS, document, v1.namespace)
    await v1.apply("web", values={"objects": 3})
    told = await v1.says("web", "ObjectsNotOwned", f"{release}-0", f"{release}-1")
    assert f"{release}-2" not in told["message"]
    await v1.annotate("web", take_ownership="true")
    await v1.ready("web")
    assert await colour(v1, release) == "blue"


async def test_what_could_not_be_uninstalled_says_why_and_is_tried_again(v1: Releases) -> None:
    """A hook fails; the cause is shown, and nothing hangs for ever once it is mended."""
    release = f"{v1.namespace}-web"
    await v1.apply("web", timeout=20, values={"leaving": {"pod": "fails"}})
    await v1.ready("web")
    await v1.delete("web")
    await v1.says("web", f"Job/{release}-leaving", "attempt 2", within=60)
    await v1.annotate("web", suspend="true")  # The release is given up as it is.
    await v1.gone("web")
    await asyncio.gather(*(v1.kube.delete(CONFIG_MAPS, f"{release}-0", v1.namespace),))
