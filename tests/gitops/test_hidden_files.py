"""Files in git that git-secret has hidden."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from helmward.engine import Engine
from helmward.errors import SourceRejected
from helmward.gitops.build import Manifest
from helmward.gitops.building import Builder, Tools
from helmward.settings import PathSettings
from helmward.sops import Decrypter, Keys, read_keys
from tests.gitops.test_building import NOTHING, Place, a_builder, a_map
from tests.gitops.test_sealed_files import FOLDER, PLANTED, sealed
from tests.support.engines import fetching
from tests.support.git_repo import GitRepo

LIST = ".gitsecret/paths/mapping.cfg"
HIDDEN = {
    LIST: "app/login.yaml:0123abcd\n",
    "app/login.yaml.secret": sealed("pgp.secret"),
    "app/a.yaml": a_map("a"),
}
OPENING = Tools(Decrypter(read_keys((), (FOLDER / "pgp.key",))), NOTHING, NOTHING, "default")


@pytest.fixture
def place(repo: GitRepo, tmp_path: Path) -> Place:
    return Place(repo, tmp_path / "work")


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with fetching() as one:
        yield one.engine


def opening(place: Place, tools: Tools = OPENING, **settings: bool) -> Builder:
    return a_builder(place, tools, git_secret=True, **settings)


async def objects(
    place: Place, builder: Builder, path: str = "app", build: str = "plain"
) -> Sequence[Manifest]:
    return (await builder.build(await place.snapshot(), PathSettings(path, build))).manifests


async def test_a_hidden_file_takes_its_own_place(place: Place) -> None:
    """Named as it is called when it is plain; nothing of it can be guessed."""
    place.repo.commit(HIDDEN)

    a, login = await objects(place, opening(place))

    assert login.object["stringData"] == {"password": PLANTED}
    assert login.place == "app/login.yaml:1"
    assert (a.secret, login.secret) == (False, True)


async def test_a_hidden_file_that_changed_is_opened_again(place: Place) -> None:
    builder = opening(place)
    place.repo.commit(HIDDEN)
    before = await objects(place, builder)
    place.repo.commit({"app/login.yaml.secret": f"\n{sealed('pgp.secret')}"})
    after = await objects(place, builder)

    assert after[0] is before[0]
    assert after[1].object == before[1].object
    assert after[1].digest != before[1].digest


async def test_nothing_is_opened_unless_it_is_switched_on(place: Place) -> None:
    place.repo.commit(HIDDEN)

    assert [one.id.name for one in await objects(place, a_builder(place, OPENING))] == ["a"]


async def test_a_repository_without_hidden_files_is_as_ever(place: Place) -> None:
    place.repo.commit({"app/a.yaml": a_map("a")})

    assert [one.id.name for one in await objects(place, opening(place))] == ["a"]


@pytest.mark.parametrize("listed", ["app/b.yaml:\n", "app/b.yaml\n", "../b.yaml:ab\n"])
async def test_a_hidden_file_that_is_missing_is_named(place: Place, listed: str) -> None:
    """Else its objects would be taken for removed."""
    place.repo.commit(HIDDEN | {LIST: f"app/login.yaml:\n\n{listed}"})

    with pytest.raises(SourceRejected, match=rf"^{LIST}:3: .*b.yaml.secret is not in the commit"):
        await objects(place, opening(place))


@pytest.mark.parametrize(
    ("keys", "words"), [(Keys(), "--git-gpg-key-import"), (Keys(pgp=(b"x",)), "key number 1")]
)
async def test_a_file_that_no_key_opens_is_named(place: Place, keys: Keys, words: str) -> None:
    place.repo.commit(HIDDEN)
    tools = replace(OPENING, decrypter=Decrypter(keys))

    with pytest.raises(SourceRejected, match=rf"^app/login.yaml.secret: .*{words}"):
        await objects(place, opening(place, tools))


async def test_kustomizations_see_it_too(place: Place, engine: Engine) -> None:
    """Also through a link."""
    files = {"app/kustomization.yaml": "resources: [login.yaml, linked.yaml]\n"}
    other = {LIST: "app/login.yaml:\nx.yaml:\n", "x.yaml.secret": sealed("pgp.secret")}
    place.repo.commit(HIDDEN | files | other, links={"app/linked.yaml": "../x.yaml"})
    tools = replace(OPENING, kustomize=engine)

    with pytest.raises(SourceRejected, match="login"):
        await objects(place, opening(place, tools), build="kustomize")

    place.repo.commit({"app/kustomization.yaml": "resources: [linked.yaml]\n"})
    (login,) = await objects(place, opening(place, tools), build="kustomize")
    assert login.object["stringData"] == {"password": PLANTED}
    assert login.secret


async def test_commands_see_it_too(place: Place) -> None:
    recipe = "{version: 1, commandUpdated: {generators: [{command: cat login.yaml}]}}"
    place.repo.commit(HIDDEN | {".flux.yaml": recipe})

    (login,) = await objects(place, opening(place, generators=True))

    assert login.object["stringData"] == {"password": PLANTED}
    assert login.secret
    plain = Manifest(login.object, login.file, login.line, login.id)
    assert login.digest != plain.digest
