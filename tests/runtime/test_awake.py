"""What releases have is watched on a real API server: who changes it is seen at once."""

from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS
from helmward.model import DRIFT_DETECTION, KINDS, ObjectRef, ReleaseRef
from tests.support.kinds import (
    a_config_map,
)
from tests.support.released import (
    MARK,
    Watcher,
    a_deployment,
    deploy,
    edit,
    inventory,
    maps,
    marked,
    ref_of,
    watching,
    write,
)
from tests.support.virtual_clock import VirtualClock
from tests.support.wait import until


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


async def test_too_many_objects_to_be_told_are_polled(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """They are looked at all together at each check, and not in each turn."""
    live = await kube.apply(marked(release, *maps(namespace, "a")))
    await write(kube, release, {KINDS: inventory(live)[KINDS]})
    async with watching(kube, namespace) as watcher:
        newest = watcher.newest(release)

        assert not watcher.awake.unknown(newest)
        assert watcher.awake.polled(newest) == {"ConfigMap"}


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


async def test_at_rest_there_are_only_watches(
    kube: Kube, watcher: Watcher, release: ReleaseRef
) -> None:
    """Neither suspects nor marks ask the API server for anything."""
    kube.requests.clear()
    newest = watcher.newest(release)
    watcher.awake.suspects(newest)
    watcher.awake.settle(watcher.awake.mark(newest))

    assert not kube.requests


async def test_nobody_says_that_all_is_well_before_it_is_known(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """Edited while nobody looked: at first the watch may only be behind the last write."""
    clock = VirtualClock()
    await deploy(kube, release, *maps(namespace, "a", "b"))
    await edit(kube, a_config_map(namespace, "a"), a="2")
    async with watching(kube, namespace, clock=clock) as made:
        newest = made.newest(release)
        assert not made.awake.ready(newest)
        await made.sees()

        assert not made.awake.ready(newest)
        assert made.suspects(release) == set()
        clock.advance(3.0)
        assert made.awake.ready(newest)
        assert made.suspects(release) == {"a"}
