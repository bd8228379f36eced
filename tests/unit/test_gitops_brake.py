"""When somebody has to be asked before anything is removed."""

from typing import Any

import pytest

from helmward.gitops.brake import Circumstances, brake, token_of
from helmward.gitops.build import ObjectId
from helmward.gitops.facts import Fact
from helmward.gitops.inventory import Item
from helmward.settings import PruneSettings


def an_item(kind: str = "ConfigMap", name: str = "a", group: str = "", **fields: Any) -> Item:
    return Item(ObjectId(group, kind, fields.pop("namespace", "shop"), name), "v1", **fields)


def some(count: int) -> list[Item]:
    return [an_item(name=f"c{n}") for n in range(count)]


def braked(
    going: list[Item],
    *,
    left: int = 20,
    settings: PruneSettings | None = None,
    filled: tuple[str, ...] = ("",),
    asked: tuple[ObjectId, ...] = (),
    **fact: Any,
) -> str:
    """Ask about removals where so many other objects are left."""
    others = [an_item(name=f"other{n}") for n in range(left)]
    around = Circumstances(
        settings or PruneSettings(enabled=True),
        {one.id: Fact("uid", **fact) for one in going},
        {one.id: one for one in (*going, *others)},
        asked,
        filled,
    )
    return brake(going, around)


@pytest.mark.parametrize(
    ("going", "left", "expected"),
    [(3, 0, False), (3, 1, False), (4, 4, False), (4, 3, True), (5, 4, True), (50, 51, False)],
)
def test_more_than_a_share_and_more_than_a_few(going: int, left: int, expected: bool) -> None:
    """Both of them: small repositories lose half at once every day."""
    assert bool(braked(some(going), left=left)) is expected


@pytest.mark.parametrize(
    ("share", "count", "expected"),
    [(0.1, 1, True), (0.9, 1, False), (0.1, 9, False), (0.0, 0, True), (1.0, 0, False)],
)
def test_share_and_number_are_settings(share: float, count: int, expected: bool) -> None:
    settings = PruneSettings(enabled=True, share=share, count=count)

    assert bool(braked(some(4), left=6, settings=settings)) is expected


def test_it_says_how_many() -> None:
    assert braked(some(5), left=3) == (
        "5 of 8 objects would be removed, more than 50% and more than 3"
    )


@pytest.mark.parametrize(
    ("path", "filled", "expected"),
    [
        ("x", ("", "y"), "nothing would be left of path x"),
        ("", ("x",), "nothing would be left of the repository"),
        ("x", ("x",), ""),
    ],
)
def test_an_emptied_path_however_few_it_had(
    path: str, filled: tuple[str, ...], expected: str
) -> None:
    """A path that asks for other objects now is not empty."""
    assert braked([an_item(path=path)], filled=filled) == expected


def test_what_only_its_mark_calls_ours() -> None:
    """Nobody has seen it in git: it may be years old."""
    assert braked([an_item(found=True)], filled=()) == (
        "only their marks say that they are of this repository: ConfigMap shop/a"
    )


@pytest.mark.parametrize(
    ("item", "volumes", "expected"),
    [
        (an_item("Namespace", "a", namespace=""), "", "everything in a namespace goes with it: a"),
        (
            an_item("CustomResourceDefinition", "cars.x.io", "apiextensions.k8s.io", namespace=""),
            "",
            "all objects of a kind go with its definition: cars.x.io",
        ),
        (
            an_item("HelmRelease", "db", "flux.weave.works"),
            "data-db-0",
            "PersistentVolumeClaims go with it: HelmRelease.flux.weave.works shop/db (data-db-0)",
        ),
        (an_item("HelmRelease", "db", "helm.fluxcd.io"), "", ""),
        (
            an_item("PersistentVolumeClaim", "data"),
            "",
            "what is stored in a volume goes with it: PersistentVolumeClaim shop/data",
        ),
        (
            an_item("PersistentVolume", "data", namespace=""),
            "",
            "what is stored in a volume goes with it: PersistentVolume data",
        ),
        (an_item("Deployment", "web", "apps"), "", ""),
    ],
)
def test_what_takes_more_along_than_its_name_says(item: Item, volumes: str, expected: str) -> None:
    assert braked([item], volumes=volumes) == expected


def test_a_helm_release_whose_twin_git_has() -> None:
    """It was converted: its release must not be uninstalled on the way."""
    old = an_item("HelmRelease", "db", "flux.weave.works")
    new = ObjectId("helm.fluxcd.io", "HelmRelease", "shop", "db")

    assert braked([old], asked=(new,)).startswith("git has a HelmRelease of the same name")
    assert not braked([old], asked=(ObjectId("helm.fluxcd.io", "HelmRelease", "shop", "web"),))


def test_several_reasons_are_all_given_and_long_lists_are_cut() -> None:
    going = [an_item("Namespace", f"n{n}", namespace="", path="x") for n in range(7)]

    assert braked(going) == (
        "nothing would be left of path x; "
        "everything in a namespace goes with it: n0, n1, n2, n3, n4 and 2 more"
    )


def test_a_token_is_of_the_set_whatever_its_order() -> None:
    items = some(3)
    facts = {one.id: Fact("uid") for one in items}

    assert token_of(items, facts) == token_of(items[::-1], facts)
    assert token_of(items, facts) != token_of(items[:2], facts)
    assert token_of(items, facts) != token_of(items, {**facts, items[0].id: Fact("other")})
