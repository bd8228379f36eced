"""Where the place in history is noted down: a tag that is pushed, an annotation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from helmward.errors import AccessDenied, ConfigInvalid, SourceUnavailable
from helmward.git.login import GitLogin
from helmward.gitops.marker import (
    ANNOTATION,
    Marker,
    NoMarker,
    SecretMarker,
    Signer,
    TagMarker,
    make_marker,
)
from helmward.kube import ClusterConfig, Kube, load_config
from helmward.kube.resources import SECRETS
from helmward.settings import StateSettings
from tests.gitops.signing import a_mirror
from tests.support.engines import fetching
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git, ssh_git
from tests.support.plane import Plane
from tests.support.rights import a_rule, bind, kubeconfig_as
from tests.support.wait import until

SIGNED = Path(__file__).parent.parent / "support" / "signed"
BOB = GitLogin(username=USER, password=PASSWORD)
SECRET = "flux-git-deploy"


class NoSigner:
    """Signs nothing: no key is named."""

    async def sign(self, payload: bytes, private_key: bytes, key_id: str = "") -> bytes:
        raise NotImplementedError


def a_marker(
    state: StateSettings, url: str, work: Path, login: GitLogin = BOB, signer: Signer | None = None
) -> Marker:
    """Build the marker that the settings ask for; there is no cluster to write to."""
    return make_marker(
        state,
        a_mirror(url, work, login),
        work / "tags",
        kube=Kube(ClusterConfig("http://127.0.0.1:1")),
        namespace="flux",
        secret=SECRET,
        signer=signer or NoSigner(),
    )


def a_tag(url: str, work: Path, login: GitLogin = BOB, **state: Any) -> Marker:
    """Build a marker that is a tag of the repository."""
    return a_marker(StateSettings("git", **state), url, work, login)


@asynccontextmanager
async def a_server(repo: GitRepo) -> AsyncIterator[str]:
    """Serve the repository over HTTP to Bob alone."""
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        yield f"{server.url}/{repo.folder.name}"


async def test_the_tag_is_that_of_flux(repo: GitRepo, tmp_path: Path) -> None:
    """Annotated, by name and address of the settings, with the old message."""
    first, second = repo.commit({"a.yaml": "1"}), repo.commit({"a.yaml": "2"})
    async with a_server(repo) as url:
        marker = a_tag(url, tmp_path / "a")
        assert await marker.read() == ""
        await marker.move(first)
        await marker.move(second)

        assert await a_tag(url, tmp_path / "b").read() == second
    lines = repo.raw("flux-sync", "tag").decode().splitlines()
    assert lines[:3] == [f"object {second}", "type commit", "tag flux-sync"]
    assert lines[3].startswith("tagger Weave Flux <support@weave.works> ")
    assert lines[4:] == ["", "Sync pointer"]


async def test_name_and_tagger_are_chosen(repo: GitRepo, tmp_path: Path) -> None:
    head = repo.commit({"a.yaml": "1"})
    marker = a_tag(repo.url, tmp_path / "a", tag="prod", user="Ops", email="ops@example.com")
    await marker.move(head)

    assert b"\ntag prod\ntagger Ops <ops@example.com> " in repo.raw("prod", "tag")


async def test_the_same_commit_again_costs_nothing(repo: GitRepo, tmp_path: Path) -> None:
    head = repo.commit({"a.yaml": "1"})
    async with http_git(repo.folder.parent) as server:
        marker = a_tag(f"{server.url}/shop.git", tmp_path / "a")
        await marker.move(head)
        asked, tag = server.requests, repo.git("rev-parse", "flux-sync")
        await marker.move(head)
        assert server.requests == asked
        restarted = a_tag(f"{server.url}/shop.git", tmp_path / "b")
        await restarted.read()
        await restarted.move(head)
    assert repo.git("rev-parse", "flux-sync") == tag


async def test_the_tag_goes_over_ssh(repo: GitRepo, tmp_path: Path) -> None:
    head = repo.commit({"a.yaml": "1"})
    async with ssh_git(repo.folder.parent, tmp_path / "private", writable=True) as server:
        login = GitLogin(
            identity=server.key.read_bytes(), known_hosts=server.known_hosts.read_bytes()
        )
        marker = a_tag(f"{server.url}/shop.git", tmp_path / "a", login)
        await marker.check()
        await marker.move(head)
    assert repo.git("tag") == "flux-sync"


async def test_the_tag_is_signed(repo: GitRepo, tmp_path: Path) -> None:
    """By the key of that name among all that were imported; git itself would verify it."""
    head = repo.commit({"a.yaml": "1"})
    keys = tmp_path / "keys"
    keys.mkdir()
    for name in ("ron.asc", "ada.secret.asc"):
        (keys / name).write_bytes((SIGNED / name).read_bytes())
    state = StateSettings("git", signing_key="ada@example.com", private_keys=(keys,))
    async with fetching() as running:
        marker = a_marker(state, repo.url, tmp_path / "a", signer=running.engine)
        await marker.move(head)
        payload, mark, rest = repo.raw("flux-sync", "tag").partition(b"-----BEGIN PGP SIGN")
        by = await running.engine.verify_signature(
            payload, mark + rest, pgp_keys=[(SIGNED / "ada.asc").read_bytes()], ssh_keys=()
        )
    assert by.startswith("Ada <ada@example.com> ")
    assert payload.endswith(b"\n\nSync pointer\n")


async def test_a_signing_key_that_is_not_there_is_named(repo: GitRepo, tmp_path: Path) -> None:
    head = repo.commit({"a.yaml": "1"})
    marker = a_tag(repo.url, tmp_path / "a", signing_key="ada@example.com")
    with pytest.raises(ConfigInvalid, match=r"--git-signing-key ada@.*: no key of"):
        await marker.move(head)
    assert repo.git("tag") == ""


async def test_a_foreign_move_is_warned_of_once(repo: GitRepo, tmp_path: Path) -> None:
    """Two daemons on one tag: both go on, the last one wins, each is told once."""
    shas = [repo.commit({"a.yaml": text}) for text in "12345"]
    async with a_server(repo) as url:
        ours, others = a_tag(url, tmp_path / "a"), a_tag(url, tmp_path / "b")
        with capture_logs() as logs:
            await ours.move(shas[0])
            await others.move(shas[1])
            await ours.move(shas[2])
            await others.move(shas[3])
            await ours.move(shas[4])
            assert await others.read() == shas[4]
    warned = [line for line in logs if line["log_level"] == "warning"]
    assert [(line["expected"], line["found"]) for line in warned] == [
        (shas[0], shas[1]),
        (shas[1], shas[2]),
    ]
    assert "--git-sync-tag" in warned[0]["event"]


async def test_the_write_check_leaves_nothing(repo: GitRepo, tmp_path: Path) -> None:
    """It pushes a tag and takes it away, as Flux did."""
    log = tmp_path / "pushed"
    hook = repo.folder / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\necho "$1" >> {log}\n')
    hook.chmod(0o755)
    repo.commit({"a.yaml": "1"})
    async with a_server(repo) as url:
        await a_tag(url, tmp_path / "a").check()
    pushed = log.read_text().splitlines()
    assert len(pushed) == 2
    assert len(set(pushed)) == 1
    assert pushed[0].startswith("refs/tags/flux-write-check-")
    assert len(pushed[0]) == len("refs/tags/flux-write-check-") + 10
    assert repo.git("tag") == ""


async def test_an_empty_repository_passes_the_write_check(repo: GitRepo, tmp_path: Path) -> None:
    await a_tag(repo.url, tmp_path / "a").check()


@pytest.mark.parametrize("what", ["check", "move"])
async def test_who_may_not_write_is_told_what_to_do(
    repo: GitRepo, tmp_path: Path, what: str
) -> None:
    head = repo.commit({"a.yaml": "1"})
    repo.read_only()
    async with a_server(repo) as url:
        marker = a_tag(url, tmp_path / "a")
        with pytest.raises(SourceUnavailable, match="--git-readonly") as refused:
            await (marker.check() if what == "check" else marker.move(head))
    assert "the tag flux-sync cannot be pushed: give the deploy key or login" in str(refused.value)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "readonly", "kind"),
    [
        ("cluster", False, NoMarker),
        ("cluster", True, NoMarker),
        ("secret", False, SecretMarker),
        ("git", False, TagMarker),
        ("git", True, SecretMarker),
    ],
)
def test_read_only_never_pushes(
    repo: GitRepo, tmp_path: Path, mode: str, readonly: bool, kind: type
) -> None:
    """As Flux v1 has it, the Secret takes the tag's place."""
    marker = a_marker(StateSettings(mode, readonly=readonly), repo.url, tmp_path)
    assert type(marker) is kind


def test_a_tag_that_git_would_not_take_is_refused(tmp_path: Path, repo: GitRepo) -> None:
    with pytest.raises(ConfigInvalid, match=r"--git-sync-tag 'a\.\.b' is no name of a tag"):
        a_tag(repo.url, tmp_path, tag="a..b")


async def test_the_record_of_our_own_needs_no_marker() -> None:
    marker = NoMarker()
    await marker.check()
    await marker.move("abc")
    assert await marker.read() == ""


async def test_the_annotation_is_that_of_flux(kube: Kube, namespace: str) -> None:
    """Nothing else of the Secret is touched; a restart reads it."""
    secret = {"metadata": {"name": SECRET}, "data": {"identity": "a2V5"}}
    await kube.create(SECRETS, secret, namespace)
    marker = SecretMarker(kube, namespace, SECRET)
    assert await marker.read() == ""
    await marker.check()
    await marker.move("abc")

    found = await kube.get(SECRETS, SECRET, namespace)
    assert found["metadata"]["annotations"] == {ANNOTATION: "abc"}
    assert found["data"] == {"identity": "a2V5"}
    assert await SecretMarker(kube, namespace, SECRET).read() == "abc"


async def test_the_same_annotation_again_is_not_written(kube: Kube, namespace: str) -> None:
    marker = SecretMarker(kube, namespace, SECRET)
    await marker.move("abc")
    before = kube.requests.copy()
    await marker.move("abc")
    assert kube.requests == before
    restarted = SecretMarker(kube, namespace, SECRET)
    await restarted.read()
    await restarted.move("abc")
    assert kube.requests["patch", "secrets"] == before["patch", "secrets"]


async def test_a_secret_that_is_not_there_is_made(kube: Kube, namespace: str) -> None:
    marker = SecretMarker(kube, namespace, SECRET)
    await marker.check()
    assert await marker.read() == ""
    await marker.move("abc")
    assert await marker.read() == "abc"


async def test_who_may_not_annotate_is_told(
    kube: Kube, namespace: str, plane: Plane, tmp_path: Path
) -> None:
    await kube.create(SECRETS, {"metadata": {"name": SECRET}}, namespace)
    await bind(kube, namespace, namespace, a_rule([""], ["secrets"], ["get"]))
    async with Kube(load_config(kubeconfig_as(namespace, plane.kubeconfig, tmp_path))) as poor:
        marker = SecretMarker(poor, namespace, SECRET)
        await until(lambda: _may_read(marker))
        with pytest.raises(AccessDenied, match="patch secrets"):
            await marker.check()


async def _may_read(marker: Marker) -> bool:
    """Tell whether the rights are there yet."""
    with suppress(AccessDenied):
        await marker.read()
        return True
    return False
