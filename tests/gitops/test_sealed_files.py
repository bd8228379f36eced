"""Files in git that SOPS has encrypted."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from helmward.errors import SourceRejected
from helmward.gitops.build import Manifest
from helmward.gitops.building import Builder, Tools
from helmward.redaction import Redactor
from helmward.settings import PathSettings, RepositorySettings
from helmward.sops import Decrypter, Keys
from tests.gitops.test_building import NOTHING, Place, a_builder, a_map
from tests.support.git_repo import GitRepo

FOLDER = Path(__file__).parents[1] / "support" / "sops"
PLANTED = "planted-in-sops"


def sealed(name: str) -> str:
    return (FOLDER / name).read_text()


def opening(*keys: str) -> Tools:
    found = tuple((FOLDER / key).read_bytes() for key in keys)
    return Tools(Decrypter(Keys(found)), NOTHING, NOTHING, "default")


@pytest.fixture
def place(repo: GitRepo, tmp_path: Path) -> Place:
    return Place(repo, tmp_path / "work")


async def manifests(place: Place, builder: Builder) -> Sequence[Manifest]:
    return (await builder.build(await place.snapshot(), PathSettings())).manifests


async def refused(place: Place, builder: Builder) -> str:
    with pytest.raises(SourceRejected) as caught:
        await manifests(place, builder)
    assert PLANTED not in str(caught.value)
    return str(caught.value)


async def test_an_encrypted_file_is_opened(place: Place) -> None:
    """All of its documents are there as they were before."""
    place.repo.commit({"login.yaml": sealed("secret.yaml"), "a.yaml": a_map("a")})

    a, login, beside = await manifests(place, a_builder(place, opening("age.key"), sops=True))

    assert login.object["stringData"] == {"password": PLANTED}
    assert beside.object["data"] == {"port": "1"}
    assert (a.secret, login.secret, beside.secret) == (False, True, True)


async def test_what_is_known_of_an_opened_object_tells_nothing_of_its_content(
    place: Place,
) -> None:
    """Checksum and digest are kept where many may read, and a password is quickly guessed."""
    text = sealed("secret.yaml")
    place.repo.commit({"login.yaml": text})
    builder = a_builder(place, opening("age.key"), sops=True)

    login, beside = await manifests(place, builder)

    assert login.checksum == hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 (Flux's)
    plain = Manifest(login.object, login.file, login.line, login.id)
    assert login.digest != plain.digest
    assert login.digest != beside.digest


async def test_an_opened_object_is_known_anew_when_its_file_changes(place: Place) -> None:
    builder = a_builder(place, opening("age.key"), sops=True)
    place.repo.commit({"login.yaml": sealed("secret.yaml")})
    before = await manifests(place, builder)
    again = await manifests(place, builder)
    place.repo.commit({"login.yaml": f"# anew\n{sealed('secret.yaml')}"})
    after = await manifests(place, builder)

    assert [one.digest for one in again] == [one.digest for one in before]
    assert after[0].object == before[0].object
    assert after[0].digest != before[0].digest


async def test_an_encrypted_file_is_refused_while_nothing_is_opened(place: Place) -> None:
    """Else its ciphertext would be applied."""
    place.repo.commit({"login.yaml": sealed("secret.yaml")})

    words = await refused(place, a_builder(place, opening("age.key")))

    assert words.startswith("login.yaml:")
    assert "switch on --sops" in words


@pytest.mark.parametrize(
    ("keys", "words"),
    [((), "--sops-age-key or --sops-pgp-key"), (("other.key",), "is for other keys: age age1")],
)
async def test_a_file_that_no_key_opens_is_named(
    place: Place, keys: tuple[str, ...], words: str
) -> None:
    place.repo.commit({"x/login.yaml": sealed("secret.yaml"), "a.yaml": "kind: x\n"})

    said = await refused(place, a_builder(place, opening(*keys), sops=True))

    assert said.startswith("a.yaml:1: apiVersion is missing\nx/login.yaml:")
    assert words in said


async def test_encrypted_values_are_no_manifests(place: Place) -> None:
    """Values of a chart lie beside manifests: nothing needs them, so nothing opens them."""
    place.repo.commit({"values.yaml": sealed("values.yaml"), "a.yaml": a_map("a")})

    assert len(await manifests(place, a_builder(place, opening(), sops=True))) == 1
    assert len(await manifests(place, a_builder(place, opening()))) == 1


async def test_a_file_that_only_speaks_of_sops_is_plain(place: Place) -> None:
    """Whether it is encrypted is told by what SOPS writes into it."""
    place.repo.commit({"a.yaml": a_map("a", '"sops: is a tool"')})

    (a,) = await manifests(place, a_builder(place, opening(), sops=True))

    assert not a.secret


async def test_what_could_not_be_opened_is_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file did not change, but what opens it may have."""
    place.repo.commit({"login.yaml": sealed("secret.yaml")})
    builder = a_builder(place, opening("age.key"), sops=True)
    with monkeypatch.context() as patch:
        patch.setenv("HELMWARD_DECRYPT", "/nowhere/decrypt")
        assert "no program at /nowhere/decrypt" in await refused(place, builder)

    assert len(await manifests(place, builder)) == 2


async def test_a_fault_in_an_opened_file_quotes_nothing_of_it(place: Place) -> None:
    place.repo.commit({"login.yaml": sealed("broken.yaml")})

    words = await refused(place, a_builder(place, opening("age.key"), sops=True))

    assert "metadata.namespace is no text: put it into quotes" in words


async def test_what_was_opened_is_kept_out_of_whatever_is_said(place: Place) -> None:
    """The API server quotes what it refuses."""
    place.repo.commit({"login.yaml": sealed("secret.yaml")})
    redactor = Redactor()
    settings = RepositorySettings(place.repo.url, sops=True)

    await manifests(place, Builder(settings, opening("age.key"), redactor))

    assert redactor.mask(f"a {PLANTED} b login") == "a *** b login"
