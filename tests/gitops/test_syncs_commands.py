"""`helmward syncs`, `approve` and `reconcile` against GitSyncs on a real API server."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
import yaml

from helmward.apis.gitsync import APPROVE, RESOURCE
from helmward.cli.syncs import Where, approve, reconcile, show_syncs
from helmward.errors import AccessDenied, ConfigInvalid, NotFound
from helmward.gitops.board import Board
from helmward.gitops.definition import Definition
from helmward.gitops.report import Brake, SyncReport
from helmward.gitops.snapshot import Commit
from helmward.kube import Kube
from helmward.kube.resources import NAMESPACES
from helmward.settings import RepositorySettings
from tests.support.plane import Plane
from tests.support.rights import a_rule, bind, kubeconfig_as
from tests.support.tasks import running
from tests.support.wait import until

SHA = "5e6f7a8b9c0d1e2f"
FINE = SyncReport(
    SHA,
    "main",
    applied=42,
    synced_at=datetime(2026, 1, 2, tzinfo=UTC),
    details=Commit(SHA, "Ann", "Fix \x1b[31mthe cart"),
)
BRAKE = Brake("tok-1", "30 of 40 would go.", tuple(f"ConfigMap a/{one}" for one in range(30)), 30)


@pytest.fixture
async def board(kube: Kube, namespace: str) -> AsyncIterator[Board]:
    """The GitSync `shop`, as an operator in the test's namespace keeps it."""
    settings = RepositorySettings("https://git.example/shop.git", "shop")
    shown = Board(kube, namespace, settings, Definition(kube, namespace), pause=0.02)
    async with running(shown.run()):
        shown.publish(FINE)
        await until(lambda: shown._written)
        yield shown


@pytest.fixture
def where(plane: Plane, namespace: str) -> Where:
    return Where(namespace, Path(plane.kubeconfig))


async def shows(board: Board, report: SyncReport) -> None:
    """Publish, and wait until it is written."""
    before = board._written
    board.publish(report)
    await until(lambda: board._written is not before)


async def annotations(kube: Kube, namespace: str) -> dict[str, str]:
    found = await kube.get(RESOURCE, "shop", namespace)
    words: dict[str, str] = found["metadata"].get("annotations", {})
    return words


@pytest.mark.usefixtures("board")
async def test_the_list_is_the_server_s_own_table(
    where: Where, capsys: pytest.CaptureFixture[str]
) -> None:
    """As kubectl has it; what a commit's author wrote cannot steer the terminal."""
    assert await show_syncs(where, "table") == 0

    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "URL", "REF", "COMMIT", "OBJECTS", "READY", "MESSAGE", "AGE"]
    assert line.split()[:3] == ["shop", "https://git.example/shop.git", "<none>"]
    assert line.index("5e6f7a8") == head.index("COMMIT")
    assert "Fix ?[31mthe cart" in line


@pytest.mark.usefixtures("board")
async def test_other_forms(
    where: Where, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {}
    for form in ("wide", "json", "yaml", "name"):
        assert await show_syncs(where, form) == 0
        outputs[form] = capsys.readouterr().out

    assert "REFUSED" in outputs["wide"]
    for document in (json.loads(outputs["json"]), yaml.safe_load(outputs["yaml"])):
        (item,) = document["items"]
        assert item["status"]["commit"]["sha"] == SHA
        assert "managedFields" not in item["metadata"]
    assert outputs["name"] == "gitsync.helmward.dev/shop\n"

    assert await show_syncs(replace(where, namespace=None), "table") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("NAMESPACE")
    assert [line for line in lines if line.startswith(f"{namespace} ")]


async def test_an_empty_list_says_so(
    where: Where, board: Board, kube: Kube, capsys: pytest.CaptureFixture[str]
) -> None:
    del board  # it installs the kind
    await kube.create(NAMESPACES, {"metadata": {"name": f"{where.namespace}-empty"}})

    assert await show_syncs(replace(where, namespace=f"{where.namespace}-empty"), "table") == 0
    assert capsys.readouterr() == ("", "no repository is followed\n")


async def test_an_approval_names_what_was_shown(
    board: Board,
    where: Where,
    kube: Kube,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asked first; no is the answer of who does not say yes."""
    await shows(board, replace(FINE, braked=BRAKE))
    monkeypatch.setattr(click, "confirm", lambda *_, **__: False)
    assert await approve(where, "shop", yes=False) == 1
    assert APPROVE not in await annotations(kube, str(where.namespace))
    shown = capsys.readouterr().out
    assert "30 of 40 would go." in shown
    assert "  ConfigMap a/19\n  and 10 more\n" in shown

    assert await approve(where, "shop", yes=True) == 0
    assert (await annotations(kube, str(where.namespace)))[APPROVE] == "tok-1"
    await until(lambda: board.wishes.approved == "tok-1")


@pytest.mark.usefixtures("board")
async def test_nothing_to_approve_is_no_failure(
    where: Where, kube: Kube, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await approve(where, "shop", yes=True) == 0

    assert "no removal waits" in capsys.readouterr().err
    assert APPROVE not in await annotations(kube, namespace)


async def test_a_sync_can_be_waited_for(
    board: Board, where: Where, capsys: pytest.CaptureFixture[str]
) -> None:
    """What came of it is the exit code: a pipeline goes on or stops by it."""
    failed = replace(FINE, error="a.yaml:3: no YAML", reason="SourceRejected")
    for report, code, words in ((FINE, 0, "is in force"), (failed, 1, "a.yaml:3: no YAML")):
        board.changed.clear()
        waiting = asyncio.create_task(reconcile(where, "shop", timedelta(seconds=10)))
        await board.changed.wait()
        board.publish(replace(report, handled=board.wishes.requested))

        assert await waiting == code
        assert words in capsys.readouterr().out


async def test_patience_has_an_end(
    board: Board, where: Where, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody may be there to hear; asked for it is all the same."""
    assert await reconcile(where, "shop", timedelta(seconds=0.3)) == 1
    assert "not done within 300ms (--timeout)" in capsys.readouterr().err

    assert await reconcile(where, "shop", None) == 0
    await until(lambda: board.wishes.requested)


async def test_names_that_do_not_fit_are_told(
    board: Board, where: Where, kube: Kube, namespace: str
) -> None:
    """None of the name, or one in each of two namespaces."""
    del board
    with pytest.raises(NotFound, match="there is no GitSync main; there are: shop"):
        await approve(where, "main", yes=True)

    other = f"{namespace}-other"
    await kube.create(NAMESPACES, {"metadata": {"name": other}})
    twin = {"metadata": {"name": "shop"}, "spec": {}}
    kinds = {"apiVersion": RESOURCE.api_version, "kind": RESOURCE.kind}
    await kube.create(RESOURCE, kinds | twin, other)
    with pytest.raises(ConfigInvalid, match="in several namespaces: say -n"):
        await reconcile(replace(where, namespace=None), "shop", None)


@pytest.mark.usefixtures("board")
async def test_rights_in_one_namespace_are_enough(
    where: Where, plane: Plane, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """Without rights to all of them, the error says what to add."""
    await bind(kube, namespace, "ann", a_rule(["helmward.dev"], ["gitsyncs"], ["get", "list"]))
    as_ann = Path(kubeconfig_as("ann", plane.kubeconfig, tmp_path))

    assert await show_syncs(replace(where, kubeconfig=as_ann), "table") == 0
    with pytest.raises(AccessDenied, match="namespace with -n"):
        await show_syncs(Where(None, as_ann), "table")


async def test_a_cluster_without_the_kind_is_told_how_to_get_it(own_plane: Plane) -> None:
    where = Where(kubeconfig=Path(own_plane.kubeconfig))
    for work in (
        show_syncs(where, "table"),
        show_syncs(where, "json"),
        approve(where, "x", yes=True),
    ):
        with pytest.raises(NotFound, match="helmward crds"):
            await work


@pytest.mark.usefixtures("board")
async def test_the_program_itself(plane: Plane, namespace: str) -> None:
    """Flags, exit code and words of the command as users start it."""
    program = [sys.executable, "-m", "helmward"]
    flags = [f"--kubeconfig={plane.kubeconfig}", "-n", namespace]
    for words, code in ((["syncs"], 0), (["reconcile", "shop"], 0), (["approve", "nope"], 3)):
        done = await asyncio.to_thread(
            subprocess.run,
            [*program, *words, *flags],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=os.environ | {"COLUMNS": "200"},
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
