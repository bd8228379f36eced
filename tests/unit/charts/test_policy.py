"""What the operator's own file says of repositories, and what is wrong with one."""

from pathlib import Path

import pytest

from helmward.charts.policy import FREE, read_policies
from helmward.errors import ConfigInvalid
from helmward.model import Verification

COSIGN = b"-----BEGIN PUBLIC KEY-----\nTUlJ\n-----END PUBLIC KEY-----\n"
PGP = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nTUlJ\n-----END PGP PUBLIC KEY BLOCK-----\n"
FILE = """repositories:
- url: https://charts.example.com/
  verify:
    provider: provenance
    keys: [keys/ring.asc]
- url: https://charts.example.com/team
  annotations: false
- url: https://charts.example.com/team/secret/
  allow: false
- url: oci://registry.example.com/charts
  plainHTTP: true
  insecureSkipTLSVerify: true
  passCredentials: true
  verify: {provider: cosign, keys: [keys/cosign.pub, keys/cosign.pub]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ring.asc").write_bytes(PGP)
    (tmp_path / "keys" / "cosign.pub").write_bytes(COSIGN)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "policies.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("url", "decides"),
    [
        ("https://charts.example.com", "https://charts.example.com/"),
        ("https://CHARTS.example.com:443/a?x", "https://charts.example.com/"),
        ("http://charts.example.com/a", "https://charts.example.com/"),
        ("https://charts.example.com/teams", "https://charts.example.com/"),
        ("https://charts.example.com/team/a.tgz", "https://charts.example.com/team"),
        ("https://charts.example.com/team/secrets", "https://charts.example.com/team"),
        ("https://charts.example.com/team/secret", "https://charts.example.com/team/secret/"),
        (
            "https://charts.example.com/x/../team/secret/a",
            "https://charts.example.com/team/secret/",
        ),
        ("oci://registry.example.com/charts/app", "oci://registry.example.com/charts"),
        ("https://charts.example.com:8443/", ""),
        ("https://other.example.com/", ""),
        ("data:application/gzip;base64,AAAA", ""),
    ],
)
def test_the_longest_prefix_decides(url: str, decides: str, folder: Path) -> None:
    """One without TLS is held by the same policies: asking so must not be a way around."""
    assert read_policies(written(folder, FILE)).of(url).url == decides


def test_what_a_policy_says(folder: Path) -> None:
    policies = read_policies(written(folder, FILE))
    signed = policies.of("https://charts.example.com/")
    assert signed.verification == Verification("provenance", (PGP,))
    team = policies.of("https://charts.example.com/team")
    assert (team.annotations, team.verification, team.allow) == (False, None, True)
    assert not policies.of("https://charts.example.com/team/secret").allow
    oci = policies.of("oci://registry.example.com/charts")
    assert oci.verification == Verification("cosign", (COSIGN, COSIGN))
    assert (oci.plain_http, oci.skip_tls_verify, oci.pass_credentials) == (True, True, True)
    assert policies.of("https://other.example.com/") == FREE


def test_what_cannot_be_read_is_what_nobody_may_ask(folder: Path) -> None:
    """Or a spelling that only the other side understands would be a way around."""
    assert not read_policies(written(folder, FILE)).of("https://charts.example.com\\@x").allow


ENTRY = "repositories:\n- url: https://a.example.com\n"
BAD: list[tuple[str, str]] = [
    ("", ": must hold one YAML document"),
    ("[]", ":1: must be a mapping with the key repositories alone"),
    ("repository: []", ":1: must be a mapping with the key repositories alone"),
    ("repositories: {}", ":1: repositories: must be a list"),
    ("repositories: [a]", ":1: repositories[0]: must be a mapping with url"),
    ("repositories:\n- allow: false\n", ":2: repositories[0].url: must be the address"),
    ("repositories:\n- url: charts\n", ":2: repositories[0].url: has no scheme"),
    (ENTRY + "  verfiy: {}\n", ":2: repositories[0].verfiy: is unknown: take one of url"),
    (ENTRY + "  allow: 'no'\n", ":2: repositories[0].allow: must be true or false"),
    (ENTRY + "  url: https://b\n", ":3: the key 'url' is already on line 2"),
    (ENTRY + "- url: https://A.example.com/\n", ":3: repositories[1].url: is there already"),
    (ENTRY + "  verify: cosign\n", "].verify: must be a mapping with provider and keys"),
    (ENTRY + "  verify: {provider: gpg, keys: [a]}\n", "].verify.provider: must be one of prov"),
    (ENTRY + "  verify: {provider: cosign, keys: []}\n", "].verify.keys: must be a list of names"),
    (ENTRY + "  verify: {provider: cosign, keys: [none]}\n", "].verify.keys[0]: none: No such"),
    (
        ENTRY + "  verify: {provider: cosign, keys: [keys/ring.asc]}\n",
        "].verify.keys[0]: keys/ring.asc: is no public key of cosign in PEM",
    ),
    (
        ENTRY + "  verify: {provider: provenance, keys: [keys/cosign.pub]}\n",
        "].verify.keys[0]: keys/cosign.pub: is no OpenPGP public keyring",
    ),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_what_is_wrong_names_file_line_and_field(text: str, words: str, folder: Path) -> None:
    path = written(folder, text)
    with pytest.raises(ConfigInvalid) as caught:
        read_policies(path)
    assert str(caught.value).startswith(f"--chart-policies: {path}")
    assert words in str(caught.value)


def test_a_missing_file_ends_the_start(tmp_path: Path) -> None:
    """Without its policies an operator would install what it must not."""
    with pytest.raises(ConfigInvalid, match=r"--chart-policies: .*none.yaml: No such file"):
        read_policies(tmp_path / "none.yaml")
