"""Releases that somebody else made, or touched: taken over, brought back, or refused by name."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from helmward.apis import GENERATIONS, V1, V1BETA1, Generation
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from helmward.model import DIGEST, OWNER
from tests.support.charts import ChartRepo
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.stock_helm import ANTECEDENTS, StockHelm, stock_helm
from tests.support.stories import asked_again, colour, described, history, noted, reaches
from tests.support.wait import until

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)
V1_SAYS, V1BETA1_SAYS = ANTECEDENTS
LONG_AGO = timedelta(minutes=11)


@pytest.fixture
async def stock(
    plane: Plane, kube: Kube, namespace: str, repo: ChartRepo
) -> AsyncIterator[StockHelm]:
    async with stock_helm(plane, kube, namespace, repo) as helm:
        yield helm


# Made by somebody's helm


@BOTH
async def test_what_is_asked_for_already_is_adopted_as_it_is(
    served: Generation, stock: StockHelm, operator: Releases, release: str
) -> None:
    """No new revision, no object touched: only the Secret tells whose it is from now on."""
    releases = operator.of("app", resource=served.resource)
    await stock.install(release, colour="red", objects=3)
    before = await stock.versions(release)
    (made,) = await releases.revisions(release)

    await releases.apply("web", values={"objects": 3, "colour": "red"})
    await releases.ready("web")

    assert await releases.revisions(release) == [made]
    assert await stock.versions(release) == before
    told = await noted(releases, release)
    assert told[OWNER] == f"{served.resource.api_version}:{releases.namespace}/web"
    assert told[DIGEST].startswith("sha256:")


async def test_what_was_adopted_is_ours_from_then_on(
    stock: StockHelm, plane: Plane, releases: Releases, release: str
) -> None:
    """A restart finds it in sync; a new spec makes one revision; a deletion uninstalls it."""
    v1 = releases.of("app", resource=V1.resource)
    await stock.install(release, colour="red")
    async with running(settings_for(plane.kubeconfig)):
        await v1.apply("web", values={"colour": "red"})
        await v1.ready("web")
    async with running(settings_for(plane.kubeconfig)):
        await asked_again(v1, "web", "after the restart")
        assert await history(v1, release) == ["1 deployed"]
        await v1.apply("web", values={"colour": "green"})
        await v1.ready("web")
        assert await history(v1, release) == ["1 superseded", "2 deployed"]
        assert await described(v1, release) == "values or options changed (generation 2)"
        await v1.delete("web")
        await v1.gone("web")
        assert await colour(v1, release) is None


DIFFERENCES = {
    "values differ at colour": {"values": {"colour": "green"}},
    "chart app-1.0.0 -> app-1.1.0": {"chart": {"version": "1.1.0"}, "values": {"colour": "red"}},
}


@pytest.mark.parametrize("difference", DIFFERENCES)
async def test_what_differs_is_upgraded_and_the_difference_named(
    difference: str, stock: StockHelm, v1: Releases, release: str
) -> None:
    await stock.install(release, colour="red")

    await v1.apply("web", **DIFFERENCES[difference])
    await v1.ready("web")

    assert await history(v1, release) == ["1 superseded", "2 deployed"]
    why = f"revision 1 by another tool is taken over: {difference}"
    assert await described(v1, release) == why
    assert await colour(v1, release) == DIFFERENCES[difference]["values"]["colour"]


async def test_a_failed_release_is_upgraded_over(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """It is never uninstalled: its objects are the same ones afterwards."""
    await stock.install(release, refused=True)
    assert await history(v1, release) == ["1 failed"]
    first = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)

    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")

    assert await history(v1, release) == ["1 failed", "2 deployed"]
    now = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)
    assert now["metadata"]["uid"] == first["metadata"]["uid"]


async def test_a_failed_release_is_not_uninstalled_even_if_the_upgrade_fails_too(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """What a human installed may hold what he needs; only a first install of ours is cleared."""
    await stock.install(release, refused=True)
    first = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)

    await v1.apply("web", values={"refused": True, "colour": "red"})
    await v1.says("web", "99999", "attempt 2", within=60)
    assert (await history(v1, release))[:2] == ["1 failed", "2 failed"]
    await v1.apply("web", values={"colour": "green"})
    await v1.ready("web")

    now = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)
    assert now["metadata"]["uid"] == first["metadata"]["uid"]


# Made by an old operator, which says so on the objects


@pytest.mark.parametrize(
    ("says", "served"),
    [(V1_SAYS, V1), (V1BETA1_SAYS, V1BETA1), (V1BETA1_SAYS, V1)],
    ids=["v1", "v1beta1", "a HelmRelease that was moved from v1beta1 to v1"],
)
async def test_a_release_of_the_old_operator_for_this_very_resource_is_ours(
    says: str, served: Generation, stock: StockHelm, operator: Releases, release: str
) -> None:
    """The migration: operators are swapped, and nothing at all happens to the release."""
    releases = operator.of("app", resource=served.resource)
    await stock.install(release, colour="red")
    await stock.antecede(f"{release}-0", says, f"{releases.namespace}:helmrelease/web")
    before = await stock.versions(release)

    await releases.apply("web", values={"colour": "red"})
    await releases.ready("web")

    assert await history(releases, release) == ["1 deployed"]
    assert await stock.versions(release) == before


async def test_a_release_of_another_resource_is_refused_by_name(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """Nothing of it is touched while that one lives; afterwards it is there to be taken."""
    await v1.apply("shop", releaseName=f"{v1.namespace}-other")
    await v1.ready("shop")
    await stock.install(release, colour="red")
    await stock.antecede(f"{release}-0", V1_SAYS, f"{v1.namespace}:helmrelease/shop")
    before = await stock.versions(release)

    await v1.apply("web", values={"colour": "green"})
    told = await v1.says("web", "ReleaseNameTaken", f"{v1.namespace}:helmrelease/shop", release)
    assert told["status"] == "False"
    assert await history(v1, release) == ["1 deployed"]
    assert await stock.versions(release) == before

    await v1.delete("shop")
    await v1.gone("shop")
    await v1.ready("web")
    assert await colour(v1, release) == "green"


async def test_a_release_of_a_resource_that_is_gone_is_taken_over(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """Its HelmRelease was deleted while no operator looked."""
    await stock.install(release, colour="red")
    await stock.antecede(f"{release}-0", V1_SAYS, f"{v1.namespace}:helmrelease/gone")

    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")

    assert await history(v1, release) == ["1 deployed"]
    assert (await noted(v1, release))[OWNER].endswith("/web")


# Touched by somebody's helm


async def test_an_upgrade_by_hand_is_brought_back_at_once(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """The watch tells of it, long before the next check."""
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")

    await stock.upgrade(release, colour="by hand")

    await reaches(v1, release, ["1 superseded", "2 superseded", "3 deployed"], within=15)
    why = "revision 2 by another tool is brought back: values differ at colour"
    assert await described(v1, release) == why
    assert await colour(v1, release) == "red"
    await asked_again(v1, "web", "again")
    assert len(await v1.revisions(release)) == 3


async def test_an_upgrade_by_hand_to_what_is_asked_for_becomes_ours(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """There is nothing to bring back, and so no revision to make."""
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")

    await stock.upgrade(release, colour="red")

    async def ours() -> bool:
        return OWNER in await noted(v1, release)

    await v1.ready("web")
    await asked_again(v1, "web", "again")
    assert await ours()
    assert await history(v1, release) == ["1 superseded", "2 deployed"]


async def test_a_rollback_by_hand_is_brought_back_at_once(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    await v1.apply("web", values={"colour": "green"})
    await v1.ready("web")

    await stock.rollback(release, to=1)

    expected = ["1 superseded", "2 superseded", "3 superseded", "4 deployed"]
    await reaches(v1, release, expected, within=15)
    assert "revision 3 by another tool is brought back" in await described(v1, release)
    assert await colour(v1, release) == "green"


async def test_an_uninstall_by_hand_is_brought_back_at_once(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")
    (first,) = await v1.revisions(release)

    await stock.uninstall(release)

    async def back() -> bool:
        found = await v1.revisions(release)
        return bool(found) and found[0]["info"]["first_deployed"] != first["info"]["first_deployed"]

    await until(back, within=15)
    await reaches(v1, release, ["1 deployed"])
    assert await described(v1, release) == "install app-1.0.0"
    assert await colour(v1, release) == "red"


async def test_an_uninstall_by_hand_that_kept_the_history_is_brought_back(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """The old operator refused to go on there."""
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")

    await stock.write(release, "uninstalled")

    async def back() -> bool:
        return (await history(v1, release))[-1:] == ["3 deployed"]

    await until(back, within=15)
    await v1.ready("web")


async def test_a_pending_revision_of_a_human_is_left_alone_until_its_own_timeout(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """The condition says what is waited for; nobody's helm is cut short."""
    await v1.apply("web", values={"colour": "red"})
    await v1.ready("web")

    await stock.write(release, "pending-upgrade")

    told = await v1.says("web", "revision 2 is pending-upgrade by another tool")
    assert told["status"] == "Unknown"
    await v1.apply("web", values={"colour": "green"})
    await asked_again(v1, "web", "meanwhile")
    assert await history(v1, release) == ["1 deployed", "2 pending-upgrade"]

    await stock.grow_old(release, 2, LONG_AGO)

    await v1.ready("web")
    assert await history(v1, release) == ["1 superseded", "2 failed", "3 deployed"]
    assert await colour(v1, release) == "green"
    assert "revision 2" in await described(v1, release)


async def test_a_pending_install_of_a_human_is_left_alone_until_its_own_timeout(
    stock: StockHelm, v1: Releases, release: str
) -> None:
    """Its objects are kept when it is taken over at last."""
    await stock.install(release, colour="red")
    await stock.write(release, "pending-install")
    await v1.apply("web", values={"colour": "red"})
    await v1.says("web", "revision 2 is pending-install by another tool")
    before = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)

    await stock.grow_old(release, 2, LONG_AGO)

    await v1.ready("web")
    now = await v1.kube.get(CONFIG_MAPS, f"{release}-0", v1.namespace)
    assert now["metadata"]["uid"] == before["metadata"]["uid"]
