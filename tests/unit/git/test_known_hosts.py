"""Host keys that come with Helmward are those that the git hosts publish."""

import base64
import hashlib

import pytest

from helmward.git.ssh import PUBLISHED

FINGERPRINTS = {
    ("bitbucket.org", "ssh-ed25519"): "ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
    ("bitbucket.org", "ecdsa-sha2-nistp256"): "FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
    ("bitbucket.org", "ssh-rsa"): "46OSHA1Rmj8E8ERTC6xkNcmGOw9oFxYr0WF6zWW8l1E",
    ("github.com", "ssh-ed25519"): "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
    ("github.com", "ecdsa-sha2-nistp256"): "p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
    ("github.com", "ssh-rsa"): "uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s",
    ("gitlab.com", "ssh-ed25519"): "eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
    ("gitlab.com", "ecdsa-sha2-nistp256"): "HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw",
    ("gitlab.com", "ssh-rsa"): "ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ",
    ("ssh.dev.azure.com", "ssh-rsa"): "ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og",
    ("vs-ssh.visualstudio.com", "ssh-rsa"): "ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og",
}
LINES = [line.split() for line in PUBLISHED.read_text().splitlines() if line[0] != "#"]


@pytest.mark.parametrize(("host", "kind", "key"), LINES, ids=lambda part: part[:24])
def test_each_key_has_the_published_fingerprint(host: str, kind: str, key: str) -> None:
    """A wrong one would let somebody else be the host."""
    digest = hashlib.sha256(base64.b64decode(key, validate=True)).digest()

    assert base64.b64encode(digest).decode().rstrip("=") == FINGERPRINTS[host, kind]


def test_no_key_is_left_out() -> None:
    assert sorted((host, kind) for host, kind, _ in LINES) == sorted(FINGERPRINTS)
