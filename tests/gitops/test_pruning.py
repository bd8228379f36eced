"""What a commit deletes from git goes, if that is wanted, and never by mistake."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from helmward.apis.gitsync import Wishes
from helmward.errors import NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.codec import INVENTORY
from helmward.gitops.inventory import Record
from helmward.gitops.loop import GitSync
from helmward.gitops.marks import CHECKSUM, MARK, mark_of
from helmward.gitops.record import Records, record_name
from helmward.kube import Kube, load_config
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES
from helmward.settings import PruneSettings
from tests.gitops.conftest import Running, a_repository, a_role, a_sync
from tests.support.git_repo import GitRepo
from tests.support.objects import config_map
from tests.support.plane import Plane
from tests.support.rights import a_rule, bound, kubeconfig_as
from tests.support.wait import until

ON = PruneSettings(enabled=True)
MANY = {f"{n}.yaml": config_map(f"c{n}") for n in range(8)}


@pytest.fixture
def sync(repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str) -> GitSync:
    """A sync that prunes."""
    made = a_sync(kube, tmp_path / "work", repo.url, default_namespace=namespace, prune=ON)
    return made.sync


def another(sync: GitSync, kube: Kube, work: Path) -> GitSync:
    """The same sync in another process, which knows nothing but the record."""
    return a_role(kube, work, sync.settings).followed[0].sync


async def names(kube: Kube, namespace: str) -> set[str]:
    found, _ = await kube.list(CONFIG_MAPS, namespace)
    own = {"kube-root-ca.crt", record_name("main")}
    return {one["metadata"]["name"] for one in found} - own


async def gone(kube: Kube, namespace: str) -> bool:
    try:
        await kube.get(NAMESPACES, namespace)
    except NotFound:
        return True
    return False


async def annotate(kube: Kube, name: str, namespace: str, **words: str) -> None:
    patch = {"metadata": {"annotations": {f"fluxcd.io/{key}": word for key, word in words.items()}}}
    await kube.patch(CONFIG_MAPS, name, namespace, patch)


async def test_a_deleted_file_takes_its_object_along(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    repo.commit(MANY)
    await sync.sync_now()
    repo.commit({"3.yaml": None})

    report = await sync.sync_now()

    assert (report.removed, report.ok) == (1, True)
    assert await names(kube, namespace) == {f"c{n}" for n in range(8)} - {"c3"}
    assert (await sync.sync_now()).removed == 0


async def test_a_restart_forgets_nothing(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """What was deleted while nobody looked goes all the same, and nothing is written anew."""
    repo.commit(MANY)
    await sync.sync_now()
    repo.commit({"3.yaml": None})
    writes = kube.requests.copy()

    report = await another(sync, kube, tmp_path / "again").sync_now()

    assert report.removed == 1
    assert report.changed == 0
    assert (kube.requests - writes)["apply", "configmaps"] == 0
    assert "c3" not in await names(kube, namespace)


async def test_without_the_switch_nothing_goes_and_nothing_is_forgotten(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """Switched on later, it removes what was deleted before."""
    settings = a_repository(repo.url, default_namespace=namespace)
    off = a_role(kube, tmp_path / "off", settings).followed[0].sync
    repo.commit(MANY)
    await off.sync_now()
    repo.commit({"3.yaml": None})
    assert (await off.sync_now()).removed == 0
    assert "c3" in await names(kube, namespace)

    assert (await sync.sync_now()).removed == 1


async def test_a_dry_run_removes_nothing(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    dry = PruneSettings(enabled=True, dry=True)
    made = a_sync(kube, tmp_path / "work", repo.url, default_namespace=namespace, prune=dry)
    repo.commit(MANY)
    await made.sync.sync_now()
    repo.commit({"3.yaml": None})

    with capture_logs() as logs:
        assert (await made.sync.sync_now()).removed == 0
        assert (await made.sync.sync_now()).removed == 0

    assert "c3" in await names(kube, namespace)
    told = [one["object"] for one in logs if one["event"].startswith("would remove")]
    assert told == [f"ConfigMap {namespace}/c3"]


@pytest.mark.parametrize("word", ["true", "sync_only"])
async def test_an_object_that_asks_to_stay_stays(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, word: str
) -> None:
    """On the live object, as Flux v1 had it."""
    repo.commit(MANY)
    await sync.sync_now()
    await annotate(kube, "c3", namespace, ignore=word)
    repo.commit({"3.yaml": None})

    assert (await sync.sync_now()).removed == 0
    assert "c3" in await names(kube, namespace)


async def test_sync_only_in_git_is_applied_and_never_removed(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    kept = config_map("kept").replace(
        "name: kept", "name: kept\n  annotations: {fluxcd.io/ignore: sync_only}"
    )
    repo.commit(MANY | {"kept.yaml": kept})
    assert (await sync.sync_now()).applied == 9
    repo.commit({"kept.yaml": None})

    assert (await sync.sync_now()).removed == 0
    assert "kept" in await names(kube, namespace)


async def test_a_mass_deletion_stops_and_waits_for_its_token(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """The rest of the commit is applied; an approval of another set does not count."""
    repo.commit(MANY)
    await sync.sync_now()
    repo.commit(dict.fromkeys(list(MANY)[:5]) | {"7.yaml": config_map("c7", "new")})

    report = await sync.sync_now()

    assert report.braked
    assert report.braked.why.startswith("5 of 8 objects would be removed, more than 50%")
    assert report.braked.count == 5
    assert not report.ok
    assert report.changed == 1
    assert len(await names(kube, namespace)) == 8
    wish(sync, "another")
    assert (await sync.sync_now()).braked
    wish(sync, report.braked.token)
    report = await sync.sync_now()
    assert (report.removed, report.braked, report.ok) == (5, None, True)
    assert len(await names(kube, namespace)) == 3


async def test_what_comes_back_needs_no_approval(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """A wrong commit is mended by the next one, and nothing was lost."""
    good = repo.commit(MANY)
    await sync.sync_now()
    repo.commit(dict.fromkeys(MANY) | {"README.md": "oops"})
    assert (await sync.sync_now()).braked
    repo.rewind(good)

    report = await sync.sync_now()

    assert (report.braked, report.changed, report.ok) == (None, 0, True)
    assert len(await names(kube, namespace)) == 8


async def test_an_emptied_path_is_braked_however_few_it_had(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    role = a_role(
        kube,
        tmp_path / "work",
        a_repository(repo.url, paths=("a", "b"), default_namespace=namespace, prune=ON),
    )
    sync = role.followed[0].sync
    repo.commit({"a/one.yaml": config_map("one"), "b/two.yaml": config_map("two")})
    await sync.sync_now()
    repo.commit({"a/one.yaml": None, "a/README.md": "empty"})

    report = await sync.sync_now()

    assert report.braked
    assert report.braked.why == "nothing would be left of path a"
    assert await names(kube, namespace) == {"one", "two"}


async def test_what_cannot_be_read_removes_nothing(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """Not of the path that is broken; the other one goes on, removals included."""
    settings = a_repository(repo.url, paths=("a", "b"), default_namespace=namespace, prune=ON)
    sync = a_role(kube, tmp_path / "work", settings).followed[0].sync
    files = {f"{path}/{n}.yaml": config_map(f"{path}{n}") for path in "ab" for n in range(3)}
    repo.commit(files)
    await sync.sync_now()
    repo.commit({"a/0.yaml": None, "b/0.yaml": None, "a/broken.yaml": "a: [\n"})

    report = await sync.sync_now()

    assert "a/broken.yaml" in report.problem
    assert report.removed == 1
    assert await names(kube, namespace) == {"a0", "a1", "a2", "b1", "b2"}
    again = another(sync, kube, tmp_path / "again")
    assert (await again.sync_now()).removed == 0
    assert "a0" in await names(kube, namespace)


async def test_an_object_that_moves_between_paths_stays(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    settings = a_repository(repo.url, paths=("a", "b"), default_namespace=namespace, prune=ON)
    sync = a_role(kube, tmp_path / "work", settings).followed[0].sync
    repo.commit(
        {"a/0.yaml": config_map("xx"), "a/1.yaml": config_map("yy"), "b/2.yaml": config_map("zz")}
    )
    await sync.sync_now()
    uid = (await kube.get(CONFIG_MAPS, "xx", namespace))["metadata"]["uid"]
    repo.commit({"a/0.yaml": None, "b/0.yaml": config_map("xx")})

    report = await sync.sync_now()

    assert (report.removed, report.ok) == (0, True)
    assert (await kube.get(CONFIG_MAPS, "xx", namespace))["metadata"]["uid"] == uid


async def test_an_object_that_moves_to_another_repository_stays(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """It is refused there as long as the first one has it, and taken over when it is let go."""
    other = GitRepo(tmp_path / "repos" / "other.git")
    one = a_repository(repo.url, default_namespace=namespace, prune=ON)
    two = a_repository(other.url, name="other", default_namespace=namespace, prune=ON)
    role = a_role(kube, tmp_path / "work", one, two)
    first, second = (one.sync for one in role.followed)
    repo.commit(MANY)
    other.commit({"x.yaml": config_map("c3"), "own.yaml": config_map("own")})
    await first.sync_now()
    refused = await second.sync_now()
    assert (
        refused.problem
        == f"x.yaml:1: ConfigMap {namespace}/c3 is also defined in the repository main"
    )
    repo.commit({"3.yaml": None})

    assert (await first.sync_now()).removed in {0, 1}
    assert (await second.sync_now()).ok
    assert "c3" in await names(kube, namespace)
    assert (await first.sync_now()).removed == 0


async def test_objects_of_flux_v1_are_found_by_their_marks(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """What it applied and git has no more goes; what others have marked stays."""
    source = sync._parts.terms.source
    for name, of in (("ours", source), ("theirs", "another")):
        found = ObjectId("", "ConfigMap", namespace, name)
        await kube.create(
            CONFIG_MAPS,
            {"metadata": {"name": name, "labels": {MARK: mark_of(of, found)}}},
            namespace,
        )
    repo.commit(MANY)

    report = await sync.sync_now()

    assert report.braked
    wish(sync, report.braked.token)
    assert (await sync.sync_now()).removed == 1
    assert {"theirs"} == await names(kube, namespace) - {f"c{n}" for n in range(8)}


async def test_a_lost_record_is_made_anew_from_the_marks(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """What git has no more is not forgotten, but nobody has seen it go: it is asked about."""
    repo.commit(MANY)
    await sync.sync_now()
    await kube.delete(CONFIG_MAPS, record_name("main"), namespace)
    repo.commit({"3.yaml": None})

    again = another(sync, kube, tmp_path / "again")
    report = await again.sync_now()

    assert report.braked
    assert report.braked.why == (
        f"only their marks say that they are of this repository: ConfigMap {namespace}/c3"
    )
    wish(again, report.braked.token)
    assert (await again.sync_now()).removed == 1
    assert "c3" not in await names(kube, namespace)


async def test_a_broken_record_removes_nothing_and_says_so(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    repo.commit(MANY)
    await sync.sync_now()
    broken = {"binaryData": {INVENTORY: "AAAA"}}
    await kube.patch(CONFIG_MAPS, record_name("main"), namespace, broken)
    repo.commit({"3.yaml": None})

    report = await another(sync, kube, tmp_path / "again").sync_now()

    assert f"ConfigMap {namespace}/{record_name('main')}" in report.problem
    assert report.reason == "RecordBroken"
    assert "c3" in await names(kube, namespace)


async def test_two_daemons_do_not_overwrite_each_other(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """Who comes second looks again, and both come to the same."""
    repo.commit(MANY)
    await sync.sync_now()
    other = another(sync, kube, tmp_path / "other")
    await other.sync_now()
    repo.commit({"9.yaml": config_map("c9")})
    await other.sync_now()
    repo.commit({"9.yaml": None})

    first = await sync.sync_now()
    report = await sync.sync_now()

    assert first.reason in {"Conflict", ""}
    assert report.ok
    assert "c9" not in await names(kube, namespace)


async def test_another_checksum_is_no_reason_to_remove(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """What git has stays, whoever changed it; it is put right."""
    repo.commit(MANY)
    await sync.sync_now()
    before = (await kube.get(CONFIG_MAPS, "c3", namespace))["metadata"]
    await kube.patch(
        CONFIG_MAPS, "c3", namespace, {"metadata": {"annotations": {CHECKSUM: "another"}}}
    )

    report = await sync.sync_now()

    assert (report.removed, report.ok) == (0, True)
    after = (await kube.get(CONFIG_MAPS, "c3", namespace))["metadata"]
    assert (after["uid"], after["annotations"]) == (before["uid"], before["annotations"])


async def test_an_object_made_anew_by_hand_is_not_ours(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    repo.commit(MANY)
    await sync.sync_now()
    await kube.delete(CONFIG_MAPS, "c3", namespace)
    await kube.create(CONFIG_MAPS, {"metadata": {"name": "c3"}}, namespace)
    repo.commit({"3.yaml": None})

    assert (await sync.sync_now()).removed == 0
    assert "c3" in await names(kube, namespace)


async def test_what_is_owned_by_another_object_is_left_to_it(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    repo.commit(MANY)
    await sync.sync_now()
    owner = await kube.get(CONFIG_MAPS, "c1", namespace)
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "c1",
        "uid": owner["metadata"]["uid"],
    }
    await kube.patch(CONFIG_MAPS, "c3", namespace, {"metadata": {"ownerReferences": [reference]}})
    repo.commit({"3.yaml": None})

    assert (await sync.sync_now()).removed == 0


async def test_a_record_is_written_only_when_it_changes(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    repo.commit(MANY)
    await sync.sync_now()
    before = await kube.get(CONFIG_MAPS, record_name("main"), namespace)
    await sync.sync_now()

    assert await kube.get(CONFIG_MAPS, record_name("main"), namespace) == before
    record = await Records(kube, namespace, "main").load()
    assert isinstance(record, Record)
    assert len(record.inventory) == 8
    assert before["data"]["objects"] == "8"


async def test_annotations_of_the_record_stay(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """Without the kind GitSync they are what people ask."""
    repo.commit(MANY)
    await sync.sync_now()
    await annotate(kube, record_name("main"), namespace, word="x")
    repo.commit({"9.yaml": config_map("c9")})
    await sync.sync_now()
    await sync.sync_now()

    found = await kube.get(CONFIG_MAPS, record_name("main"), namespace)
    assert found["metadata"]["annotations"] == {"fluxcd.io/word": "x"}
    assert found["data"]["objects"] == "9"


async def test_a_namespace_goes_after_what_is_in_it(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """With one approval for all, and only when what a finalizer holds is gone."""
    where = f"{namespace}-shop"
    held = "  finalizers: [example.test/held]\n"
    files = {
        "ns.yaml": f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {where}}}\n",
        "in.yaml": config_map("inside", namespace=where, extra=held),
    }
    repo.commit(MANY | files)
    await sync.sync_now()
    repo.commit(dict.fromkeys(files))

    braked = (await sync.sync_now()).braked
    assert braked
    assert braked.why == f"everything in a namespace goes with it: {where}"
    assert braked.count == 2
    wish(sync, braked.token)
    report = await sync.sync_now()

    assert (report.removed, report.braked) == (1, None)
    inside = await kube.get(CONFIG_MAPS, "inside", where)
    assert "deletionTimestamp" in inside["metadata"]
    assert "deletionTimestamp" not in (await kube.get(NAMESPACES, where))["metadata"]
    assert (await sync.sync_now()).removed == 0
    await kube.patch(CONFIG_MAPS, "inside", where, {"metadata": {"finalizers": None}})
    report = await sync.sync_now()
    assert (report.removed, report.braked, report.ok) == (1, None, True)
    await until(lambda: gone(kube, where), within=20)


async def test_a_namespace_that_waits_goes_by_itself(
    repo: GitRepo, run_sync: Running, kube: Kube, namespace: str
) -> None:
    """Nobody has to push again, or to wait for the next whole sync."""
    where = f"{namespace}-shop"
    made = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {where}}}\n"
    files = {"ns.yaml": made, "in.yaml": config_map("inside", namespace=where)}
    repo.commit(MANY | files)
    async with run_sync(repo.url, prune=ON, sync_interval=timedelta(hours=1)) as watched:
        await watched.reported(lambda report: report.ok)
        repo.commit(dict.fromkeys(files))
        await watched.reported(lambda report: report.braked)
        braked = watched.sync.report.braked
        assert braked
        wish(watched.sync, braked.token)
        watched.sync._parts.board.changed.set()
        await until(lambda: gone(kube, where), within=20)
        await watched.reported(lambda report: report.removed == 2)


async def test_a_namespace_that_git_has_objects_in_stays(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """Its own file is gone, but it is not empty."""
    where = f"{namespace}-shop"
    made = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {where}}}\n"
    repo.commit(MANY | {"ns.yaml": made, "in.yaml": config_map("inside", namespace=where)})
    await sync.sync_now()
    repo.commit({"ns.yaml": None})

    report = await sync.sync_now()

    assert (report.removed, report.braked, report.ok) == (0, None, True)
    assert "deletionTimestamp" not in (await kube.get(NAMESPACES, where))["metadata"]
    await kube.delete(NAMESPACES, where)


async def test_what_the_api_server_does_not_delete_is_told_and_tried_again(  # noqa: PLR0913, PLR0917
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, plane: Plane, tmp_path: Path
) -> None:
    """By the approval that was given; it stays noted down as ours until it is gone."""
    repo.commit(MANY)
    await sync.sync_now()
    repo.commit(dict.fromkeys(list(MANY)[:5]))
    user = f"half-armed-{namespace}"
    verbs = ["get", "list", "watch", "create", "update", "patch"]
    others = a_rule(["*"], ["*"], ["get", "list"])
    async with (
        bound(kube, user, others, a_rule([""], ["configmaps"], verbs)),
        Kube(load_config(kubeconfig_as(user, plane.kubeconfig, tmp_path))) as poor,
    ):
        weak = another(sync, poor, tmp_path / "weak")
        braked = await until(lambda: braked_by(weak), within=20)
        wish(weak, braked.token)

        report = await weak.sync_now()

        assert (report.removed, report.braked, report.ok) == (0, None, False)
        assert {one.object.name for one in report.refused} == {f"c{n}" for n in range(5)}
        assert report.refused[0].reason == "AccessDenied"
        assert len(await names(kube, namespace)) == 8
    again = another(sync, kube, tmp_path / "again")
    report = await again.sync_now()
    assert (report.removed, report.braked, report.ok) == (5, None, True)


async def braked_by(sync: GitSync) -> Any:
    """Return why a sync stops, once its rights have come into force."""
    return (await sync.sync_now()).braked


async def test_a_repository_that_does_not_answer_removes_nothing(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """Whoever starts while it is away knows nothing of git but the record."""
    repo.commit(MANY)
    await sync.sync_now()
    gone = replace(sync.settings, url=str(tmp_path / "nowhere.git"))
    fresh = a_role(kube, tmp_path / "fresh", gone).followed[0].sync

    report = await fresh.sync_now()

    assert (report.removed, report.braked, report.ok) == (0, None, False)
    assert len(await names(kube, namespace)) == 8
    record = await Records(kube, namespace, "main").load()
    assert record
    assert len(record.inventory) == 8


async def test_a_path_that_the_settings_lose_is_asked_about(
    repo: GitRepo, kube: Kube, namespace: str, tmp_path: Path
) -> None:
    """A slip in a flag is no wish to remove what stood there."""
    settings = a_repository(repo.url, paths=("a", "b"), default_namespace=namespace, prune=ON)
    both = a_role(kube, tmp_path / "both", settings).followed[0].sync
    repo.commit({"a/one.yaml": config_map("one"), "b/two.yaml": config_map("two")})
    await both.sync_now()
    less = replace(settings, paths=settings.paths[:1])
    one = a_role(kube, tmp_path / "one", less).followed[0].sync

    report = await one.sync_now()

    assert report.braked
    assert report.braked.why == "nothing would be left of path b"
    wish(one, report.braked.token)
    assert (await one.sync_now()).removed == 1
    assert await names(kube, namespace) == {"one"}


async def test_what_cannot_be_looked_at_stays_and_holds_up_nothing(  # noqa: PLR0913, PLR0917
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str, plane: Plane, tmp_path: Path
) -> None:
    """It is told, and gone on with once the right is there."""
    account = f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {namespace}}}\n"
    repo.commit(MANY | {"account.yaml": account})
    await sync.sync_now()
    repo.commit({"account.yaml": None, "3.yaml": None, "7.yaml": config_map("c7", "new")})
    user = f"half-blind-{namespace}"
    async with (
        bound(kube, user, a_rule([""], ["configmaps"], ["*"])),
        Kube(load_config(kubeconfig_as(user, plane.kubeconfig, tmp_path))) as poor,
    ):
        weak = another(sync, poor, tmp_path / "weak")
        report = await until(lambda: begun_by(weak), within=20)

    assert (report.removed, report.changed, report.refused) == (1, 1, ())
    assert 'cannot get resource "serviceaccounts"' in report.problem
    report = await another(sync, kube, tmp_path / "again").sync_now()
    assert (report.removed, report.ok) == (1, True)


async def begun_by(sync: GitSync) -> Any:
    """Return the report of the first sync that got anywhere."""
    report = await sync.sync_now()
    return report if report.commit else None


async def test_a_renamed_object_does_not_empty_its_path(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """The path asks for something, though not for what it had."""
    repo.commit({"a.yaml": config_map("old")})
    await sync.sync_now()
    repo.commit({"a.yaml": config_map("new")})

    report = await sync.sync_now()

    assert (report.removed, report.braked) == (1, None)
    assert await names(kube, namespace) == {"new"}


async def test_what_comes_back_and_goes_again_is_weighed_anew(
    repo: GitRepo, sync: GitSync, kube: Kube, namespace: str
) -> None:
    """An approval was for the removal that was begun then."""
    repo.commit(MANY | {"h.yaml": config_map("held", extra="  finalizers: [a.test/held]\n")})
    await sync.sync_now()
    repo.commit({"h.yaml": None})
    assert (await sync.sync_now()).removed == 1
    record = await Records(kube, namespace, "main").load()
    assert record
    assert [one.id.name for one in record.inventory.values() if one.going] == ["held"]
    repo.commit({"h.yaml": config_map("held")})
    await sync.sync_now()

    record = await Records(kube, namespace, "main").load()
    assert record
    assert not [one for one in record.inventory.values() if one.going]


def wish(sync: GitSync, token: str) -> None:
    """Approve a removal, as the annotation of the GitSync does."""
    board: Any = sync._parts.board
    board.wishes = Wishes(approved=token)
