"""Manifests with variables in them."""

from typing import Any

import pytest

from helmward.gitops.build import Manifest, Parsed, parse
from helmward.gitops.building.cover import salted
from helmward.gitops.building.substituted import Substitution
from helmward.gitops.building.variables import Variables

VALUES = {
    "n": "3",
    "yes": "true",
    "word": "one",
    "empty": "",
    "quote": '"',
    "password": "hunter-two",
}
PLAIN = Variables(VALUES)
SECRET = Variables(VALUES, frozenset({"password"}))


def filled(text: str, variables: Variables = PLAIN) -> Parsed:
    (parsed,) = Substitution().fill([parse("a.yaml", text.encode())], variables)
    return parsed


def one(text: str, variables: Variables = PLAIN) -> Manifest:
    parsed = filled(text, variables)
    assert parsed.faults == ()
    (manifest,) = parsed.manifests
    return manifest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("x: ${n}", {"x": 3}),
        ("x: '${n}'", {"x": 3}),
        ("x: v${n}", {"x": "v3"}),
        ("x: ${yes}", {"x": True}),
        ("x: ${empty}", {"x": None}),
        ("x: ${word}", {"x": "one"}),
        ("x: ${quote}${n}${quote}", {"x": "3"}),
        ("x: $${n}", {"x": "${n}"}),
        ("x: ['${n}', a]", {"x": [3, "a"]}),
        ("${word}: 1", {"one": 1}),
        ("labels: {x: '${n}'}", {"labels": {"x": "3"}}),
        ("env: [{name: x, value: '${n}'}]", {"env": [{"name": "x", "value": "3"}]}),
        ("value: ${n}", {"value": 3}),
        ("x: '3'", {"x": "3"}),
        ("x: .${no:=nan}", {"x": ".nan"}),
    ],
)
def test_a_variable_means_what_it_says(field: str, value: dict[str, Any]) -> None:
    """A number is one, but not where Kubernetes wants a text."""
    manifest = one(f"apiVersion: x/v1\nkind: X\nmetadata: {{name: x}}\nspec:\n  {field}\n")

    assert manifest.object["spec"] == value


def test_data_of_a_configmap_stays_text() -> None:
    """A number in its place would be refused by the API server."""
    manifest = one("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {key: '${n}'}\n")

    assert manifest.object["data"] == {"key": "3"}


def test_an_object_is_known_by_its_filled_name() -> None:
    manifest = one("apiVersion: v1\nkind: Pod\nmetadata: {name: 'p-${n}', namespace: '${n}'}\n")

    assert str(manifest.id) == "Pod 3/p-3"


@pytest.mark.parametrize("where", ["annotations", "labels"])
def test_an_object_may_be_left_alone(where: str) -> None:
    """By the same word as under Flux 2."""
    mark = f"{where}: {{kustomize.toolkit.fluxcd.io/substitute: disabled}}"
    manifest = one(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: x, {mark}}}\nspec: {{a: '${{b}}'}}\n"
    )

    assert manifest.object["spec"] == {"a": "${b}"}


def test_what_is_unset_is_named_with_its_place() -> None:
    """All of it at once, each once."""
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: ['${b}', '${c}', '${b}']\n"
    parsed = filled(f"\n{text}")

    assert parsed.manifests == ()
    assert [fault.split(" is ")[0] for fault in parsed.faults] == [
        "a.yaml:2: ${b}",
        "a.yaml:2: ${c}",
    ]


LOGIN = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {p: '${password}'}\n"


def test_what_holds_a_secret_is_known_by_nothing_that_tells_it() -> None:
    """Its checksum is that of what git has; its digest cannot be made by others."""
    manifest = one(LOGIN, SECRET)
    plain = one(LOGIN)
    other = one(LOGIN, Variables({**VALUES, "password": "other"}, SECRET.secret))

    assert manifest.secret
    assert not plain.secret
    assert manifest.object == plain.object
    assert manifest.digest not in (plain.digest, other.digest)
    assert manifest.checksum == other.checksum != ""


def test_what_holds_no_secret_is_plain() -> None:
    """Though the path has some."""
    assert not one(LOGIN.replace("password", "word"), SECRET).secret


def test_the_values_that_were_used_are_known() -> None:
    """They are to be kept out of whatever people read."""
    substitution = Substitution()
    substitution.fill([parse("a.yaml", LOGIN.encode())], SECRET)
    assert substitution.used == {"hunter-two"}

    substitution.fill([], SECRET)
    assert substitution.used == frozenset()


def test_a_manifest_is_filled_once() -> None:
    """Until it or a variable changes."""
    substitution = Substitution()
    files = [parse("a.yaml", LOGIN.encode())]
    (first,) = substitution.fill(files, SECRET)
    (again,) = substitution.fill(files, Variables(dict(VALUES), SECRET.secret))
    (changed,) = substitution.fill(files, Variables({"password": "new"}, SECRET.secret))

    assert again.manifests[0] is first.manifests[0]
    assert changed.manifests[0].object["stringData"] == {"p": "new"}


@pytest.mark.parametrize("written", ["${nope}", "${hunter two}", "${hunter"])
def test_a_secret_that_looks_like_a_variable_is_not_quoted(written: str) -> None:
    """Of an encrypted file not even a part may be told."""
    opened = salted(parse("a.yaml", LOGIN.replace("${password}", written).encode()), "")

    (parsed,) = Substitution().fill([opened], PLAIN)

    (fault,) = parsed.faults
    assert fault.startswith("a.yaml:1: a ${ in it cannot be filled")
    assert written[2:8] not in fault
