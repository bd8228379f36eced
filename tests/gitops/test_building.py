"""From a commit to manifests, with real repositories."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from helmward.errors import NotFound, SourceRejected
from helmward.gitops.building import Builder, Tools
from helmward.gitops.snapshot import Snapshot
from helmward.gitops.source import GitSource
from helmward.kube.resources import Resource
from helmward.redaction import Redactor
from helmward.settings import PathSettings, RepositorySettings, Substitutes
from tests.support.git_repo import GitRepo

NOTHING = cast("Any", None)
NO_TOOLS = Tools(NOTHING, NOTHING, NOTHING, "default")


def a_map(name: str, text: str = "a") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{text: {text}}}\n"


class Shelf:
    """ConfigMaps and Secrets by kind and name."""

    def __init__(self, **found: dict[str, bytes]) -> None:
        self.found = found

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        try:
            return self.found[f"{resource.kind}_{namespace}_{name}"]
        except KeyError:
            raise NotFound(f"{resource.kind} {namespace}/{name}") from None


class Place:
    """A repository, what is read of it, and which files that were."""

    def __init__(self, repo: GitRepo, work: Path) -> None:
        self.repo = repo
        self.source = GitSource(RepositorySettings(url=repo.url), work)
        self.read: list[str] = []

    async def snapshot(self) -> Snapshot:
        snapshot = await self.source.snapshot(await self.source.head())

        async def read(names: Iterable[str]) -> dict[str, bytes]:
            names = list(names)
            self.read = names
            return await snapshot.read(names)

        return replace(snapshot, read=read)


@pytest.fixture
def place(repo: GitRepo, tmp_path: Path) -> Place:
    return Place(repo, tmp_path / "work")


async def built(place: Place, builder: Builder, **path: Any) -> list[str]:
    found = await builder.build(await place.snapshot(), PathSettings(**path))
    return [one.id.name for one in found.manifests]


def a_builder(place: Place, tools: Tools = NO_TOOLS, **settings: Any) -> Builder:
    return Builder(RepositorySettings(url=place.repo.url, **settings), tools)


async def test_files_that_did_not_change_are_not_read_again(place: Place) -> None:
    """Neither from git nor by the parser: a large repository changes a file at a time."""
    place.repo.commit({"a.yaml": a_map("a"), "b.yaml": a_map("b")})
    builder = a_builder(place)
    before = (await builder.build(await place.snapshot(), PathSettings())).manifests
    assert place.read == ["a.yaml", "b.yaml"]

    place.repo.commit({"b.yaml": a_map("b", "new")})
    after = (await builder.build(await place.snapshot(), PathSettings())).manifests

    assert place.read == ["b.yaml"]
    assert after[0] is before[0]
    assert after[1].object["data"] == {"text": "new"}


async def test_a_file_that_moved_is_named_by_its_new_name(place: Place) -> None:
    """Content alone does not tell where it stands."""
    place.repo.commit({"a.yaml": a_map("a")})
    builder = a_builder(place)
    await built(place, builder)

    place.repo.commit({"a.yaml": None, "z.yaml": a_map("a")})
    found = (await builder.build(await place.snapshot(), PathSettings())).manifests

    assert [one.place for one in found] == ["z.yaml:1"]


async def test_what_git_no_longer_has_is_forgotten(place: Place) -> None:
    place.repo.commit({"a.yaml": a_map("a"), "b.yaml": a_map("b")})
    builder = a_builder(place)
    assert await built(place, builder) == ["a", "b"]

    place.repo.commit({"a.yaml": None})

    assert await built(place, builder) == ["b"]


async def test_faults_of_files_that_did_not_change_are_named_again(place: Place) -> None:
    """A commit counts as a whole, whatever of it is new."""
    place.repo.commit({"a.yaml": "kind: x\n", "b.yaml": a_map("b")})
    builder = a_builder(place)
    for text in ("one", "two"):
        place.repo.commit({"b.yaml": a_map("b", text)})
        with pytest.raises(SourceRejected, match=r"a.yaml:1: apiVersion is missing"):
            await built(place, builder)


async def test_an_object_that_stands_twice_is_named_with_both_places(place: Place) -> None:
    """Also where one of the files did not change."""
    place.repo.commit({"a.yaml": a_map("x")})
    builder = a_builder(place)
    await built(place, builder)
    place.repo.commit({"b.yaml": f"\n{a_map('x')}"})

    with pytest.raises(SourceRejected, match=r"^b.yaml:2: ConfigMap x is also .* a.yaml:1$"):
        await built(place, builder)


async def test_paths_are_built_apart(place: Place) -> None:
    """The same file below two paths is each one's own."""
    place.repo.commit({"a/x.yaml": a_map("x"), "b/z.yaml": a_map("z")})
    builder = a_builder(place)

    assert await built(place, builder, path="a") == ["x"]
    assert await built(place, builder) == ["x", "z"]
    assert await built(place, builder, path="b") == ["z"]


SHELF = Shelf(
    ConfigMap_default_cluster={"city": b"here\n", "size": b"1", "ca.crt": b"x"},
    Secret_other_login={"password": b"hunter-two", "size": b"2"},
)
CLUSTER = Substitutes("ConfigMap", "cluster")
LOGIN = Substitutes("Secret", "login", "other")


@pytest.mark.parametrize(
    ("path", "text", "filled"),
    [
        ({"substitute": {"city": "there"}}, "${city}", "there"),
        ({"substitute_from": (CLUSTER,)}, "${city}", "here"),
        ({"substitute_from": (CLUSTER, LOGIN)}, "${city}-${password}", "here-hunter-two"),
        ({"substitute_from": (CLUSTER, LOGIN)}, "${size}", "2"),
        ({"substitute_from": (LOGIN, CLUSTER)}, "${size}", "1"),
        ({"substitute": {"city": "x"}, "substitute_from": (CLUSTER,)}, "${city}", "x"),
        (
            {"substitute_from": (Substitutes("Secret", "none", optional=True), CLUSTER)},
            "${city}",
            "here",
        ),
        ({}, "${city}", "${city}"),
    ],
)
async def test_variables_are_put_in(
    place: Place, path: dict[str, Any], text: str, filled: str
) -> None:
    """From ConfigMaps and Secrets, the later win, and from the settings, which win over all."""
    place.repo.commit({"a.yaml": a_map("a", f"'{text}'")})
    builder = a_builder(place, replace(NO_TOOLS, entries=SHELF))

    (a,) = (await builder.build(await place.snapshot(), PathSettings(**path))).manifests

    assert a.object["data"] == {"text": filled}
    assert a.secret == ("password" in text or filled == "2")


async def test_a_source_of_variables_that_is_missing_is_named(place: Place) -> None:
    """It may come later, so the path is tried again."""
    place.repo.commit({"a.yaml": a_map("a")})
    path = PathSettings("", substitute_from=(Substitutes("Secret", "none"),))

    with pytest.raises(NotFound, match=r"variables of \.: Secret default/none is not there"):
        await a_builder(place, replace(NO_TOOLS, entries=SHELF)).build(await place.snapshot(), path)


async def test_a_variable_that_is_not_set_is_named_with_its_place(place: Place) -> None:
    place.repo.commit({"b/a.yaml": f"---\n{a_map('a', chr(39) + '${nope}' + chr(39))}"})

    with pytest.raises(SourceRejected, match=r"^b/a.yaml:2: \$\{nope\} is not set") as caught:
        await built(place, a_builder(place), path="b", substitute={"x": "planted-value"})

    assert "planted" not in str(caught.value)


async def test_values_of_secrets_are_kept_out_of_whatever_is_said(place: Place) -> None:
    """Those that were put in; a ConfigMap tells its own."""
    place.repo.commit({"a.yaml": a_map("a", "'${password} ${city}'")})
    redactor = Redactor()
    tools = replace(NO_TOOLS, entries=SHELF)
    builder = Builder(RepositorySettings(place.repo.url), tools, redactor)

    await built(place, builder, substitute_from=(CLUSTER, LOGIN))

    assert redactor.mask("hunter-two here") == "*** here"


async def test_a_submodule_is_noted(place: Place) -> None:
    """Where something is expected and nothing is read."""
    place.repo.commit({"app/a.yaml": a_map("a")})
    place.repo.submodule("app/other")
    builder = a_builder(place)

    found = await builder.build(await place.snapshot(), PathSettings("app"))
    root = await builder.build(await place.snapshot(), PathSettings(""))
    other = await builder.build(await place.snapshot(), PathSettings("app/a.yaml"))

    assert found.notes == root.notes == ("app/other is a submodule: nothing of it is read",)
    assert other.notes == ()
