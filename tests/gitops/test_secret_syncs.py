"""Secrets from git to the API server, and what is left of them on the way."""

import base64
import hashlib
from pathlib import Path

import pytest

from helmward.gitops.codec import Entries, read_record
from helmward.gitops.marks import CHECKSUM
from helmward.gitops.record import record_name
from helmward.gitops.report import SyncEvent, SyncReport
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.logs import redacted
from helmward.settings import PathSettings, RepositorySettings, Substitutes
from tests.gitops.conftest import a_role
from tests.gitops.test_sealed_files import FOLDER, PLANTED, sealed
from tests.support.git_repo import GitRepo

TOKEN = "a-token-of-the-cluster"
USING = """apiVersion: v1
kind: Secret
metadata: {name: using}
stringData: {token: "${token}"}
"""


async def synced(
    repo: GitRepo, work: Path, kube: Kube, namespace: str, path: PathSettings
) -> tuple[SyncReport, list[SyncEvent]]:
    """Sync once, with the keys of SOPS."""
    told: list[SyncEvent] = []
    settings = RepositorySettings(repo.url, paths=(path,), default_namespace=namespace, sops=True)
    keys = (FOLDER / "age.key",)
    role = a_role(kube, work, settings, observer=told.append, age_keys=keys)
    return await role.followed[0].sync.sync_now(), told


@pytest.fixture
async def token(kube: Kube, namespace: str) -> Substitutes:
    """A Secret of the cluster with a variable."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "facts", "namespace": namespace},
        "stringData": {"token": TOKEN},
    }
    await kube.create(SECRETS, secret, namespace)
    return Substitutes("Secret", "facts")


async def test_an_encrypted_secret_reaches_the_cluster_and_its_hash_does_not(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """Checksum and record are read by more people than the Secret."""
    text = sealed("secret.yaml")
    repo.commit({"login.yaml": text})

    report, _ = await synced(repo, tmp_path / "work", kube, namespace, PathSettings())

    assert (report.ok, report.applied) == (True, 2)
    login = await kube.get(SECRETS, "login", namespace)
    assert base64.b64decode(login["data"]["password"]).decode() == PLANTED
    git = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 (Flux's)
    assert login["metadata"]["annotations"][CHECKSUM] == git
    kept = await kube.get(CONFIG_MAPS, record_name("main"), namespace)
    digests = {item.digest for item in read_record(Entries.of(kept)).inventory.values()}
    assert len(digests - {""}) == 2


async def test_a_refused_secret_is_not_quoted(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str, token: Substitutes
) -> None:
    """The API server quotes what it refuses; whoever tells it on masks it."""
    bad = 'apiVersion: v1\nkind: Secret\nmetadata: {name: using}\nimmutable: "${token}"\n'
    repo.commit({"using.yaml": bad})
    path = PathSettings(substitute_from=(token,))

    report, _ = await synced(repo, tmp_path / "work", kube, namespace, path)

    (refusal,) = report.refused
    assert TOKEN not in redacted(str(refusal))


async def test_a_variable_of_a_secret_reaches_the_cluster_and_is_told_nowhere(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str, token: Substitutes
) -> None:
    repo.commit({"using.yaml": USING})
    path = PathSettings(substitute_from=(token,))

    report, told = await synced(repo, tmp_path / "work", kube, namespace, path)

    assert report.ok
    using = await kube.get(SECRETS, "using", namespace)
    assert base64.b64decode(using["data"]["token"]).decode() == TOKEN
    assert TOKEN not in f"{report}{told}"
    assert redacted(f"a {TOKEN} b") == "a *** b"


async def test_the_same_commit_is_written_once(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """Also by another daemon: what an object is known by outlives the process."""
    repo.commit({"login.yaml": sealed("secret.yaml")})
    await synced(repo, tmp_path / "one", kube, namespace, PathSettings())
    before = await kube.get(SECRETS, "login", namespace)

    report, _ = await synced(repo, tmp_path / "two", kube, namespace, PathSettings())

    after = await kube.get(SECRETS, "login", namespace)
    assert (report.ok, report.changed) == (True, 0)
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
