"""Commits with files that nobody would write, or only in a hurry."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helmward.engine import Engine
from helmward.errors import SourceRejected
from helmward.gitops.building import Builder
from helmward.settings import PathSettings
from tests.gitops.test_building import Place, a_builder, a_map, built
from tests.gitops.test_kustomized import tools
from tests.support.engines import fetching
from tests.support.git_repo import GitRepo

MANY = 5_000


@pytest.fixture
def place(repo: GitRepo, tmp_path: Path) -> Place:
    return Place(repo, tmp_path / "work")


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with fetching() as one:
        yield one.engine


async def refused(place: Place, builder: Builder) -> str:
    with pytest.raises(SourceRejected) as caught:
        await built(place, builder)
    return str(caught.value)


def growing(lines: int) -> str:
    """Each line holds ten times the one before."""
    first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    more = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, lines))
    return "".join([first, *more])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (growing(9), "a.yaml:4:45: the aliases of this file repeat over 10000 nodes"),
        ("a: " + "[" * 200 + "]" * 200, "a.yaml:1:104: nested deeper than 100 levels"),
        ("kind: Pod\nmetadata:\n\tname: a\n", "a.yaml:3:1: "),
        ("- apiVersion: v1\n  kind: Pod\n", "a.yaml:1: this is no object with apiVersion"),
        ("kind: Pod\nkind: Pod\n", "a.yaml:2:1: the key 'kind' is already on line 1"),
        ("just words\n", "a.yaml:1: this is no object with apiVersion"),
        ("\x00", "a.yaml:1:1: "),
        ("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n", "a.yaml:"),
    ],
)
async def test_what_cannot_be_read_is_named_with_its_place(
    place: Place, text: str, words: str
) -> None:
    place.repo.commit({"a.yaml": text, "b.yaml": "kind: x\n"})

    said = await refused(place, a_builder(place))

    assert said.startswith(words)
    assert said.endswith("b.yaml:1: apiVersion is missing")


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{a_map('a')}",
        a_map("a").replace("\n", "\r\n"),
        f"---\n---\n# nothing\n---\n{a_map('a')}...\n",
        f"%YAML 1.1\n---\n{a_map('a')}",
        f"{a_map('a')}script: |\n  ---\n  echo\n",
        f"values: {{x: 1}}\n---\n{a_map('a')}",
        "",
    ],
)
async def test_what_editors_leave_in_files_does_no_harm(place: Place, text: str) -> None:
    """A byte order mark, line ends of Windows, documents with nothing in them."""
    place.repo.commit({"a.yaml": text, "b.yaml": "", "z.yaml": a_map("z")})

    assert await built(place, a_builder(place)) == (["a", "z"] if text else ["z"])


async def test_very_many_objects_are_built(place: Place) -> None:
    """One a file, and all in one file, which then is large."""
    files = {f"{n % 100}/{n}.yaml": a_map(f"a{n}") for n in range(MANY)}
    files["all.yaml"] = "---\n".join(a_map(f"b{n}", "x" * 1_500) for n in range(MANY))
    place.repo.bulk(files)

    assert len(await built(place, a_builder(place))) == 2 * MANY


async def test_a_file_that_is_too_large_is_named(place: Place) -> None:
    place.repo.bulk({"a.yaml": "#" * (10 * 1024 * 1024 + 1)})

    assert (await refused(place, a_builder(place))).startswith("a.yaml: 10485761 bytes are more")


async def test_a_pointer_of_git_lfs_is_named(place: Place) -> None:
    place.repo.commit({"a.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:x\n"})

    assert (await refused(place, a_builder(place))).startswith("a.yaml:1: this is a pointer of")


async def test_of_very_many_faults_some_are_listed(place: Place) -> None:
    """A message is read by people, and kept in the cluster."""
    place.repo.bulk({f"{n:03}.yaml": "kind: x" for n in range(50)})

    said = (await refused(place, a_builder(place))).splitlines()

    assert said[0] == "000.yaml:1: apiVersion is missing"
    assert said[-1] == "and 30 more"


async def test_a_kustomization_that_leads_to_itself_is_refused(
    place: Place, engine: Engine
) -> None:
    """The files that it leads to are found all the same."""
    place.repo.commit(
        {
            "a/kustomization.yaml": "resources: [../b]\n",
            "b/kustomization.yaml": "resources: [../a, ..]\n",
        }
    )

    with pytest.raises(SourceRejected, match=r"b/kustomization.yaml"):
        await a_builder(place, tools(engine)).build(
            await place.snapshot(), PathSettings("a", "kustomize")
        )
