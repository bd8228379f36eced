"""The GitSync of a repository on a real API server: what is shown, what is heard, what it costs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from helmward.apis.gitsync import APPROVE, RESOURCE, crd
from helmward.errors import NotFound
from helmward.gitops.board import Board, record_name
from helmward.gitops.build import ObjectId
from helmward.gitops.definition import Definition
from helmward.gitops.herald import Herald
from helmward.gitops.report import (
    Brake,
    Kind,
    PathReport,
    Refusal,
    SyncEvent,
    SyncReport,
)
from helmward.gitops.snapshot import Commit
from helmward.kube import Kube, load_config
from helmward.kube.resources import CONFIG_MAPS, CRDS, EVENTS
from helmward.model import REQUESTED_AT, SUSPEND
from helmward.redaction import REDACTOR
from helmward.runtime import EventRecorder
from helmward.settings import PathSettings, RefSettings, RepositorySettings
from tests.gitops.conftest import a_repository, a_role
from tests.support.git_repo import GitRepo
from tests.support.kubectl import Kubectl
from tests.support.objects import config_map
from tests.support.plane import Plane
from tests.support.rights import a_rule, bind
from tests.support.tasks import running
from tests.support.tcp_proxy import proxied
from tests.support.wait import until

SHA = "5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SHOP = RepositorySettings(
    "https://git.example/shop.git", "shop", RefSettings("main"), (PathSettings("deploy"),)
)
FINE = SyncReport(
    SHA,
    "main",
    applied=42,
    created=2,
    changed=3,
    synced_at=NOW,
    details=Commit(SHA, "Ann <ann@git.example>", "Fix the cart", NOW),
    paths=(PathReport("deploy", SHA, 42),),
)


@asynccontextmanager
async def serving(kube: Kube, namespace: str, **options: Any) -> AsyncIterator[Board]:
    settings = options.pop("settings", SHOP)
    board = Board(kube, namespace, settings, Definition(kube, namespace), pause=0.05, **options)
    async with running(board.run()):
        yield board


async def read(kube: Kube, namespace: str) -> dict[str, Any]:
    """Return the GitSync, empty as long as there is none."""
    try:
        return await kube.get(RESOURCE, "shop", namespace)
    except NotFound:
        return {}


async def shown(kube: Kube, namespace: str, **fields: Any) -> dict[str, Any]:
    """Return the status once its fields are these."""

    async def status() -> Any:
        found = (await read(kube, namespace)).get("status", {})
        return found if fields.items() <= found.items() else None

    found: dict[str, Any] = await until(status)
    return found


def condition(status: dict[str, Any], kind: str) -> tuple[str, str, str]:
    one = next(one for one in status["conditions"] if one["type"] == kind)
    return one["status"], one["reason"], one.get("message", "")


async def said(kube: Kube, namespace: str, words: str) -> None:
    """Wait until the condition Suspended says so."""

    async def told() -> bool:
        found = (await read(kube, namespace))["status"]["conditions"]
        return any(one["type"] == "Suspended" and words in one["message"] for one in found)

    await until(told)


async def test_a_sync_is_seen_with_kubectl(plane: Plane, kube: Kube, namespace: str) -> None:
    """The kind installs itself; the columns say what one wants to know first."""
    async with serving(kube, namespace) as board:
        board.publish(FINE)
        status = await shown(kube, namespace, shortCommit="5e6f7a8")
        table = await Kubectl(plane.kubeconfig, namespace)("get", "gs")

    assert status["commit"]["subject"] == "Fix the cart"
    assert status["syncedAt"] == "2026-01-02T03:04:05Z"
    assert status["objects"]["created"] == 2
    assert status["observedGeneration"] == 1
    assert condition(status, "Ready")[:2] == ("True", "Synced")
    head, line = table.splitlines()
    assert head.split() == ["NAME", "URL", "REF", "COMMIT", "OBJECTS", "READY", "MESSAGE", "AGE"]
    assert line.split()[:6] == ["shop", SHOP.url, "main", "5e6f7a8", "42", "True"]


async def test_what_says_the_same_is_written_once(kube: Kube, namespace: str) -> None:
    """The loop publishes at each turn; etcd need not know."""
    async with serving(kube, namespace) as board:
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        before = (await read(kube, namespace))["metadata"]["resourceVersion"]
        for _ in range(3):
            board.publish(replace(FINE, at=datetime.now(UTC)))
            await until(lambda: not board._news.is_set())
        board.publish(replace(FINE, applied=43))
        await shown(kube, namespace, objects=_counts(43))

    assert kube.requests["patch", "gitsyncs/status"] == 2
    assert (await read(kube, namespace))["metadata"]["resourceVersion"] != before


async def test_a_new_process_goes_on_from_what_is_written(kube: Kube, namespace: str) -> None:
    """Times of conditions stay, and the same status costs nothing."""
    async with serving(kube, namespace) as board:
        board.publish(FINE)
        before = await shown(kube, namespace, shortCommit="5e6f7a8")
    writes = kube.requests["patch", "gitsyncs/status"]
    async with serving(kube, namespace) as board:
        board.publish(FINE)
        await until(lambda: board._uid and not board._news.is_set())

    assert kube.requests["patch", "gitsyncs/status"] == writes
    assert (await read(kube, namespace))["status"] == before


async def test_writes_have_a_pause_between_them(kube: Kube, namespace: str) -> None:
    """A storm of news is one write: the last state counts."""
    board = Board(kube, namespace, SHOP, Definition(kube, namespace), pause=0.5)
    async with running(board.run()):
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        for number in range(100):
            board.publish(replace(FINE, applied=number))
            await asyncio.sleep(0)
        status = await shown(kube, namespace, objects={**_counts(99)})

    assert status["objects"]["applied"] == 99
    assert kube.requests["patch", "gitsyncs/status"] == 2


def _counts(applied: int) -> dict[str, int]:
    rest = {"healed": 0, "refused": 0, "ignored": 0, "removed": 0}
    return {"applied": applied, "changed": 3, "created": 2, **rest}


async def test_what_people_ask_is_heard(plane: Plane, kube: Kube, namespace: str) -> None:
    """By annotations, at once, and taken back the same way."""
    kubectl = Kubectl(plane.kubeconfig, namespace)
    async with serving(kube, namespace) as board:
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        await kubectl("annotate", "gs", "shop", f"{REQUESTED_AT}=now", f"{APPROVE}=tok")
        await asyncio.wait_for(board.changed.wait(), 5)
        await until(lambda: board.wishes.requested == "now")
        assert board.wishes.approved == "tok"
        assert not board.wishes.suspended

        await kubectl("annotate", "gs", "shop", f"{SUSPEND}=true")
        await until(lambda: board.wishes.suspended)
        await said(kube, namespace, "an annotation says so")

        await kubectl("annotate", "gs", "shop", f"{SUSPEND}-")
        await until(lambda: not board.wishes.suspended)


async def test_a_slip_in_the_word_that_suspends_applies_nothing(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """Somebody wanted it to stop; what is wrong is told where they look."""
    async with serving(kube, namespace) as board:
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        await Kubectl(plane.kubeconfig, namespace)("annotate", "gs", "shop", f"{SUSPEND}=True")
        await until(lambda: board.wishes.suspended)
        await said(kube, namespace, '"True" is none of true, false')


async def test_a_board_that_is_deleted_comes_back(kube: Kube, namespace: str) -> None:
    """With the same status, and without the wishes that went with it."""
    async with serving(kube, namespace) as board:
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        await kube.patch(
            RESOURCE, "shop", namespace, {"metadata": {"annotations": {SUSPEND: "true"}}}
        )
        await until(lambda: board.wishes.suspended)
        await kube.delete(RESOURCE, "shop", namespace)
        status = await shown(kube, namespace, shortCommit="5e6f7a8")

        assert not board.wishes.suspended
        assert [one["type"] for one in status["conditions"]] == ["Ready", "Reconciling", "Stalled"]


async def test_it_is_there_before_anything_is_told(kube: Kube, namespace: str) -> None:
    """What was asked while nothing ran counts from the start."""
    suspended = {"metadata": {"name": "shop", "annotations": {SUSPEND: "true"}}, "spec": {}}
    kinds = {"apiVersion": RESOURCE.api_version, "kind": RESOURCE.kind}
    await Definition(kube, namespace).look()
    await kube.create(RESOURCE, kinds | suspended, namespace)
    async with serving(kube, namespace) as board:
        await asyncio.wait_for(board.heard.wait(), 5)
        assert board.wishes.suspended

        async def declared() -> bool:
            return bool((await read(kube, namespace))["spec"].get("url"))

        await until(declared)


async def test_its_spec_is_not_for_others_to_write(kube: Kube, namespace: str) -> None:
    """It is put right, and the status speaks of the newest: else nobody could wait for Ready."""
    async with serving(kube, namespace) as board:
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        await kube.patch(RESOURCE, "shop", namespace, {"spec": {"url": "https://evil.example"}})
        await shown(kube, namespace, observedGeneration=3)
        found = await read(kube, namespace)

    assert found["spec"]["url"] == SHOP.url
    assert found["metadata"]["generation"] == 3


async def test_a_real_sync_is_shown(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """From a commit to the status, its events and its figures."""
    registry, recorder = CollectorRegistry(), EventRecorder(kube)
    settings = replace(a_repository(repo.url, default_namespace=namespace), name="shop")
    role = a_role(kube, tmp_path / "work", settings, registry=registry, recorder=recorder)
    [followed] = role.followed
    async with running(recorder.run()), running(followed.board.run()):
        await asyncio.wait_for(followed.board.heard.wait(), 10)
        sha = repo.commit({"one.yaml": config_map("one"), "two.yaml": config_map("Not_A_Name")})
        await followed.sync.sync_now()
        status = await shown(kube, namespace, shortCommit=sha[:7])
        await until(lambda: recorder.idle)

    assert status["objects"]["applied"] == 1
    assert status["refused"][0]["place"] == "two.yaml:1"
    assert condition(status, "Ready")[:2] == ("False", "ObjectsRefused")
    events, _ = await kube.list(EVENTS, namespace)
    assert {one["reason"] for one in events} == {"CommitFound", "ObjectRefused", "Synced"}
    labels = {"repository": "shop", "state": "refused"}
    assert registry.get_sample_value("helmward_git_objects", labels) == 1


async def test_an_api_server_that_is_away_is_nobodys_trouble(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """Publishing never waits; the newest state is written when it is back."""
    config = load_config(plane.kubeconfig)
    async with (
        proxied(config) as (config, proxy),
        Kube(config) as remote,
        serving(remote, namespace) as board,
    ):
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        proxy.refuse()
        board.publish(replace(FINE, applied=1))
        await until(lambda: board._backoff.failures(""))
        board.publish(replace(FINE, applied=7))
        proxy.serve()
        await shown(kube, namespace, objects=_counts(7))


async def test_the_last_state_is_written_on_the_way_out(kube: Kube, namespace: str) -> None:
    """People look at it while nothing runs."""
    board = Board(kube, namespace, SHOP, Definition(kube, namespace), pause=60)
    async with running(board.run()):
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        board.publish(replace(FINE, applied=9))

    assert (await read(kube, namespace))["status"]["objects"]["applied"] == 9


async def test_nothing_secret_is_shown(kube: Kube, namespace: str) -> None:
    """Neither of the address, nor what messages quote, nor what is known to be secret."""
    settings = replace(SHOP, url="https://ann:hunter2@git.example/shop.git")
    bad = Refusal(ObjectId("", "Secret", "a", "b"), "a.yaml:3", "Invalid", "data: sesame-open")
    report = replace(FINE, refused=(bad,), error="fetch https://x:tok3n@git.example: no")
    REDACTOR.learn("test", ["sesame-open"])
    try:
        async with serving(kube, namespace, settings=settings) as board:
            board.publish(report)
            await shown(kube, namespace, shortCommit="5e6f7a8")
    finally:
        REDACTOR.forget("test")

    found = str(await read(kube, namespace))
    assert "https://git.example/shop.git" in found
    assert not [secret for secret in ("hunter2", "sesame", "tok3n") if secret in found]


async def test_a_removal_that_waits_is_shown_whole(kube: Kube, namespace: str) -> None:
    """With the token to approve it by, and no more names than one reads."""
    names = tuple(f"ConfigMap shop/{number}" for number in range(30))
    brake = Brake("tok-1", "30 of 40 objects would be removed.", names, 30)
    async with serving(kube, namespace) as board:
        board.publish(replace(FINE, braked=brake))
        status = await shown(kube, namespace, shortCommit="5e6f7a8")

    assert status["braked"]["token"] == "tok-1"
    assert (len(status["braked"]["objects"]), status["braked"]["count"]) == (20, 30)
    ready, reason, message = condition(status, "Ready")
    assert (ready, reason) == ("False", "PruneHeld")
    assert "tok-1" in message
    assert condition(status, "Stalled")[0] == "True"


async def test_without_the_kind_the_record_hears_the_wishes(
    own_plane: Plane, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who may not install it syncs all the same, and is told once how to get it."""
    async with Kube(load_config(own_plane.kubeconfig)) as kube:
        await bind(
            kube,
            "default",
            "git-only",
            a_rule([""], ["configmaps"], ["get", "list", "watch"]),
            a_rule(["helmward.dev"], ["gitsyncs"], ["*"]),
            a_rule(["helmward.dev"], ["gitsyncs/status"], ["*"]),
        )
        config = load_config(own_plane.kubeconfig)
        few = replace(config, impersonate=(("Impersonate-User", "git-only"),))
        metadata = {"name": record_name("shop"), "annotations": {SUSPEND: "true"}}
        await kube.create(CONFIG_MAPS, {"metadata": metadata}, "default")
        async with Kube(few) as poor, serving(poor, "default", look_again=0.3) as board:
            board.publish(FINE)
            await until(lambda: board.wishes.suspended)
            assert board.regarding.kind == "ConfigMap"
            assert board.regarding.name == "helmward-sync-shop"

            # Somebody with the rights installs it: from then on it is used.
            await kube.apply(crd(), resource=CRDS)
            await shown(kube, "default", shortCommit="5e6f7a8")
            assert board.regarding.kind == "GitSync"

    assert capsys.readouterr().out.count("helmward crds | kubectl apply") == 1


async def test_events_tell_a_commit_s_story(kube: Kube, namespace: str) -> None:
    """Under the GitSync, and under an object that was refused."""
    recorder = EventRecorder(kube)
    async with running(recorder.run()), serving(kube, namespace) as board:
        board.publish(FINE)
        await shown(kube, namespace, shortCommit="5e6f7a8")
        herald = Herald(recorder, lambda: board.regarding)
        herald(SyncEvent(Kind.COMMIT_FOUND, SHA, message="main", details=FINE.details))
        web = ObjectId("apps", "Deployment", namespace, "web")
        herald(SyncEvent(Kind.REFUSED, SHA, web, message="a.yaml:3: no replicas"))
        herald(SyncEvent(Kind.SYNCED, SHA, message="42 objects", news=False))
        await until(lambda: recorder.idle)

    found, _ = await kube.list(EVENTS, namespace)
    told = sorted((one["involvedObject"]["kind"], one["reason"], one["message"]) for one in found)
    refused = "commit 5e6f7a8: a.yaml:3: no replicas"
    commit = "found commit 5e6f7a8 of main by Ann <ann@git.example>: Fix the cart"
    assert told == [
        ("Deployment", "ObjectRefused", refused),
        ("GitSync", "CommitFound", commit),
        ("GitSync", "ObjectRefused", refused),
    ]
