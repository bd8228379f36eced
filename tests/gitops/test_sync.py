"""A commit becomes the cluster's content: against a real API server and real git."""

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from helmward.errors import NotFound
from helmward.gitops.loop import GitSync
from helmward.gitops.report import Kind
from helmward.kube import Kube, load_config
from helmward.kube.resources import CONFIG_MAPS, CRDS, NAMESPACES, Resource
from helmward.settings import RepositorySettings
from helmward.yamls import documents
from tests.gitops.conftest import Running, Watched, a_role, a_sync
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git
from tests.support.objects import config_map, crd
from tests.support.plane import Plane
from tests.support.wait import until

_HOUR = timedelta(hours=1)
_SHORT = timedelta(seconds=0.2)


async def value_of(kube: Kube, name: str, namespace: str) -> str | None:
    """Return what the ConfigMap holds, None if it is not there."""
    try:
        found = await kube.get(CONFIG_MAPS, name, namespace)
    except NotFound:
        return None
    return str(found["data"]["a"])


async def edit(kube: Kube, name: str, namespace: str, value: str) -> None:
    """Change the ConfigMap as a human does, later than the second of the last apply."""
    started = asyncio.get_running_loop().time()
    await until(lambda: asyncio.get_running_loop().time() > started + 1.1)
    await kube.patch(CONFIG_MAPS, name, namespace, {"data": {"a": value}})


async def test_a_commit_is_applied(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """Files in folders, several documents a file, and a namespace where none is named."""
    sha = repo.commit({"a/b/two.yml": f"{config_map('one')}---\n{config_map('two', '2')}"})

    report = await syncing.sync.sync_now()

    assert (report.commit, report.branch, report.applied, report.ok) == (sha, "main", 2, True)
    assert await value_of(kube, "one", namespace) == "1"
    assert await value_of(kube, "two", namespace) == "2"
    kinds = [event.kind for event in syncing.events]
    assert kinds == [Kind.COMMIT_FOUND, Kind.APPLIED, Kind.APPLIED, Kind.SYNCED]


async def test_our_fields_have_an_owner_of_their_own(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """So that a key dropped from git is dropped from the object, and others' keys stay."""
    repo.commit({"one.yaml": config_map("one") + "  b: '2'\n"})
    await syncing.sync.sync_now()
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"theirs": "3"}})
    repo.commit({"one.yaml": config_map("one")})

    await syncing.sync.sync_now()

    found = await kube.get(CONFIG_MAPS, "one", namespace)
    assert found["data"] == {"a": "1", "theirs": "3"}
    managers = {entry["manager"] for entry in found["metadata"]["managedFields"]}
    assert "helmward-sync" in managers


async def test_a_deleted_file_leaves_its_object(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """Nothing is pruned yet."""
    repo.commit({"one.yaml": config_map("one"), "two.yaml": config_map("two")})
    await syncing.sync.sync_now()
    repo.commit({"two.yaml": None})

    report = await syncing.sync.sync_now()

    assert report.applied == 1
    assert await value_of(kube, "two", namespace) == "1"


async def test_a_hand_made_change_is_healed_and_told(
    repo: GitRepo, run_sync: Running, kube: Kube, namespace: str
) -> None:
    """The next re-apply puts it right, without a new commit."""
    repo.commit({"one.yaml": config_map("one")})
    async with run_sync(repo.url) as watched:
        await watched.reported(lambda report: report.ok)
        await edit(kube, "one", namespace, "mine")
        await until(lambda: [event for event in watched.events if event.healed])

    assert await value_of(kube, "one", namespace) == "1"


async def test_an_object_deleted_by_hand_comes_back(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """Deletion is a change by hand as well."""
    repo.commit({"one.yaml": config_map("one")})
    await syncing.sync.sync_now()
    await kube.delete(CONFIG_MAPS, "one", namespace)

    report = await syncing.sync.sync_now()

    assert [str(found) for found in report.healed] == [f"ConfigMap {namespace}/one"]
    assert await value_of(kube, "one", namespace) == "1"


async def test_an_unchanged_object_is_not_written(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """A re-apply that changes nothing leaves even the resourceVersion."""
    repo.commit({"one.yaml": config_map("one")})
    await syncing.sync.sync_now()
    before = await kube.get(CONFIG_MAPS, "one", namespace)

    report = await syncing.sync.sync_now()

    assert (report.applied, report.changed, report.healed) == (1, 0, ())
    assert await kube.get(CONFIG_MAPS, "one", namespace) == before


async def test_what_others_write_is_no_hand_made_change(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """Controllers move the resourceVersion all the time; that is no drift."""
    repo.commit({"one.yaml": config_map("one")})
    await syncing.sync.sync_now()
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"theirs": "3"}})

    assert (await syncing.sync.sync_now()).changed == 0


async def test_an_object_with_nothing_but_a_name_is_never_healed(
    repo: GitRepo, syncing: Watched, kube: Kube
) -> None:
    """Its controllers finish it after the first apply; none of its fields is ours."""
    where = f"ns-{secrets.token_hex(4)}"
    repo.commit({"one.yaml": f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {where}\n"})
    await syncing.sync.sync_now()
    label = {"metadata": {"labels": {"theirs": "yes"}}}
    await kube.patch(NAMESPACES, where, None, label)

    report = await syncing.sync.sync_now()

    assert (report.changed, report.healed) == (0, ())
    await kube.delete(NAMESPACES, where)


async def test_namespaces_and_crds_come_before_what_needs_them(
    repo: GitRepo, syncing: Watched, kube: Kube
) -> None:
    """In one sync, although the files are named the other way round."""
    group = f"{secrets.token_hex(4)}.example.test"
    where = f"ns-{secrets.token_hex(4)}"
    namespace = f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {where}\n"
    car = f"apiVersion: {group}/v1\nkind: Car\nmetadata:\n  name: c\n  namespace: {where}\n"
    repo.commit(
        {
            "a.yaml": car,
            "b.yaml": config_map("one", namespace=where),
            "y.yaml": crd("cars", "Car", group),
            "z.yaml": namespace,
        }
    )

    report = await syncing.sync.sync_now()

    assert [str(refusal) for refusal in report.refused] == []
    assert await kube.get(Resource(group, "v1", "cars", "Car"), "c", where)
    await kube.delete(NAMESPACES, where)
    await kube.delete(CRDS, f"cars.{group}")


async def test_a_refused_object_does_not_stop_the_rest(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """It is reported with its place and the API server's words."""
    bad = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Not_A_Name\n"
    repo.commit({"a.yaml": f"{config_map('one')}---\n{bad}", "z.yaml": config_map("two")})

    report = await syncing.sync.sync_now()

    assert (report.applied, report.ok, len(report.refused)) == (2, False, 1)
    refusal = report.refused[0]
    assert (refusal.place, refusal.reason) == ("a.yaml:8", "Invalid")
    assert "RFC 1123" in refusal.message
    assert await value_of(kube, "two", namespace) == "1"


async def test_a_refused_object_is_tried_again(
    repo: GitRepo, run_sync: Running, kube: Kube
) -> None:
    """Here its namespace comes later, by hand; nothing new is committed."""
    where = f"late-{secrets.token_hex(4)}"
    repo.commit({"one.yaml": config_map("one", namespace=where), "two.yaml": config_map("two")})
    async with run_sync(repo.url) as watched:
        await watched.reported(lambda report: report.refused)
        await kube.create(NAMESPACES, {"metadata": {"name": where}})
        await watched.reported(lambda report: report.ok)

    assert await value_of(kube, "one", where) == "1"
    assert len(watched.named(Kind.REFUSED)) == 1
    await kube.delete(NAMESPACES, where)


async def test_an_unknown_kind_is_reported_until_it_appears(
    repo: GitRepo, run_sync: Running, kube: Kube, namespace: str
) -> None:
    """Its CRD may come with a chart that the same commit releases."""
    group = f"{secrets.token_hex(4)}.example.test"
    car = f"apiVersion: {group}/v1\nkind: Car\nmetadata:\n  name: c\n"
    repo.commit({"car.yaml": car, "one.yaml": config_map("one")})
    async with run_sync(repo.url) as watched:
        await watched.reported(lambda report: report.refused)
        [refusal] = watched.sync.report.refused
        assert refusal.place == "car.yaml:1"
        assert f"no kind Car in {group}/v1" in refusal.message
        await kube.apply(_document(crd("cars", "Car", group)))
        await watched.reported(lambda report: report.ok)

    assert await kube.get(Resource(group, "v1", "cars", "Car"), "c", namespace)
    await kube.delete(CRDS, f"cars.{group}")


async def test_the_last_good_commit_stays_in_force(
    repo: GitRepo, run_sync: Running, kube: Kube, namespace: str
) -> None:
    """A broken commit changes nothing, healing goes on, and the next commit mends it."""
    good = repo.commit({"one.yaml": config_map("one")})
    async with run_sync(repo.url) as watched:
        await watched.reported(lambda report: report.ok)
        repo.commit({"one.yaml": config_map("one", "2"), "bad.yaml": "a: b\nkind: {\n"})
        await watched.reported(lambda report: report.problem)
        assert watched.sync.report.commit == good
        assert "bad.yaml:3" in watched.sync.report.problem
        assert watched.sync.report.paths[0].reason == "SourceRejected"

        await kube.delete(CONFIG_MAPS, "one", namespace)
        assert await until(lambda: value_of(kube, "one", namespace)) == "1"

        mended = repo.commit({"bad.yaml": None})
        await watched.reported(lambda report: report.ok and report.commit == mended)
    assert await value_of(kube, "one", namespace) == "2"
    assert len(watched.named(Kind.FAILED)) == 1


async def test_going_back_to_the_good_commit_mends_too(repo: GitRepo, syncing: Watched) -> None:
    """By a force-push, say."""
    good = repo.commit({"one.yaml": config_map("one")})
    await syncing.sync.sync_now()
    repo.commit({"bad.yaml": "{"})
    assert (await syncing.sync.sync_now()).problem
    repo.rewind(good)

    assert (await syncing.sync.sync_now()).ok


async def test_one_object_in_two_files_is_no_commit(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """Also if only one of them names the namespace; both places are said."""
    repo.commit({"a.yaml": config_map("one"), "b.yaml": config_map("one", "2", namespace)})

    report = await syncing.sync.sync_now()

    assert report.problem == f"b.yaml:1: ConfigMap {namespace}/one is also defined in a.yaml:1"
    assert (report.commit, report.paths[0].reason) == ("", "SourceRejected")
    assert await value_of(kube, "one", namespace) is None


async def test_the_annotation_of_flux_leaves_an_object_alone(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """It is counted, so that nobody looks for it in vain."""
    ignored = config_map("one", extra='  annotations: {fluxcd.io/ignore: "true"}\n')
    repo.commit({"one.yaml": ignored, "two.yaml": config_map("two")})

    report = await syncing.sync.sync_now()

    assert (report.applied, report.ignored) == (1, 1)
    assert await value_of(kube, "one", namespace) is None


async def test_a_cluster_scoped_object_needs_no_namespace(
    repo: GitRepo, syncing: Watched, kube: Kube
) -> None:
    """Nor does one do harm."""
    name = f"role-{secrets.token_hex(4)}"
    repo.commit(
        {
            "role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
            f"metadata: {{name: {name}, namespace: stray}}\nrules: []\n"
        }
    )

    assert (await syncing.sync.sync_now()).ok
    role = await kube.resource_for("rbac.authorization.k8s.io/v1", "ClusterRole")
    await kube.delete(role, name)


async def test_an_exported_object_can_be_committed(
    repo: GitRepo, syncing: Watched, kube: Kube, namespace: str
) -> None:
    """`kubectl get -o yaml` writes fields that the API server would not take back."""
    extra = "  resourceVersion: '1'\n  uid: abc\n  managedFields: []\n  creationTimestamp: null\n"
    repo.commit({"one.yaml": config_map("one", extra=extra)})

    assert (await syncing.sync.sync_now()).ok
    assert await value_of(kube, "one", namespace) == "1"


async def test_while_the_remote_is_down_the_last_commit_is_kept(
    repo: GitRepo, run_sync: Running, kube: Kube, namespace: str
) -> None:
    """Healing goes on; when it is back, new commits come."""
    repo.commit({"one.yaml": config_map("one")})
    async with http_git(repo.folder.parent) as server, run_sync(f"{server.url}/shop.git") as run:
        await run.reported(lambda report: report.ok)
        server.broken = True
        await run.reported(lambda report: report.reason == "SourceUnavailable")
        await kube.delete(CONFIG_MAPS, "one", namespace)
        await until(lambda: value_of(kube, "one", namespace))
        repo.commit({"one.yaml": config_map("one", "2")})
        server.broken = False
        await run.reported(lambda report: report.ok)

    assert await value_of(kube, "one", namespace) == "2"


async def test_a_password_shows_nowhere(
    repo: GitRepo, run_sync: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in logs, not in events, not in reports: not when all goes well, nor when not."""
    repo.commit({"one.yaml": config_map("one")})
    login = f"://{USER}:s3cret+pass%2Fword@"
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        url = f"{server.url}/shop.git".replace("://", login)
        async with run_sync(url) as watched:
            await watched.reported(lambda report: report.ok)
            server.login = (USER, "another")
            await watched.reported(lambda report: report.problem)

    told = f"{watched.events} {watched.sync.report} {capsys.readouterr()}"
    assert "authentication failed" in told
    assert "s3cret" not in told


async def test_a_sync_can_be_asked_for(repo: GitRepo, run_sync: Running) -> None:
    """A webhook, say, does not wait for the interval."""
    repo.commit({"one.yaml": config_map("one")})
    async with run_sync(repo.url, poll_interval=_HOUR, sync_interval=_HOUR) as watched:
        await watched.reported(lambda report: report.ok)
        sha = repo.commit({"one.yaml": config_map("one", "2")})

        assert (await watched.sync.sync_now()).commit == sha


async def test_the_figures_of_flux_are_kept(
    repo: GitRepo, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """Dashboards and alerts go on working."""
    registry = CollectorRegistry()
    settings = RepositorySettings(url=repo.url, default_namespace=namespace)
    sync = a_role(kube, tmp_path / "work", settings, registry=registry).followed[0].sync
    bad = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Not_A_Name\n"
    repo.commit({"one.yaml": config_map("one"), "bad.yaml": bad})

    await sync.sync_now()

    figure = registry.get_sample_value
    assert figure("flux_daemon_sync_manifests", {"success": "true"}) == 1
    assert figure("flux_daemon_sync_manifests", {"success": "false"}) == 1
    assert figure("flux_daemon_sync_duration_seconds_count", {"success": "true"}) == 1


async def test_an_api_server_that_is_away_is_waited_for(
    own_plane: Plane, repo: GitRepo, tmp_path: Path
) -> None:
    """What was committed meanwhile is applied when it is back."""
    async with Kube(load_config(own_plane.kubeconfig)) as kube:
        watched = a_sync(kube, tmp_path / "work", repo.url, sync_interval=_SHORT)
        repo.commit({"one.yaml": config_map("one")})
        assert (await watched.sync.sync_now()).ok

        await own_plane.stop_api_server()
        sha = repo.commit({"one.yaml": config_map("one", "2")})
        assert (await watched.sync.sync_now()).reason == "ClusterUnavailable"

        await own_plane.start_api_server()
        await until(lambda: _ok(watched.sync), within=60)
        assert watched.sync.report.commit == sha
        assert await value_of(kube, "one", "default") == "2"


async def _ok(sync: GitSync) -> bool:
    return (await sync.sync_now()).ok


def _document(text: str) -> dict[str, Any]:
    [document] = documents(text.encode())
    found: dict[str, Any] = document.value
    return found
