"""How `dependsOn` and its annotation read, alike in every generation."""

from typing import Any

import pytest

from helmward.apis import GENERATIONS, V1, Generation
from helmward.model import DEPENDS_ON, Declared, Dependency
from tests.support.declared import read

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)
FIRST = "spec.dependsOn[0]"
ANNOTATION = f"metadata.annotations[{DEPENDS_ON}]"


def entry(served: Generation, **given: Any) -> Declared:
    return read(served, {"dependsOn": [given]})


def noted(text: str) -> Declared:
    return read(V1, annotations={DEPENDS_ON: text})


ENTRIES: list[tuple[dict[str, Any], Dependency]] = [
    ({"name": "db"}, Dependency(FIRST, "shop", "db")),
    ({"name": "db", "namespace": "infra"}, Dependency(FIRST, "infra", "db")),
    ({"name": "db", "ready": True}, Dependency(FIRST, "shop", "db")),
    ({"name": "db", "ready": False}, Dependency(FIRST, "shop", "db", ready=False)),
    ({"name": "db", "readyExpr": "true"}, Dependency(FIRST, "shop", "db", expression="true")),
    (
        {"name": "key", "apiVersion": "v1", "kind": "Secret"},
        Dependency(FIRST, "shop", "key", "v1", "Secret"),
    ),
    (
        {"name": "infra", "namespace": "", "apiVersion": "v1", "kind": "Namespace"},
        Dependency(FIRST, "", "infra", "v1", "Namespace"),
    ),
    (
        {"name": "db", "apiVersion": "flux.weave.works/v1beta1", "kind": "HelmRelease"},
        Dependency(FIRST, "shop", "db"),
    ),
    (
        {"name": "db", "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease"},
        Dependency(FIRST, "shop", "db", "helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ),
]


@BOTH
@pytest.mark.parametrize(("given", "meant"), ENTRIES)
def test_an_entry(given: dict[str, Any], meant: Dependency, served: Generation) -> None:
    declared = entry(served, **given)
    assert (declared.depends_on, declared.problem) == ((meant,), "")


WORDS: list[tuple[str, list[tuple[str, str, str, str]]]] = [
    ("", []),
    (" , ", []),
    ("db", [("", "", "shop", "db")]),
    ("db, infra/cache", [("", "", "shop", "db"), ("", "", "infra", "cache")]),
    ("v1/Secret/shop/key", [("v1", "Secret", "shop", "key")]),
    ("apps/v1/Deployment/shop/web", [("apps/v1", "Deployment", "shop", "web")]),
    ("v1/Namespace//infra", [("v1", "Namespace", "", "infra")]),
    ("helm.fluxcd.io/v1/HelmRelease/shop/db", [("", "", "shop", "db")]),
]


@pytest.mark.parametrize(("text", "meant"), WORDS)
def test_the_annotation(text: str, meant: list[tuple[str, str, str, str]]) -> None:
    declared = noted(text)
    expected = [
        Dependency(ANNOTATION, ns, name, version, kind) for version, kind, ns, name in meant
    ]
    assert (list(declared.depends_on), declared.problem) == (expected, "")


def test_both_count_together() -> None:
    declared = read(V1, {"dependsOn": [{"name": "db"}]}, annotations={DEPENDS_ON: "cache"})
    assert [one.name for one in declared.depends_on] == ["db", "cache"]


def test_a_changed_annotation_is_worth_a_turn() -> None:
    """It changes no generation."""
    assert noted("db").asks != noted("cache").asks


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, f"{FIRST}: has no name"),
    ({"name": "db,x=y"}, f'{FIRST}: "db,x=y" is no name of an object'),
    ({"name": "cart"}, f"{FIRST}: a HelmRelease cannot depend on itself"),
    ({"name": "db", "namespace": ""}, f"{FIRST}: a HelmRelease has a namespace"),
    ({"name": "db", "namespace": "In/fra"}, f'{FIRST}: "In/fra" cannot name a namespace'),
    ({"name": "db", "kind": "Secret"}, f"{FIRST}: apiVersion and kind come together"),
    ({"name": "db", "apiVersion": "v1"}, f"{FIRST}: apiVersion and kind come together"),
    (
        {"name": "db", "ready": False, "readyExpr": "true"},
        f"{FIRST}.readyExpr: says nothing beside ready: false",
    ),
    (
        {"name": "cart", "apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease"},
        f"{FIRST}: a HelmRelease cannot depend on itself",
    ),
]


@BOTH
@pytest.mark.parametrize(("given", "words"), PROBLEMS)
def test_what_cannot_be_meant(given: dict[str, Any], words: str, served: Generation) -> None:
    assert words in entry(served, **given).problem


@pytest.mark.parametrize("text", ["/db", "//db", "a/b/c", "v1//shop/db", "a/b/c/d/e/f", "cart"])
def test_a_word_that_cannot_be_meant(text: str) -> None:
    """The annotation is named; it holds up nothing else of the spec's reading."""
    assert noted(text).problem.startswith(ANNOTATION)


@BOTH
def test_the_definition_asks_for_a_name(served: Generation) -> None:
    versions = served.crd()["spec"]["versions"]
    spec = versions[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["properties"]["dependsOn"]["items"]["required"] == ["name"]
