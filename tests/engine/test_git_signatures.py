"""Who has signed a commit, as git's own tools sign; and signing what the operator writes.

The commit and its signatures in tests/support/signed were made by gpg and ssh-keygen.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helmward.engine import Engine
from helmward.errors import ConfigInvalid, SignatureMissing
from tests.support.engines import fetching
from tests.support.openpgp import PgpKey

SIGNED = Path(__file__).parent.parent / "support" / "signed"
ADA = "Ada <ada@example.com> "


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with fetching() as running:
        yield running.engine


def read(name: str) -> bytes:
    return (SIGNED / name).read_bytes()


async def verify(engine: Engine, signature: str, *keys: str, payload: bytes = b"") -> str:
    """Verify the commit by keys of either kind."""
    return await engine.verify_signature(
        payload or read("commit"),
        read(signature),
        pgp_keys=[read(key) for key in keys if not key.endswith(".pub")],
        ssh_keys=[read(key) for key in keys if key.endswith(".pub")],
    )


async def test_what_gpg_signed_is_verified(engine: Engine) -> None:
    assert (await verify(engine, "ada.sig", "eve.gpg", "ada.asc", "ed.pub")).startswith(ADA)


@pytest.mark.parametrize("key", ["ed", "ec", "rsa"])
async def test_what_ssh_keygen_signed_is_verified(engine: Engine, key: str) -> None:
    by = await verify(engine, f"{key}.ssh.sig", "ada.asc", "ed.pub", "ec.pub", "rsa.pub")
    assert by.startswith("SHA256:")


@pytest.mark.parametrize(
    ("signature", "keys", "words"),
    [
        ("ada.sig", ["ron.asc"], "signed by a key that is not among those given"),
        ("ada.sig", ["ed.pub"], "signed with OpenPGP, and no OpenPGP key was given"),
        ("eve.sig", ["eve.gpg"], "has expired"),
        ("ron.sig", ["ron.asc"], "was revoked"),
        ("ed.ssh.sig", ["ec.pub"], "signed by an SSH key that is not among those given"),
        ("ed.ssh.sig", ["ada.asc"], "signed with an SSH key, and no SSH key was given"),
        ("file.ssh.sig", ["ed.pub"], 'was made for "file", not for "git"'),
        ("commit", ["ada.asc"], "neither OpenPGP's nor SSH's"),
        ("ada.sig", ["commit"], "key 1 of the keys is no OpenPGP keyring"),
    ],
)
async def test_what_nobody_trusted_signed_is_refused(
    engine: Engine, signature: str, keys: list[str], words: str
) -> None:
    with pytest.raises(SignatureMissing, match=words):
        await verify(engine, signature, *keys)


@pytest.mark.parametrize(("signature", "key"), [("ada.sig", "ada.asc"), ("ed.ssh.sig", "ed.pub")])
async def test_a_signature_is_of_one_commit(engine: Engine, signature: str, key: str) -> None:
    other = read("commit").replace(b"podinfo", b"nothing")
    with pytest.raises(SignatureMissing):
        await verify(engine, signature, key, payload=other)


async def test_a_commit_without_a_signature_is_refused(engine: Engine) -> None:
    with pytest.raises(SignatureMissing, match="it is not signed"):
        await engine.verify_signature(
            read("commit"), b"", pgp_keys=[read("ada.asc")], ssh_keys=[read("ed.pub")]
        )


async def test_allowed_signers_name_who_signed(engine: Engine) -> None:
    """The commit is of June 2025; a key that was retired since speaks for it."""
    key = read("ed.pub").decode()
    lines = f'# who may\nada@example.com namespaces="git",valid-before="20251231Z" {key}'
    by = await engine.verify_signature(
        read("commit"), read("ed.ssh.sig"), pgp_keys=(), ssh_keys=[lines.encode()]
    )
    assert by.startswith("ada@example.com SHA256:")


@pytest.mark.parametrize("key_id", ["", "ada@example.com"])
async def test_what_was_signed_verifies(engine: Engine, key_id: str) -> None:
    signature = await engine.sign(b"a tag", read("ada.secret.asc"), key_id)
    assert signature.startswith(b"-----BEGIN PGP SIGNATURE-----\n")
    assert signature.endswith(b"-----END PGP SIGNATURE-----\n")
    by = await engine.verify_signature(b"a tag", signature, pgp_keys=[read("ada.asc")], ssh_keys=())
    assert by.startswith(ADA)


@pytest.mark.parametrize(
    ("key", "key_id", "words"),
    [
        (read("lou.secret.asc"), "", "locked by a passphrase; export it without one"),
        (read("ada.asc"), "", "the public half alone"),
        (read("ada.secret.asc"), "bob@example.com", 'none of its keys is called "bob@example.com"'),
        (b"PLANTED", "", "it is no OpenPGP key"),
        (PgpKey("Bob").keyring, "", "the public half alone"),
    ],
)
async def test_a_key_that_cannot_sign_is_refused_in_words(
    engine: Engine, key: bytes, key_id: str, words: str
) -> None:
    with pytest.raises(ConfigInvalid, match=words) as refused:
        await engine.sign(b"a tag", key, key_id)
    assert "PLANTED" not in str(refused.value)
