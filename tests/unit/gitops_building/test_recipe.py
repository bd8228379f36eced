"""What a `.flux.yaml` asks for."""

from datetime import timedelta

import pytest

from helmward.errors import SourceRejected
from helmward.git.tree import Entry
from helmward.gitops.building.generated.recipe import Command, Recipe, find_recipe, read_recipe

FILE = "apps/.flux.yaml"


def test_commands_are_read_with_their_places() -> None:
    """Updaters are left out: they are for images."""
    content = b"""
version: 1
commandUpdated:
  generators:
  - command: ./make.sh
  - command: kustomize build .
    timeout: 1m30s
  updaters:
  - containerImage: {command: x}
"""
    assert read_recipe(FILE, content) == Recipe(
        FILE,
        (
            Command("./make.sh", f"{FILE}:5"),
            Command("kustomize build .", f"{FILE}:6", timedelta(seconds=90)),
        ),
    )


def test_a_file_of_patches_is_read() -> None:
    content = b"{version: 1, patchUpdated: {generators: [{command: x}], patchFile: p.yaml}}"

    assert read_recipe(FILE, content) == Recipe(FILE, (Command("x", f"{FILE}:1"),), "p.yaml")


def test_files_may_be_scanned_all_the_same() -> None:
    """Below a folder whose `.flux.yaml` says otherwise."""
    assert read_recipe(FILE, b"{version: 1, scanForFiles: {}}") == Recipe(FILE, scan=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "1: one mapping is wanted"),
        (b"[]", "1: one mapping is wanted"),
        (b"a: 1\n---\nb: 1\n", "1: one mapping is wanted"),
        (b"a: [", "2:1: "),
        (b"version: 2\nscanForFiles: {}", "1: version has to be 1"),
        (b"version: 1", "1: exactly one is wanted of commandUpdated, patchUpdated or scan"),
        (b"version: 1\nscanForFiles: {}\ncommandUpdated: {}", "1: exactly one is wanted"),
        (b"version: 1\ncommandUpdated: x", "1: commandUpdated has to be a mapping"),
        (b"version: 1\ncommandUpdated: {}", r"2: commandUpdated.generators has to list"),
        (b"version: 1\ncommandUpdated:\n  generators: [{}]", r"3: .*generators\[0\] has no comm"),
        (b"version: 1\ncommandUpdated:\n  generators: [x]", r"3: .*generators\[0\] has no comm"),
        (
            b"version: 1\ncommandUpdated:\n  generators:\n  - {command: x, timeout: 5}",
            r"4: .*\[0\].timeout has to be a duration",
        ),
        (
            b"version: 1\ncommandUpdated:\n  generators:\n  - {command: x, timeout: 2h}",
            "4: .* at most 1h",
        ),
        (b"version: 1\npatchUpdated: {generators: [{command: x}]}", "2: patchUpdated.patchFile"),
        (
            b"version: 1\npatchUpdated: {generators: [{command: x}], patchFile: ../x}",
            "2: patchUpdated.patchFile",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(content: bytes, words: str) -> None:
    with pytest.raises(SourceRejected, match=f"^{FILE}:{words}"):
        read_recipe(FILE, content)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ".flux.yaml"),
        ("a", ".flux.yaml"),
        ("a/b", "a/b/.flux.yaml"),
        ("a/b/c/", "a/b/.flux.yaml"),
        ("a/b/c/x.yaml", "a/b/.flux.yaml"),
    ],
)
def test_the_nearest_counts(path: str, found: str) -> None:
    """At the path or above it, up to the root."""
    names = (".flux.yaml", "a/b/.flux.yaml", "a/b/c/x.yaml", "a/b/c/d/.flux.yaml")

    assert find_recipe({name: Entry("100644", name) for name in names}, path) == found


def test_there_may_be_none() -> None:
    assert find_recipe({"a/.flux.yaml": Entry("100644", "x")}, "b") is None
