"""What is to be kept out of everything that people read."""

import pytest

from helmward.gitops.building.told import secrets_in

SEALED = b"""apiVersion: v1
kind: Secret
metadata: {name: "ENC[x]"}
type: Opaque
data: {a: "ENC[x]"}
list: [plain-text, "ENC[x]"]
sops: {mac: "ENC[x]"}
"""
PLAIN = b"""apiVersion: v1
kind: Secret
metadata: {name: a-name}
type: Opaque
data: {a: cGxhbnRlZA==}
list: [plain-text, other-secret]
"""


def test_what_sops_has_encrypted_is_secret() -> None:
    """Also what it encodes; but no name, and nothing that is plain in git."""
    assert secrets_in(PLAIN, SEALED, "yaml") == {"cGxhbnRlZA==", "planted", "other-secret"}


def test_of_a_hidden_file_it_is_the_data_of_secrets() -> None:
    """All of it was hidden, and most of it are words of every day."""
    content = PLAIN + b"---\nkind: ConfigMap\ndata: {a: not-secret}\n"

    assert secrets_in(content, b"\x00", "pgp") == {"cGxhbnRlZA==", "planted"}


@pytest.mark.parametrize("form", ["dotenv", "ini"])
def test_of_a_text_it_is_every_value(form: str) -> None:
    assert "hunter-two" in secrets_in(b"PASSWORD=hunter-two\n", b"", form)


@pytest.mark.parametrize("content", [b"a: [", b"[1]", b"\xff"])
def test_what_cannot_be_read_tells_nothing(content: bytes) -> None:
    """It is refused anyway, with words that quote nothing."""
    assert secrets_in(content, SEALED, "yaml") == frozenset()
