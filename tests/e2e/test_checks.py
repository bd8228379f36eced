"""What is looked at again by itself or on call, and what of it is measured."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp

from helmward.kube.resources import CONFIG_MAPS
from helmward.settings import Settings, WebSettings
from tests.e2e.conftest import CONFIG
from tests.support.charts import ChartRepo
from tests.support.operator import CHECK, Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.rights import a_rule, bound, kubeconfig_as
from tests.support.wait import until

SOON = timedelta(seconds=0.5)
CHECKS = "helmward_checks_total "
TEMPLATES = {"config.yaml": CONFIG}
ALL_BUT_WATCHING_CONFIG_MAPS = (
    a_rule(["*"], ["*"], ["get", "create", "update", "patch", "delete"]),
    a_rule([""], ["secrets", "events", "pods", "namespaces"], ["list", "watch"]),
    a_rule(["apiextensions.k8s.io", "coordination.k8s.io"], ["*"], ["list", "watch"]),
    a_rule(["flux.weave.works", "helm.fluxcd.io"], ["*"], ["list", "watch"]),
)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def settings_on(plane: Plane, port: int, *, check: timedelta = CHECK) -> Settings:
    whole = settings_for(plane.kubeconfig, check=check)
    return replace(whole, web=WebSettings(listen=f"127.0.0.1:{port}"))


@asynccontextmanager
async def serving(
    plane: Plane, releases: Releases, *, check: timedelta = CHECK
) -> AsyncIterator[str]:
    """Run an operator and give the address of its port."""
    port = free_port()
    async with running(settings_on(plane, port, check=check)):
        yield f"http://127.0.0.1:{port}"
        await releases.clear()


async def released(releases: Releases, name: str, version: str) -> None:
    async def is_released() -> bool:
        return bool((await releases.status(name)).get("revision") == version)

    await until(is_released, within=30)


async def test_a_version_published_later_is_found_at_the_next_check(
    plane: Plane, releases: Releases, repo: ChartRepo
) -> None:
    """Of a range the newest counts, without anybody touching the HelmRelease."""
    repo.add("moving", "1.0.0", TEMPLATES, {"colour": "blue"})
    async with serving(plane, releases, check=SOON):
        await releases.apply("shop", chart={"name": "moving", "version": "^1.0.0"})
        await released(releases, "shop", "1.0.0")
        repo.add("moving", "1.2.0", TEMPLATES, {"colour": "blue"})
        await released(releases, "shop", "1.2.0")
        revisions = await releases.revisions(f"{releases.namespace}-shop")
        assert len(revisions) == 2
        assert "moving-1.0.0 -> moving-1.2.0" in revisions[1]["info"]["description"]


async def test_values_changed_in_their_source_are_found_at_the_next_check(
    plane: Plane, releases: Releases, tmp_path: Path
) -> None:
    """Where they may not be watched; elsewhere the watch tells of them at once."""
    user = f"few-rights-{releases.namespace}"
    source = {"metadata": {"name": "settings"}, "data": {"values.yaml": "colour: red"}}
    await releases.kube.create(CONFIG_MAPS, source, releases.namespace)
    settings = settings_for(kubeconfig_as(user, plane.kubeconfig, tmp_path), check=SOON)
    async with bound(releases.kube, user, *ALL_BUT_WATCHING_CONFIG_MAPS), running(settings):
        await releases.apply("shop", valuesFrom=[{"configMapKeyRef": {"name": "settings"}}])
        await releases.ready("shop")
        changed = {"data": {"values.yaml": "colour: green"}}
        await releases.kube.patch(CONFIG_MAPS, "settings", releases.namespace, changed)
        release = f"{releases.namespace}-shop"

        async def is_green() -> bool:
            found = await releases.kube.get(CONFIG_MAPS, release, releases.namespace)
            return bool(found["data"]["colour"] == "green")

        await until(is_green, within=30)
        await releases.clear()


async def test_the_webhook_has_every_repository_asked_at_once(
    plane: Plane, releases: Releases, repo: ChartRepo
) -> None:
    """However long it is until the next check."""
    repo.add("pushed", "1.0.0", TEMPLATES, {"colour": "blue"})
    async with serving(plane, releases) as url, aiohttp.ClientSession() as session:
        await releases.apply("shop", chart={"name": "pushed", "version": "^1.0.0"})
        await released(releases, "shop", "1.0.0")
        repo.add("pushed", "1.1.0", TEMPLATES, {"colour": "blue"})
        async with session.post(f"{url}/api/v1/sync-git", data=b"whatever") as answer:
            assert (answer.status, await answer.text()) == (200, "OK")
        await released(releases, "shop", "1.1.0")


async def test_a_check_of_a_release_in_sync_needs_no_turn(plane: Plane, releases: Releases) -> None:
    """A thousand of them cost next to nothing; what changes meanwhile is found all the same."""
    async with serving(plane, releases, check=SOON) as url, aiohttp.ClientSession() as session:

        async def checks() -> float:
            async with session.get(f"{url}/metrics") as answer:
                lines = (await answer.text()).splitlines()
            return next(float(one.split()[1]) for one in lines if one.startswith(CHECKS))

        async def checked() -> bool:
            return await checks() >= 3

        await releases.apply("shop")
        await releases.ready("shop")
        await until(checked, within=30)
        await releases.apply("shop", values={"colour": "green"})
        await releases.ready("shop")
        found = await releases.kube.get(
            CONFIG_MAPS, f"{releases.namespace}-shop", releases.namespace
        )
        assert found["data"]["colour"] == "green"


async def test_a_release_is_measured_until_it_goes(plane: Plane, releases: Releases) -> None:
    """Under the old operator's names, with no series left of what is gone."""
    release = f"{releases.namespace}-shop"

    async with serving(plane, releases) as url, aiohttp.ClientSession() as session:

        async def series() -> list[str]:
            async with session.get(f"{url}/metrics") as answer:
                return [line for line in (await answer.text()).splitlines() if release in line]

        await releases.apply("shop")
        await releases.ready("shop")
        told = await until(series)
        where = f'target_namespace="{releases.namespace}"'
        assert any(
            line.startswith("flux_helm_operator_release_condition_info")
            and 'condition="Released"' in line
            and where in line
            and line.endswith(" 1.0")
            for line in told
        )
        assert any(
            'action="install"' in line and 'success="true"' in line and where in line
            for line in told
        )
        await releases.delete("shop")
        await releases.gone("shop")

        async def silent() -> bool:
            return not await series()

        await until(silent)
