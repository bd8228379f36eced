"""The kinds that releases have are watched as they come, may be watched, and go."""

from dataclasses import replace
from pathlib import Path

from structlog.testing import capture_logs

from helmward.kube import Kube, Resource, load_config
from helmward.kube.resources import CONFIG_MAPS
from helmward.model import ObjectRef, ReleaseRef
from tests.support.kinds import (
    a_config_map,
    a_kind,
    a_widget,
    install,
    move,
    served,
    uninstall,
)
from tests.support.plane import Plane
from tests.support.released import (
    Watcher,
    a_deployment,
    deploy,
    edit,
    inventory,
    maps,
    marked,
    watching,
    write,
)
from tests.support.rights import a_rule, bind, kubeconfig_as
from tests.support.wait import until


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


async def test_a_kind_is_followed_in_a_version_that_is_served(
    kube: Kube, namespace: str, release: ReleaseRef
) -> None:
    """The old version goes, and the release goes over to the new one: it is the same object."""
    old = a_kind()
    new = replace(old, version="v2")
    await install(kube, old)
    await until(lambda: served(kube, old))
    await deploy(kube, release, a_widget(old, namespace, "w"))
    await move(kube, old, new)
    async with watching(kube, namespace) as watcher:
        name = f"Widget.{old.group}"
        await watcher.sees(name, "absent")
        await deploy(kube, release, a_widget(new, namespace, "w"), number=2)
        await watcher.sees(name)
        await kube.delete(new, "w", namespace)
        await watcher.woke(release)

        suspects = watcher.awake.suspects(watcher.newest(release))
        assert suspects == {ObjectRef(new.api_version, "Widget", namespace, "w")}


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


async def poked(kube: Kube, watcher: Watcher, release: ReleaseRef, kind: Resource) -> None:
    """Write another release with a kind that was not installed, and wait until it is followed."""
    another = ReleaseRef(release.namespace, "another")
    await deploy(kube, another, a_widget(kind, release.namespace, "other"))
    await watcher.sees(f"Widget.{kind.group}")
