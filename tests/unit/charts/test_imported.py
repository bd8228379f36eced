"""Helm's repositories.yaml: what is taken over, and what is told of the rest."""

from pathlib import Path

import pytest

from helmward.charts.imported import read_imported
from helmward.model import ANYBODY, Access, Repository

PEM = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n"
FILE = """apiVersion: ""
generated: "2020-01-02T03:04:05Z"
repositories:
- name: open
  url: https://charts.example.com/
  caFile: ""
  username: ""
- name: closed
  url: https://Closed.example.com:443/team?x=1
  username: bob
  password: hunter22
  caFile: certs/ca.pem
  certFile: certs/tls.pem
  keyFile: certs/tls.key
  insecure_skip_tls_verify: true
  pass_credentials_all: true
- name: numbers
  url: https://numbers.example.com
  username: 7
  password: 12345678
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "ca.pem").write_text(PEM)
    (folder / "tls.pem").write_text(PEM)
    (folder / "tls.key").write_text(KEY)
    path = tmp_path / "repositories.yaml"
    path.write_text(FILE)
    return path


CLOSED = Access(
    username="bob",
    password="hunter22",
    ca=PEM.encode(),
    certificate=PEM.encode(),
    key=KEY.encode(),
    skip_tls_verify=True,
    pass_credentials=True,
)


def test_a_file_of_helms_is_read_with_the_files_beside_it(file: Path) -> None:
    found = read_imported([file])
    assert found.warnings == ()
    assert found.repositories == (
        Repository("open", "https://charts.example.com/", ANYBODY),
        Repository("closed", "https://Closed.example.com:443/team?x=1", CLOSED),
        Repository("numbers", "https://numbers.example.com", Access("7", "12345678")),
    )


@pytest.mark.parametrize(
    ("url", "access"),
    [
        ("https://closed.example.com/team", CLOSED),
        ("https://closed.example.com/team/", CLOSED),
        ("HTTPS://CLOSED.example.com/team?y=2", CLOSED),
        ("https://charts.example.com", ANYBODY),
        ("https://closed.example.com/team/below", None),
        ("https://closed.example.com/", None),
        ("http://closed.example.com/team", None),
        ("https://closed.example.com:8443/team", None),
        ("https://closed.example.com@evil.example.com/team", None),
        ("nonsense", None),
    ],
)
def test_credentials_are_those_of_the_very_repository(
    url: str, access: Access | None, file: Path
) -> None:
    assert read_imported([file]).access(url) == access


BAD: list[tuple[str, str]] = [
    ("repositories: [{name: a, url: 'https://a.example.com', username: bob}]", "no password"),
    ("repositories: [{name: a, url: 'https://a.example.com', caFile: none.pem}]", "caFile of"),
    ("repositories: [{name: a, url: 'https://a.example.com', caFile: x.yaml}]", "under caFile"),
    ("repositories: [{url: 'https://a.example.com'}]", "needs both a name and a url"),
    ("repositories: [{name: a}]", "needs both a name and a url"),
    ("repositories: [{name: a, url: 'charts'}]", "has no scheme"),
    ("repositories: [a]", "repositories[0] is no mapping"),
    ("repositories: {}", "has no list of repositories"),
    ("", "is empty"),
    ("repositories: [", "line "),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_what_is_wrong_is_told_and_left_out(text: str, words: str, tmp_path: Path) -> None:
    """The operator serves everything else."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    found = read_imported([path])
    assert found.repositories == ()
    (warning,) = found.warnings
    assert warning.startswith(f"--helm-repository-import: {path}")
    assert words in warning


def test_an_entry_that_is_wrong_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("repositories:\n- {name: a, url: 'https://a'}\n- {name: b}\n")
    found = read_imported([path])
    assert [one.name for one in found.repositories] == ["a"]
    assert f"{path}:3: " in found.warnings[0]


def test_a_missing_file_is_a_warning(tmp_path: Path) -> None:
    (warning,) = read_imported([tmp_path / "none.yaml"]).warnings
    assert "No such file" in warning


def test_of_two_with_one_name_the_first_counts(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("repositories: [{name: open, url: 'https://other.example.com'}]")
    found = read_imported([file, other])
    assert [one.name for one in found.repositories] == ["open", "closed", "numbers"]
    assert "repository open is known already" in found.warnings[0]


def test_warnings_quote_no_password(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "repositories:\n- {url: 'https://bob:hunter22@a.example.com'}\n"
        "- {name: b, url: 'https://b', password: hunter22}\n"
    )
    found = read_imported([path])
    assert len(found.warnings) == 2
    assert "hunter22" not in "".join(found.warnings)
