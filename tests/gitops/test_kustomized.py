"""Paths of a repository that are built with kustomize."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helmward.engine import Engine
from helmward.errors import SourceRejected
from helmward.gitops.build import Manifest
from helmward.gitops.building import Builder, Tools
from helmward.settings import PathSettings
from tests.gitops.test_building import Place, a_builder, a_map
from tests.gitops.test_sealed_files import PLANTED, opening, sealed
from tests.support.engines import fetching
from tests.support.git_repo import GitRepo

BASE = {
    "base/kustomization.yaml": "resources: [web]\nconfigMapGenerator:\n"
    "- {name: page, files: [index=files/index.html], options: {disableNameSuffixHash: true}}\n",
    "base/files/index.html": "<p>hello</p>",
    "base/web/Kustomization": "resources: [../web/pod.yaml]\n",
    "base/web/pod.yaml": "\n\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n",
}
PROD = {"prod/kustomization.yml": "namePrefix: my-\nresources: [../base]\n"}


@pytest.fixture
def place(repo: GitRepo, tmp_path: Path) -> Place:
    return Place(repo, tmp_path / "work")


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with fetching() as one:
        yield one.engine


def tools(engine: Any, *keys: str) -> Tools:
    return replace(opening(*keys), kustomize=engine)


async def objects(
    place: Place, builder: Builder, path: str = "prod", build: str = "kustomize"
) -> Sequence[Manifest]:
    return (await builder.build(await place.snapshot(), PathSettings(path, build))).manifests


async def refused(place: Place, builder: Builder, path: str = "prod") -> str:
    with pytest.raises(SourceRejected) as caught:
        await objects(place, builder, path)
    assert PLANTED not in str(caught.value)
    return str(caught.value)


async def test_an_overlay_is_built_from_its_bases(place: Place, engine: Engine) -> None:
    """Each object knows where it was written, whatever it is called now."""
    place.repo.commit(BASE | PROD)

    page, pod = await objects(place, a_builder(place, tools(engine)))

    assert (pod.place, page.place) == ("base/web/pod.yaml:3", "base/kustomization.yaml:1")
    assert page.object["data"] == {"index": "<p>hello</p>"}
    assert str(pod.id) == "Pod my-web"


async def test_only_what_the_kustomization_leads_to_is_read(place: Place, engine: Engine) -> None:
    """A repository may hold anything: pictures, other people's secrets."""
    beside = {"prod/picture.png": "x", "base/web/unused.yaml": "kind: {", "other/a.yaml": "x"}
    place.repo.commit(BASE | PROD | beside)
    snapshot = await place.snapshot()
    asked: list[str] = []

    async def read(names: Any) -> dict[str, bytes]:
        asked.extend(names := list(names))
        return await snapshot.read(names)

    await a_builder(place, tools(engine)).build(
        replace(snapshot, read=read), PathSettings("prod", "kustomize")
    )

    assert sorted(asked) == sorted(BASE | PROD)


class Counting:
    """The engine, and how often it was asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.calls = engine, 0

    async def kustomize(self, *args: Any, **options: Any) -> Any:
        self.calls += 1
        return await self.engine.kustomize(*args, **options)


async def test_nothing_is_built_again_that_did_not_change(place: Place, engine: Engine) -> None:
    place.repo.commit(BASE | PROD)
    counting = Counting(engine)
    builder = a_builder(place, tools(counting))
    before = await objects(place, builder)

    place.repo.commit({"other.yaml": "x"})
    assert await objects(place, builder) == before
    assert counting.calls == 1

    place.repo.commit({"base/files/index.html": "new"})
    assert (await objects(place, builder))[0].object["data"] == {"index": "new"}
    assert counting.calls == 2


async def test_a_file_that_comes_into_being_counts(place: Place, engine: Engine) -> None:
    """It was looked for before, and was not there."""
    inline = "resources: [a.yaml]\nconfigMapGenerator: [{name: g, literals: [x=late.yaml]}]\n"
    place.repo.commit({"kustomization.yaml": inline, "a.yaml": a_map("a")})
    counting = Counting(engine)
    builder = a_builder(place, tools(counting))
    await objects(place, builder, "")

    place.repo.commit({"late.yaml": "x"})
    await objects(place, builder, "")

    assert counting.calls == 2


@pytest.mark.parametrize(
    ("files", "links", "names"),
    [
        ({"k/kustomization.yaml": "resources: [a.yaml]", "k/a.yaml": a_map("a")}, {}, ["a"]),
        ({"k/a.yaml": a_map("a"), "k/b.yaml": a_map("b")}, {}, ["a", "b"]),
        ({"k/a.yaml": a_map("a"), "k/x/kustomization.yaml": ""}, {}, ["a"]),
        (
            {"real/kustomization.yaml": "resources: [a.yaml]", "real/a.yaml": a_map("a")},
            {"k": "real"},
            ["a"],
        ),
    ],
)
async def test_a_kustomization_in_the_folder_itself_decides(
    place: Place, engine: Engine, files: dict[str, str], links: dict[str, str], names: list[str]
) -> None:
    """With `auto`; one further below does not, for it may be another's base."""
    beside = {"real/b.yaml": a_map("b")} if links else {}
    place.repo.commit(files | beside, links=links)

    found = await objects(place, a_builder(place, tools(engine)), "k", "auto")

    assert [one.id.name for one in found] == names


@pytest.mark.parametrize("path", ["prod/kustomization.yml", "prod/", "./prod"])
async def test_the_folder_may_be_named_by_its_file(place: Place, engine: Engine, path: str) -> None:
    place.repo.commit(BASE | PROD)

    assert len(await objects(place, a_builder(place, tools(engine)), path)) == 2


async def test_links_are_followed(place: Place, engine: Engine) -> None:
    """To files and to folders, inside of the repository."""
    root = {"p/kustomization.yaml": "resources: [base, one.yaml]\n", "x/one.yaml": a_map("one")}
    place.repo.commit(BASE | root, links={"p/base": "../base", "p/one.yaml": "../x/one.yaml"})

    found = await objects(place, a_builder(place, tools(engine)), "p")

    assert sorted(one.id.name for one in found) == ["one", "page", "web"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"prod/x.yaml": ""}, "--git-path prod: commit .* has no kustomization.yaml"),
        (
            {"prod/kustomization.yaml": "resources:\n- ../none\n"},
            "^prod/kustomization.yaml:2: .*is not there",
        ),
        (
            {"prod/kustomization.yaml": "resources: [a.yaml]", "prod/a.yaml": "kind: Pod\n"},
            "^prod/a.yaml: ",
        ),
        (
            {"prod/kustomization.yaml": "resources: [a.yaml]", "prod/a.yaml": "a: [\n"},
            "^prod/a.yaml:",
        ),
    ],
)
async def test_what_is_wrong_is_named_with_its_place(
    place: Place, engine: Engine, files: dict[str, str], words: str
) -> None:
    place.repo.commit(files)

    with pytest.raises(SourceRejected, match=words):
        await objects(place, a_builder(place, tools(engine)))


async def test_files_of_transformers_lead_on(place: Place, engine: Engine) -> None:
    """Their paths go out from the kustomization."""
    place.repo.commit(
        {
            "k/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t/patch.yaml]\n",
            "k/a.yaml": a_map("a"),
            "k/t/patch.yaml": "apiVersion: builtin\nkind: PatchTransformer\n"
            "metadata: {name: p}\npath: p/by.yaml\n",
            "k/p/by.yaml": a_map("a", "patched"),
        }
    )

    (a,) = await objects(place, a_builder(place, tools(engine)), "k")

    assert a.object["data"] == {"text": "patched"}


SEALED = {
    "prod/kustomization.yaml": "resources: [login.yaml]\nsecretGenerator:\n"
    "- {name: env, envs: [login.env]}\n"
}


async def test_what_goes_in_is_opened(place: Place, engine: Engine) -> None:
    """Manifests as well as the files of generators; of the result nothing can be guessed."""
    files = {f"prod/{one}": sealed(new) for one, new in FILES}
    place.repo.commit(SEALED | files)

    found = await objects(place, a_builder(place, tools(engine, "age.key"), sops=True))
    beside, env, login = sorted(found, key=lambda one: one.id.name)

    assert login.object["stringData"] == {"password": PLANTED}
    assert "PASSWORD" in env.object["data"]
    assert all(one.secret for one in (login, beside, env))
    assert len({login.digest, beside.digest, env.digest}) == 3
    plain = Manifest(env.object, env.file, env.line, env.id)
    assert env.digest != plain.digest
    text = str(env.object).encode()
    assert env.checksum != hashlib.sha1(text).hexdigest()  # noqa: S324 (Flux's)


FILES = (("login.yaml", "secret.yaml"), ("login.env", "login.env"))


async def test_what_cannot_be_opened_is_named(place: Place, engine: Engine) -> None:
    """Not as a file that is missing, which is what kustomize sees."""
    place.repo.commit(SEALED | {f"prod/{one}": sealed(new) for one, new in FILES})

    words = await refused(place, a_builder(place, tools(engine, "age.key")))

    login, env = sorted(words.splitlines(), reverse=True)
    assert login.startswith("prod/login.yaml:")
    assert env.startswith("prod/login.env:")
    assert words.count("switch on --sops") == 2
