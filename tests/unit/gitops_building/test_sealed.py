"""Which files SOPS has encrypted."""

import pytest

from helmward.gitops.building.sealed import describes_objects, form_of, line_of

METADATA = b"sops:\n  mac: ENC[x]\n"


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.yaml", b"a: ENC[x]\n" + METADATA, "yaml"),
        ("a/b.yml", b"a: 1\n---\nb: 2\n" + METADATA, "yaml"),
        ("a.yaml", b'{"a": "ENC[x]", "sops": {"mac": "ENC[x]"}}', "yaml"),
        ("a.json", b'{"a": "ENC[x]", "sops": {"mac": "ENC[x]"}}', "json"),
        ("key.bin", b'{"data": "ENC[x]", "sops": {"mac": "ENC[x]"}}', "binary"),
        ("x/.env", b"A=ENC[x]\nsops_mac=ENC[x]\n", "dotenv"),
        ("prod.env", b"A=ENC[x]\nsops_mac=ENC[x]\n", "dotenv"),
        ("a.ini", b"[a]\nb = ENC[x]\n[sops]\nmac = ENC[x]\n", "ini"),
        ("a.yaml", b"sops: is a tool\n", ""),
        ("a.yaml", b"text: 'sops:'\n", ""),
        ("a.yaml", b"a: {sops: {mac: x}}\n", ""),
        ("a.yaml", b"sops: {\n", ""),
        ("a.json", b"sops [", ""),
        ("a.json", b"[" * 100_000 + b"sops", ""),
        ("a.bin", b"\xff sops", ""),
        (".sops.yaml", b"creation_rules: [{age: age1x}]\n", ""),
        ("a.env", b"A=sops_mac\n", ""),
        ("a.ini", b"[a]\nb = sops\n", ""),
    ],
)
def test_a_file_is_encrypted_when_it_has_what_sops_writes(
    name: str, content: bytes, form: str
) -> None:
    """Its name tells how; a file that only has the word in it is plain."""
    assert form_of(name, content) == form


def test_the_line_is_that_of_the_metadata() -> None:
    """There a reader sees what is meant."""
    assert line_of(b"a: 1\nb: 2\n" + METADATA) == 3


@pytest.mark.parametrize(
    ("content", "does"), [(b"a: 1\n---\nkind: ENC[x]\n", True), (b"a: 1\n", False), (b"[1]", False)]
)
def test_only_what_has_a_kind_describes_objects(content: bytes, *, does: bool) -> None:
    assert describes_objects(content) is does
