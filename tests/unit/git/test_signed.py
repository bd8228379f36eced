"""What was signed in a commit or a tag, and by which signature."""

import pytest

from helmward.git.signed import Signed, Target, split_commit, split_tag, target_of

SHA1, SHA256 = "a" * 40, "b" * 64
TREE = b"tree 1\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"
PGP = b"-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n"
SSH = b"-----BEGIN SSH SIGNATURE-----\nabc=\n-----END SSH SIGNATURE-----\n"
X509 = b"-----BEGIN SIGNED MESSAGE-----\nabc=\n-----END SIGNED MESSAGE-----\n"
TAG = b"object 1\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nfirst\n"


def header(signature: bytes, name: bytes = b"gpgsig") -> bytes:
    """Write a signature as git does: its lines go on behind a blank."""
    return name + b" " + signature.rstrip(b"\n").replace(b"\n", b"\n ") + b"\n"


@pytest.mark.parametrize(
    ("oid", "raw", "signed"),
    [
        pytest.param(SHA1, TREE + b"\nhi\n", Signed(TREE + b"\nhi\n"), id="none"),
        pytest.param(
            SHA1, TREE + header(PGP) + b"\nhi\n", Signed(TREE + b"\nhi\n", PGP), id="OpenPGP"
        ),
        pytest.param(SHA1, TREE + header(SSH) + b"\nhi\n", Signed(TREE + b"\nhi\n", SSH), id="SSH"),
        pytest.param(
            SHA1,
            TREE + b"mergetag x\n y\n" + header(PGP) + b"encoding z\n\n\nhi",
            Signed(TREE + b"mergetag x\n y\nencoding z\n\n\nhi", PGP),
            id="between other headers",
        ),
        pytest.param(
            SHA1,
            TREE + b"mergetag object 1\n " + header(SSH).replace(b"\n", b"\n ")[:-1] + b"\nhi\n",
            Signed(
                TREE + b"mergetag object 1\n " + header(SSH).replace(b"\n", b"\n ")[:-1] + b"\nhi\n"
            ),
            id="in the header of another",
        ),
        pytest.param(
            SHA1,
            TREE + b"\n" + header(PGP) + b"\nhi\n",
            Signed(TREE + b"\n" + header(PGP) + b"\nhi\n"),
            id="in the message",
        ),
        pytest.param(
            SHA1,
            TREE + header(PGP) + header(SSH, b"gpgsig-sha256") + b"\nhi\n",
            Signed(TREE + b"\nhi\n", PGP),
            id="of two hashes, named by the one",
        ),
        pytest.param(
            SHA256,
            TREE + header(PGP) + header(SSH, b"gpgsig-sha256") + b"\nhi\n",
            Signed(TREE + b"\nhi\n", SSH),
            id="of two hashes, named by the other",
        ),
        pytest.param(
            SHA1,
            TREE + header(PGP) + header(SSH) + b"\nhi\n",
            Signed(TREE + b"\nhi\n"),
            id="two are none",
        ),
        pytest.param(SHA1, b"", Signed(b""), id="nothing at all"),
        pytest.param(SHA1, b"gpgsig", Signed(b"gpgsig"), id="a header alone"),
        pytest.param(
            SHA1,
            b"tree 1\ngpgsig-sha256 x\nparent 2\n" + TREE[7:] + header(PGP) + b"\nhi\n",
            Signed(b"tree 1\ngpgsig-sha256 x\nparent 2\n" + TREE[7:] + header(PGP) + b"\nhi\n"),
            id="another one hides a parent",
        ),
    ],
)
def test_a_commit_is_signed_without_its_signature(oid: str, raw: bytes, signed: Signed) -> None:
    assert split_commit(oid, raw) == signed


@pytest.mark.parametrize(
    ("raw", "signed"),
    [
        pytest.param(TAG, Signed(TAG), id="none"),
        pytest.param(TAG + PGP, Signed(TAG, PGP), id="OpenPGP"),
        pytest.param(TAG + SSH, Signed(TAG, SSH), id="SSH"),
        pytest.param(
            TAG + PGP + b"quoted\n" + SSH, Signed(TAG + PGP + b"quoted\n", SSH), id="last"
        ),
        pytest.param(TAG + b" " + PGP, Signed(TAG + b" " + PGP), id="not at a line's beginning"),
        pytest.param(
            TAG.replace(b"\n\n", b"\n" + header(SSH, b"gpgsig-sha256") + b"\n", 1) + PGP,
            Signed(TAG, PGP),
            id="also by another hash",
        ),
    ],
)
def test_a_tag_is_signed_up_to_its_signature(raw: bytes, signed: Signed) -> None:
    assert split_tag(raw) == signed


@pytest.mark.parametrize(
    ("raw", "target"),
    [
        (TAG + PGP, Target("1", "commit", "v1")),
        (TAG.replace(b"v1\n", b"v1\ntag v2\n"), Target("1", "commit", "v1")),
        (TREE + b"\ntag v1\n", Target("", "", "")),
        (b"", Target("", "", "")),
    ],
)
def test_a_tag_says_what_it_is(raw: bytes, target: Target) -> None:
    """The message of a commit does not count."""
    assert target_of(raw) == target


def test_certificates_are_told_apart() -> None:
    assert Signed(b"", X509).x509
    assert not Signed(b"", PGP).x509
