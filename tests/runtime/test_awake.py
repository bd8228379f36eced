"""What releases have is watched on a real API server: who changes it is seen at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from helmward.kube import Kube, Resource, load_config
from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS
from helmward.model import DRIFT_DETECTION, ObjectRef, ReleaseRef
from tests.support.kinds import a_config_map, a_kind, a_widget, install, served, uninstall
from tests.support.plane import Plane
from tests.support.released import (
    MARK,
    Watcher,
    deploy,
    edit,
    inventory,
    maps,
    marked,
    ref_of,
    watching,
    write,
)
from tests.support.rights import a_rule, bind, kubeconfig_as
from tests.support.virtual_clock import VirtualClock
from tests.support.wait import until


@pytest.fixture
def release(namespace: str) -> ReleaseRef:
    return ReleaseRef(namespace, "shop")


@pytest.fixture
async def watcher(kube: Kube, namespace: str, release: ReleaseRef) -> AsyncIterator[Watcher]:
    """A release of two ConfigMaps, `a` and `b`, followed."""
    await deploy(kube, release, *maps(namespace, "a", "b"))
    async with watching(kube, namespace) as made:
        await made.sees()
        await until(lambda: not made.awake.unknown(made.newest(release)))
        yield made


async def test_what_is_as_it_was_written_is_no_suspect(
    watcher: Watcher, release: ReleaseRef
) -> None:
    """Nobody is woken at rest, and no kind is followed that no release has."""
    assert watcher.in_sight() == 2.0
    assert watcher.suspects(release) == set()
    assert not watcher.awake.unknown(watcher.newest(release))
    assert watcher.state("Deployment.apps", "watched") is None
    assert watcher.woken == []


async def test_an_edited_object_is_a_suspect_at_once(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """It alone, named as its revision names it."""
    changed = a_config_map(release.namespace, "a")
    await edit(kube, changed, a="2")
    await watcher.woke(release)

    suspects = watcher.awake.suspects(watcher.newest(release))

    assert suspects == {ObjectRef("v1", "ConfigMap", release.namespace, "a")}


async def test_what_others_add_is_no_news(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Fields that the release does not have are theirs; after them an edit is still seen."""
    await edit(kube, a_config_map(release.namespace, "a"), theirs="1")
    await edit(kube, a_config_map(release.namespace, "b"), a="2")
    await watcher.woke(release)

    assert watcher.suspects(release) == {"b"}


async def test_a_deleted_object_is_a_suspect_at_once(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Its name is known, because it was seen before."""
    await kube.delete(CONFIG_MAPS, "a", release.namespace)
    await watcher.woke(release)

    assert watcher.suspects(release) == {"a"}


async def test_an_object_that_comes_back_is_looked_at_too(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Created by hand it may differ; created by us it is as it was written."""
    await kube.delete(CONFIG_MAPS, "a", release.namespace)
    await watcher.woke(release)
    (again,) = maps(release.namespace, "a")
    await kube.apply(marked(release, again), field_manager="somebody")
    await until(lambda: watcher.in_sight() == 2.0)
    by_hand = watcher.suspects(release)
    await kube.apply(marked(release, again))
    await until(lambda: not watcher.suspects(release))

    assert by_hand == {"a"}


async def test_an_object_that_loses_its_label_is_a_suspect(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """It goes out of sight: the look finds it, and what was done to it."""
    no_label = {"metadata": {"labels": dict.fromkeys(MARK)}}
    await kube.patch(CONFIG_MAPS, "a", release.namespace, no_label)
    await watcher.woke(release)

    assert watcher.suspects(release) == {"a"}


async def test_an_object_stays_with_its_release(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Whoever takes Helm's marks off is seen, and so is what he does after that."""
    marks = {"meta.helm.sh/release-name": None, "meta.helm.sh/release-namespace": None}
    await kube.patch(CONFIG_MAPS, "a", release.namespace, {"metadata": {"annotations": marks}})
    await watcher.woke(release)
    without_marks = watcher.suspects(release)
    newest = watcher.newest(release)
    watcher.awake.settle(watcher.awake.mark(newest))
    await kube.delete(CONFIG_MAPS, "a", release.namespace)
    await watcher.woke(release)

    assert without_marks == {"a"}
    assert watcher.suspects(release) == {"a"}


async def test_what_goes_is_waited_for(kube: Kube, watcher: Watcher, release: ReleaseRef) -> None:
    """As long as a finalizer holds it nothing can be put right; then at once."""
    held = {"metadata": {"finalizers": ["example.com/held"]}}
    await kube.patch(CONFIG_MAPS, "a", release.namespace, held)
    await kube.delete(CONFIG_MAPS, "a", release.namespace)
    # In the order of the watch: when the edit of `b` is seen, so is the deletion of `a`.
    await edit(kube, a_config_map(release.namespace, "b"), a="2")
    await watcher.woke(release)
    while_it_goes = watcher.suspects(release)
    await kube.patch(CONFIG_MAPS, "a", release.namespace, {"metadata": {"finalizers": None}})
    await until(lambda: watcher.suspects(release) == {"a", "b"})

    assert while_it_goes == {"b"}


async def test_what_was_looked_at_is_no_suspect_until_it_changes(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Drift that is told and stays costs nothing; mended or made worse it is looked at again."""
    changed = a_config_map(release.namespace, "a")
    await edit(kube, changed, a="2")
    await watcher.woke(release)
    newest = watcher.newest(release)
    mark = watcher.awake.mark(newest, watcher.awake.suspects(newest))
    watcher.awake.settle(mark)
    looked_at = watcher.suspects(release)
    await kube.delete(CONFIG_MAPS, "a", release.namespace)
    await watcher.woke(release)

    assert looked_at == set()
    assert watcher.suspects(release) == {"a"}


async def test_an_edit_within_the_same_second_is_news(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """managedFields of two edits a moment apart are the same."""
    changed = a_config_map(release.namespace, "a")
    await edit(kube, changed, a="2")
    await watcher.woke(release)
    newest = watcher.newest(release)
    watcher.awake.settle(watcher.awake.mark(newest))
    await edit(kube, changed, a="3")
    await watcher.woke(release)

    assert watcher.suspects(release) == {"a"}


async def test_a_change_during_the_look_is_not_lost(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """The state is taken before the look: what it was then is settled, not what it is now."""
    newest = watcher.newest(release)
    mark = watcher.awake.mark(newest, [ref_of(a_config_map(release.namespace, "a"))])
    await edit(kube, a_config_map(release.namespace, "a"), a="2")
    await watcher.woke(release)
    watcher.awake.settle(mark)

    assert watcher.suspects(release) == {"a"}


async def test_doubts_have_everything_looked_at_again(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """When it is told anew which fields may differ."""
    await edit(kube, a_config_map(release.namespace, "a"), a="2")
    await watcher.woke(release)
    newest = watcher.newest(release)
    watcher.awake.settle(watcher.awake.mark(newest))
    watcher.awake.doubt(release)
    await watcher.woke(release)

    assert watcher.suspects(release) == {"a"}


async def test_an_object_that_says_so_is_left_alone(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Once the annotation goes, what was changed meanwhile is seen."""
    disabled = {"metadata": {"annotations": {DRIFT_DETECTION: "disabled"}}}
    await kube.patch(CONFIG_MAPS, "a", release.namespace, disabled)
    await edit(kube, a_config_map(release.namespace, "a"), a="2")
    await edit(kube, a_config_map(release.namespace, "b"), a="2")
    await watcher.woke(release)
    while_disabled = watcher.suspects(release)
    enabled = {"metadata": {"annotations": {DRIFT_DETECTION: None}}}
    await kube.patch(CONFIG_MAPS, "a", release.namespace, enabled)
    await until(lambda: watcher.suspects(release) == {"a", "b"})

    assert while_disabled == {"b"}


async def test_the_status_of_a_workload_is_no_news(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """Its controllers write it all the time."""
    await deploy(kube, release, a_deployment(namespace))
    async with watching(kube, namespace) as watcher:
        await watcher.sees("Deployment.apps")
        await kube.replace_status(DEPLOYMENTS, "web", namespace, {"observedGeneration": 7})
        await kube.patch(DEPLOYMENTS, "web", namespace, {"metadata": {"annotations": {"x": "y"}}})
        assert watcher.woken == []

        scaled = {"spec": {"replicas": 3}}
        await kube.patch(DEPLOYMENTS, "web", namespace, scaled, subresource="scale")
        await watcher.woke(release)

        assert watcher.suspects(release) == {"web"}


async def test_a_missing_object_that_nobody_saw_cannot_be_named(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """It went while nobody watched: everything is looked at, once."""
    await deploy(kube, release, *maps(namespace, "a", "b"))
    await kube.delete(CONFIG_MAPS, "a", namespace)
    async with watching(kube, namespace) as watcher:
        await watcher.woke(release)
        newest = watcher.newest(release)
        before = watcher.awake.unknown(newest)
        watcher.awake.settle(watcher.awake.mark(newest))

        assert before
        assert not watcher.awake.unknown(newest)
        assert watcher.suspects(release) == set()


async def test_what_was_edited_while_nobody_watched_is_found(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """The revision tells what we left: no memory of ours is needed."""
    await deploy(kube, release, *maps(namespace, "a", "b"))
    await edit(kube, a_config_map(namespace, "a"), a="2")
    async with watching(kube, namespace) as watcher:
        await watcher.woke(release)

        assert watcher.suspects(release) == {"a"}


async def test_a_revision_without_an_inventory_is_unknown(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """As after an adoption; once it is written, its objects are followed."""
    live = await kube.apply(marked(release, *maps(namespace, "a")))
    await write(kube, release, {})
    async with watching(kube, namespace) as watcher:
        unknown = watcher.awake.unknown(watcher.newest(release))
        await write(kube, release, inventory(live))
        await watcher.sees()

        assert unknown
        await until(lambda: not watcher.awake.unknown(watcher.newest(release)))


async def test_while_something_newer_is_pending_nobody_is_a_suspect(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """It writes the objects; when it has ended they are judged by what it wrote."""
    await write(kube, release, {}, number=2, status="pending-upgrade")
    await until(lambda: watcher.newest(release).number == 2)
    (changed,) = maps(release.namespace, "a")
    live = await kube.apply(marked(release, changed | {"data": {"a": "2", "c": "3"}}))
    kept = await kube.get(CONFIG_MAPS, "b", release.namespace)
    kept |= {"apiVersion": "v1", "kind": "ConfigMap"}
    await until(lambda: watcher.in_sight() == 2.0)
    meanwhile = watcher.suspects(release)
    await write(kube, release, inventory(live, kept), number=2)
    await until(lambda: not watcher.newest(release).status.pending)

    assert meanwhile == set()
    assert watcher.suspects(release) == set()
    assert watcher.woken == []


async def test_what_was_just_written_is_given_a_moment(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """The watch may be behind: only after two seconds it is doubted."""
    clock = VirtualClock()
    live = await kube.apply(marked(release, *maps(namespace, "a")))
    await write(kube, release, inventory(live))
    await edit(kube, live, a="2")
    async with watching(kube, namespace, clock=clock) as watcher:
        clock.advance(0.02)
        await watcher.sees()
        clock.advance(1.9)
        early = watcher.suspects(release), [*watcher.woken]
        clock.advance(0.2)

        assert early == (set(), [])
        assert watcher.woken == [release]
        assert watcher.suspects(release) == {"a"}


async def test_what_was_seen_as_written_is_given_no_moment(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """Who deletes it just after that is caught at once."""
    clock = VirtualClock()
    await deploy(kube, release, *maps(namespace, "a", "b"))
    await edit(kube, a_config_map(namespace, "b"), a="2")
    async with watching(kube, namespace, clock=clock) as watcher:
        clock.advance(0.02)
        await watcher.sees()
        await kube.delete(CONFIG_MAPS, "a", namespace)
        await until(lambda: watcher.in_sight() == 1.0)
        clock.advance(0.1)

        assert watcher.woken == [release]
        assert watcher.suspects(release) == {"a"}


async def test_what_changes_at_once_wakes_once(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """A namespace that goes takes a thousand objects along: that is one thing to look at."""
    clock = VirtualClock()
    names = [f"map-{number}" for number in range(20)]
    await deploy(kube, release, *maps(namespace, *names))
    async with watching(kube, namespace, clock=clock) as watcher:
        clock.advance(0.02)
        await watcher.sees()
        clock.advance(0.1)
        await kube.raw("DELETE", CONFIG_MAPS.path(namespace))
        await until(lambda: watcher.in_sight() == 0.0)
        clock.advance(0.1)

        assert watcher.woken == [release]
        assert watcher.suspects(release) == set(names)


async def test_kinds_are_followed_as_long_as_a_release_has_them(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Another release brings another kind, and takes it along when it goes."""
    other = ReleaseRef(release.namespace, "other")
    watcher.awake._watches.linger = 0.0
    await deploy(kube, other, a_deployment(release.namespace))
    await watcher.sees("Deployment.apps")
    await write(kube, other, {}, status="superseded")
    await until(lambda: not watcher.state("Deployment.apps", "watched"))

    assert watcher.state("ConfigMap", "watched")


async def test_nobody_follows_what_is_of_no_interest(watcher: Watcher, release: ReleaseRef) -> None:
    """A release whose drift nobody wants to know of costs nothing."""
    watcher.awake._watches.linger = 0.0
    watcher.uninteresting.add(release)
    watcher.awake.reconsider(release)
    await until(lambda: not watcher.state("ConfigMap", "watched"))

    assert watcher.in_sight() == 0.0
    assert not watcher.awake.unknown(watcher.newest(release))
    assert watcher.suspects(release) == set()


async def test_objects_of_others_are_nobodys_business(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Stock Helm's releases bear the same label."""
    foreign = ReleaseRef(release.namespace, "foreign")
    (theirs,) = maps(release.namespace, "theirs")
    await kube.apply(marked(foreign, theirs), field_manager="helm")
    await until(lambda: watcher.in_sight() == 3.0)
    await kube.delete(CONFIG_MAPS, "theirs", release.namespace)
    await until(lambda: watcher.in_sight() == 2.0)
    await edit(kube, a_config_map(release.namespace, "a"), a="2")
    await until(lambda: watcher.woken)

    assert set(watcher.woken) == {release}


async def test_a_kind_that_may_not_be_watched_is_polled(
    kube: Kube, plane: Plane, namespace: str, release: ReleaseRef, tmp_path: Path
) -> None:
    """It is said once; the other kinds are watched, and this one as soon as it may be."""
    user = f"half-blind-{namespace}"
    config = a_rule([""], ["configmaps"], ["list", "watch"])
    workloads = a_rule(["apps"], ["deployments"], ["list", "watch"])
    await deploy(kube, release, *maps(namespace, "a"), a_deployment(namespace))
    await bind(kube, namespace, user, config)
    with capture_logs() as logs:
        async with (
            Kube(load_config(kubeconfig_as(user, plane.kubeconfig, tmp_path))) as poor,
            watching(kube, namespace, poor) as watcher,
        ):
            await watcher.sees("Deployment.apps", "polled")
            await watcher.sees("ConfigMap")
            polled = watcher.awake.polled(watcher.newest(release))
            unknown = watcher.awake.unknown(watcher.newest(release))
            await bind(kube, namespace, user, config, workloads)
            await watcher.sees("Deployment.apps")
            assert watcher.awake.polled(watcher.newest(release)) == frozenset()

    assert polled == {"Deployment.apps"}
    assert not unknown
    assert [one["event"] for one in logs].count("watch refused") == 1


async def test_a_kind_that_goes_away_takes_no_blame(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """While the CRD is gone nothing is known of its objects; when it is back they are missing."""
    kind = a_kind()
    await install(kube, kind)
    await until(lambda: served(kube, kind))
    await deploy(kube, release, *maps(namespace, "a"), a_widget(kind, namespace, "w"))
    async with watching(kube, namespace) as watcher:
        name = f"Widget.{kind.group}"
        await watcher.sees(name)
        await uninstall(kube, kind)
        await watcher.sees(name, "absent")
        while_absent = watcher.suspects(release)
        await install(kube, kind)
        await until(lambda: served(kube, kind))
        await poked(kube, watcher, release, kind)
        await until(lambda: watcher.suspects(release) == {"w"})

    assert while_absent == set()


async def test_a_kind_that_is_not_installed_is_looked_for_when_a_release_brings_it(
    kube: Kube, plane: Plane, namespace: str, release: ReleaseRef
) -> None:
    """Its CRD comes with the release that first has it."""
    kind = a_kind()
    live = a_widget(kind, namespace, "w")
    await write(kube, release, inventory(live))
    async with (
        Kube(load_config(plane.kubeconfig)) as own,
        watching(kube, namespace, own) as watcher,
    ):
        name = f"Widget.{kind.group}"
        await watcher.sees(name, "absent")
        await install(kube, kind)
        await until(lambda: served(kube, kind))
        await poked(kube, watcher, release, kind)


async def test_one_namespace_is_enough(kube: Kube, namespace: str, release: ReleaseRef) -> None:
    """An operator that serves one namespace has no right to others: what is there is not seen."""
    await deploy(kube, release, *maps(namespace, "a"), *maps("default", f"far-{namespace}"))
    async with watching(kube, namespace) as watcher:
        await watcher.sees()
        await until(lambda: watcher.awake.unknown(watcher.newest(release)))
        watcher.awake.settle(watcher.awake.mark(watcher.newest(release)))

        assert watcher.in_sight() == 1.0
        assert not watcher.awake.unknown(watcher.newest(release))
    await kube.delete(CONFIG_MAPS, f"far-{namespace}", "default")


async def test_at_rest_there_are_only_watches(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Neither suspects nor marks ask the API server for anything."""
    kube.requests.clear()
    newest = watcher.newest(release)
    watcher.awake.suspects(newest)
    watcher.awake.settle(watcher.awake.mark(newest))

    assert not kube.requests


async def poked(kube: Kube, watcher: Watcher, release: ReleaseRef, kind: Resource) -> None:
    """Write another release with a kind that was not installed, and wait until it is followed."""
    another = ReleaseRef(release.namespace, "another")
    await deploy(kube, another, a_widget(kind, release.namespace, "other"))
    await watcher.sees(f"Widget.{kind.group}")


def a_deployment(namespace: str) -> dict[str, object]:
    labels = {"app": "web"}
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "registry.invalid/app:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod},
    }
