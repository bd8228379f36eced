"""A sync from git to the cluster when things are large, late, broken, unsigned or stopped."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from helmward.engine import Engine
from helmward.errors import NotFound
from helmward.gitops.codec import MOST
from helmward.gitops.loop import GitSync
from helmward.gitops.record import record_name
from helmward.gitops.role import Surroundings, SyncRole
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from helmward.settings import (
    GitSettings,
    PruneSettings,
    RepositorySettings,
    StateSettings,
    Substitutes,
)
from tests.gitops.conftest import a_repository, a_role
from tests.gitops.signing import Team, signed
from tests.support.engines import fetching
from tests.support.git_repo import GitRepo
from tests.support.objects import config_map
from tests.support.tasks import running
from tests.support.wait import until

ON = PruneSettings(enabled=True)


async def value_of(kube: Kube, name: str, namespace: str) -> str:
    try:
        found = await kube.get(CONFIG_MAPS, name, namespace)
    except NotFound:
        return ""
    return str(found["data"]["a"])


def fresh(kube: Kube, work: Path, settings: RepositorySettings) -> GitSync:
    """A sync in a process that knows nothing yet."""
    return a_role(kube, work, settings).followed[0].sync


async def test_after_a_restart_the_last_good_commit_is_read_again(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """The newest one is broken: what was in force before heals, and nothing is removed."""
    settings = a_repository(repo.url, default_namespace=namespace, prune=ON)
    good = repo.commit({"one.yaml": config_map("one"), "two.yaml": config_map("two")})
    await fresh(kube, tmp_path / "before", settings).sync_now()
    repo.commit({"one.yaml": "a: [\n", "two.yaml": None})
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"a": "by hand"}})

    report = await fresh(kube, tmp_path / "after", settings).sync_now()

    assert "one.yaml:" in report.problem
    assert [path.commit for path in report.paths] == [good]
    assert await value_of(kube, "one", namespace) == "1"
    assert await value_of(kube, "two", namespace) == "1"


async def test_without_the_last_good_commit_nothing_is_touched(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """The history was rewritten meanwhile, and what it became is broken."""
    settings = a_repository(repo.url, default_namespace=namespace, prune=ON)
    repo.commit({"one.yaml": config_map("one")})
    await fresh(kube, tmp_path / "before", settings).sync_now()
    repo.replace({"two.yaml": "a: [\n"})
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")

    report = await fresh(kube, tmp_path / "after", settings).sync_now()

    assert "two.yaml:" in report.problem
    assert (report.removed, report.applied) == (0, 0)
    assert await value_of(kube, "one", namespace) == "1"


async def test_a_limit_that_is_too_short_is_come_through_step_by_step(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """What was applied before the time was up is not applied again."""
    limit = timedelta(seconds=0.4)
    settings = a_repository(repo.url, default_namespace=namespace, sync_timeout=limit)
    repo.bulk({f"{n}.yaml": config_map(f"c{n}") for n in range(400)})
    sync = fresh(kube, tmp_path / "work", settings)

    for _ in range(60):
        report = await sync.sync_now()
        if report.ok:
            break

    assert report.ok
    assert report.applied == 400


async def test_five_thousand_manifests_and_then_one(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """The second commit costs what one object costs, also in a process that was started anew."""
    settings = a_repository(
        repo.url, default_namespace=namespace, sync_timeout=timedelta(minutes=10)
    )
    repo.bulk({f"{n // 100}/{n}.yaml": config_map(f"c{n}") for n in range(5_000)})
    assert (await fresh(kube, tmp_path / "one", settings).sync_now()).applied == 5_000
    record = await kube.get(CONFIG_MAPS, record_name("main"), namespace)
    assert sum(map(len, record["binaryData"].values())) < MOST
    repo.commit({"7/700.yaml": config_map("c700", "new")})
    before = kube.requests.copy()

    report = await fresh(kube, tmp_path / "two", settings).sync_now()

    assert (report.applied, report.changed, report.ok) == (5_000, 1, True)
    assert await value_of(kube, "c700", namespace) == "new"
    spent = kube.requests - before
    assert spent["apply", "configmaps"] == 2  # the rehearsal, and the apply
    assert spent.total() < 25


async def test_a_variable_that_changes_in_the_cluster_counts_at_the_next_interval(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    await kube.create(
        CONFIG_MAPS, {"metadata": {"name": "vars"}, "data": {"COLOUR": "red"}}, namespace
    )
    settings = a_repository(repo.url, default_namespace=namespace)
    [path] = settings.paths
    variables = (Substitutes("ConfigMap", "vars"),)
    settings = replace(settings, paths=(replace(path, substitute_from=variables),))
    repo.commit({"one.yaml": config_map("one", "${COLOUR}")})
    sync = fresh(kube, tmp_path / "work", settings)
    await sync.sync_now()
    assert await value_of(kube, "one", namespace) == "red"
    await kube.patch(CONFIG_MAPS, "vars", namespace, {"data": {"COLOUR": "blue"}})

    assert (await sync.sync_now()).ok
    assert await value_of(kube, "one", namespace) == "blue"


async def test_the_tag_follows_what_is_in_force(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    state = StateSettings(mode="git")
    settings = a_repository(repo.url, default_namespace=namespace, state=state)
    sync = fresh(kube, tmp_path / "work", settings)
    first = repo.commit({"one.yaml": config_map("one")})
    await sync.sync_now()
    assert repo.git("rev-parse", "flux-sync^{commit}") == first
    repo.commit({"one.yaml": "a: [\n"})
    await sync.sync_now()
    assert repo.git("rev-parse", "flux-sync^{commit}") == first
    third = repo.commit({"one.yaml": config_map("one", "3")})

    assert (await sync.sync_now()).ok
    assert repo.git("rev-parse", "flux-sync^{commit}") == third


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with fetching() as running:
        yield running.engine


async def test_what_nobody_signed_is_not_applied(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str, engine: Engine
) -> None:
    """What is before it is; and when it is signed after all, it is applied too."""
    team = Team(tmp_path / "keys")
    settings = a_repository(
        repo.url, default_namespace=namespace, verify=team.trusts("first-parent")
    )
    sync = with_engine(kube, tmp_path / "work", settings, engine)
    good = repo.commit({"one.yaml": config_map("one")})
    good = signed(repo, good, team.sign("ada"))
    await sync.sync_now()
    bad = repo.commit({"one.yaml": config_map("one", "unsigned")})

    report = await sync.sync_now()

    assert (report.commit, report.reason) == (good, "Unverified")
    assert f"commit {bad[:12]} is not applied" in report.problem
    assert await value_of(kube, "one", namespace) == "1"
    mended = signed(repo, bad, team.sign("bob"))
    report = await sync.sync_now()
    assert (report.commit, report.ok) == (mended, True)
    assert await value_of(kube, "one", namespace) == "unsigned"


def with_engine(kube: Kube, work: Path, settings: RepositorySettings, engine: Engine) -> GitSync:
    around = a_role(kube, work, settings)._around
    around = replace(around, engine=engine, registry=CollectorRegistry())
    assert isinstance(around, Surroundings)
    return SyncRole(GitSettings((settings,)), around).followed[0].sync


async def test_what_was_changed_while_nobody_worked_is_healed_at_the_start(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """Not only at the next interval."""
    settings = a_repository(repo.url, default_namespace=namespace)
    repo.commit({"one.yaml": config_map("one")})
    await fresh(kube, tmp_path / "before", settings).sync_now()
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"a": "by hand"}})

    async with running(fresh(kube, tmp_path / "after", settings).run()):
        await until(lambda: _is(kube, namespace, "1"), within=30)


async def test_of_two_daemons_one_works_and_the_other_takes_over(
    repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str
) -> None:
    """Who stands by has done nothing yet; when the first one stops it goes on at once."""
    short = timedelta(seconds=0.1)
    settings = a_repository(repo.url, default_namespace=namespace, poll_interval=short)
    repo.commit({"one.yaml": config_map("one")})
    first, second = (a_role(kube, tmp_path / name, settings) for name in ("first", "second"))
    async with running(second_after(first, second)):
        async with running(first.run()):
            await until(lambda: first.followed[0].sync.report.ok, within=60)
            assert second.followed[0].sync.report.commit == ""
        repo.commit({"one.yaml": config_map("one", "2")})
        await until(lambda: second.followed[0].sync.report.ok, within=60)
        await until(lambda: _is(kube, namespace, "2"), within=60)

    assert first.followed[0].sync.report.changed == 1


async def second_after(first: SyncRole, second: SyncRole) -> None:
    """Run the second daemon from the moment on at which the first one leads."""
    await until(lambda: bool(first.followed[0].sync.report.commit), within=60)
    await second.run()


async def _is(kube: Kube, namespace: str, value: str) -> bool:
    return await value_of(kube, "one", namespace) == value
