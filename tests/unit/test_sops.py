"""Documents that SOPS has encrypted are opened by a program of its own."""

import json
import os
from pathlib import Path

import pytest

from helmward.errors import ConfigInvalid
from helmward.sops import Decrypter, DecryptFailed, Keys, read_keys

FOLDER = Path(__file__).parents[1] / "support" / "sops"
DOCUMENT = (FOLDER / "values.yaml").read_bytes()
PLAIN = b"colour: planted-in-sops\nlist:\n    - planted-too\n"


def keys(*names: str) -> Keys:
    return Keys(tuple((FOLDER / name).read_bytes() for name in names))


async def test_a_document_is_opened_with_one_of_the_keys() -> None:
    assert await Decrypter(keys("other.key", "age.key")).decrypt(DOCUMENT) == PLAIN


async def test_with_another_key_it_stays_closed_and_whom_it_is_for_is_said() -> None:
    with pytest.raises(DecryptFailed, match="is for other keys: age age1"):
        await Decrypter(keys("other.key")).decrypt(DOCUMENT)


async def test_without_a_key_the_flags_are_named() -> None:
    with pytest.raises(DecryptFailed, match="--sops-age-key or --sops-pgp-key"):
        await Decrypter(Keys()).decrypt(DOCUMENT)


async def test_a_changed_document_stays_closed() -> None:
    changed = DOCUMENT.replace(b"colour:", b"color:")
    with pytest.raises(DecryptFailed, match="was changed after it was encrypted"):
        await Decrypter(keys("age.key")).decrypt(changed)


async def test_the_same_again_starts_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    decrypter = Decrypter(keys("age.key"))
    await decrypter.decrypt(DOCUMENT)
    monkeypatch.setenv("HELMWARD_DECRYPT", "/nowhere/decrypt")
    assert await decrypter.decrypt(DOCUMENT) == PLAIN
    with pytest.raises(ConfigInvalid, match="no program at /nowhere/decrypt: build it"):
        await decrypter.decrypt(DOCUMENT, "json")


async def test_the_program_sees_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of clouds stand there."""
    told = tmp_path / "told"
    program = tmp_path / "decrypt"
    answer = json.dumps({"problem": "seen"})
    program.write_text(f"#!/bin/sh\n/usr/bin/env > {told}\ncat > /dev/null\necho '{answer}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("HELMWARD_DECRYPT", str(program))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    with pytest.raises(DecryptFailed, match="seen"):
        await Decrypter(keys("age.key")).decrypt(DOCUMENT)
    seen = told.read_text()
    assert "planted" not in seen
    assert "HOME" not in seen
    assert "planted" in os.environ["AWS_SECRET_ACCESS_KEY"]


async def test_a_message_of_openpgp_is_opened() -> None:
    """Also one that SOPS has nothing to do with."""
    found = read_keys((), (FOLDER / "pgp.key",))
    message = (FOLDER / "pgp.secret").read_bytes()
    assert b"planted-in-sops" in await Decrypter(found).decrypt(message, "pgp")


async def test_a_message_without_a_key_names_the_flags() -> None:
    with pytest.raises(DecryptFailed, match="--git-gpg-key-import or --sops-pgp-key"):
        await Decrypter(keys("age.key")).decrypt(b"", "pgp")


def test_of_a_folder_every_file_counts(tmp_path: Path) -> None:
    """But for those that a volume hides."""
    for name in ("one", "two", ".hidden"):
        (tmp_path / name).write_text(name)
    (tmp_path / "inner").mkdir()
    assert read_keys((tmp_path,), (tmp_path / "one",)) == Keys((b"one", b"two"), (b"one",))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"--sops-pgp-key .*none: No such file"):
        read_keys((), (tmp_path / "none",))
