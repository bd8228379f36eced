"""SIGKILL at random moments: nothing is stuck and nothing is lost."""

import asyncio
import random
import secrets
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import pytest

from helmward.apis import V1
from helmward.apis.generation import FINALIZER
from helmward.engine import WriterId
from helmward.errors import Conflict
from helmward.kube.resources import SECRETS
from helmward.model import OWNER, SESSION, Key
from helmward.releases.act import Hands, Task
from helmward.releases.act.hold import forget, hold
from tests.support.builders import a_desired, an_observed
from tests.support.cast import FEATURES, MORTAL, Cast
from tests.support.operator import Releases, mark
from tests.support.operators import OperatorProcess, end_operator, operator_for, start_operator
from tests.support.plane import Plane
from tests.support.wait import until
from tests.support.world import look

KILLS: Final = 100
MOST_KILLS: Final = 140
A_ROUND: Final = 10
SHOWN: Final = 60
"""Lines of the log in a failure."""
VERBS: Final = frozenset({"install", "upgrade", "rollback", "test", "uninstall"})
VICTIMS: Final = ("engine", "engine", "operator", "both")
PHASE, DEADLINE = "helmward.dev/phase", "helmward.dev/deadline"


@pytest.fixture
def v1(releases: Releases) -> Releases:
    """HelmReleases `helm.fluxcd.io/v1` of the chart `app`; no operator runs yet."""
    return releases.of("app", resource=V1.resource)


@dataclass
class Killer:
    """Kills what runs and starts it again; remembers what was under way."""

    plane: Plane
    cast: Cast
    log: Path
    luck: random.Random
    operator: OperatorProcess
    restarted: bool = True
    killed: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)

    @property
    def enough(self) -> bool:
        """Whether there were as many kills as were wanted, of every verb at least one."""
        return self.killed.total() >= KILLS and set(self.hit) >= VERBS

    async def round(self) -> None:
        """Ask for something new in between kills, then let the world come back."""
        await self.revive()
        for _ in range(A_ROUND):
            for name in self.luck.sample([*FEATURES], 2):
                await self._wish(name)
            # What a process that was just started has claimed before waits for its Lease.
            await asyncio.sleep(self.luck.uniform(0.0, 3.0 if self.restarted else 1.0))
            await self._kill(self.luck.choice(VICTIMS))
        await self.all_is_well()

    async def revive(self) -> None:
        """Make anew what is gone."""
        for name in FEATURES:
            if name not in self.cast.asked:
                await self.cast.ask(name)

    async def _wish(self, name: str) -> None:
        if name not in self.cast.asked:
            return  # Only once it is gone can it be made anew.
        if name in MORTAL and self.luck.random() < 0.7:
            await self.cast.delete(name)
        else:
            await self.cast.ask(name, refused=name == "fails" and self.luck.random() < 0.7)

    async def _kill(self, victim: str) -> None:
        if victim != "operator":
            await until(lambda: self.operator.engines, within=40)
        self.hit.update(await self._under_way())
        if victim != "operator" and not self.operator.kill_engine():
            return
        self.killed[victim] += 1
        self.restarted = victim != "engine"
        if self.restarted:
            await self.operator.kill()
            self.operator = await start_operator(self.plane, self.cast.releases.namespace, self.log)

    async def _under_way(self) -> set[str]:
        """Name the verbs that are being performed."""
        world = await look(self.cast.releases)
        newest = [history[-1] for history in world.histories.values()]
        verbs = {one.status.removeprefix("pending-") for one in newest}
        if any(one.status == "uninstalling" for one in newest):
            verbs.add("uninstall")
        if any(name.endswith("-check") and not done for name, done in world.jobs.items()):
            verbs.add("test")
        return verbs & VERBS

    async def all_is_well(self) -> None:
        """Wait until everything is as it was asked for last."""

        async def it_is() -> bool:
            return not [*self.cast.complaints(await look(self.cast.releases))]

        try:
            await until(it_is, within=90, every=0.3)
        except TimeoutError:
            found = [*self.cast.complaints(await look(self.cast.releases))]
            words = "\n".join(
                [*found, *self._said_of({one.split()[0].strip(":") for one in found})]
            )
            raise AssertionError(f"after {dict(self.killed)}:\n{words}") from None

    def _said_of(self, names: set[str]) -> list[str]:
        """Return what the operators have logged lately of some HelmReleases, and of themselves."""
        lines = self.operator.said().splitlines()
        words = {f"/{name}" for name in names} | {"session begun", "no session"}
        return [line for line in lines if any(word in line for word in words)][-SHOWN:]


@pytest.mark.timeout(900)
async def test_killed_at_random_moments_it_loses_nothing(
    plane: Plane, v1: Releases, tmp_path: Path, record_property: Any
) -> None:
    """100 kills of engine, operator or both, while everything that Helm does is under way."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201  # to be told when it fails
    operator = await start_operator(plane, v1.namespace, tmp_path / "log")
    luck = random.Random(seed)  # noqa: S311  # nothing is to be kept secret
    killer = Killer(plane, Cast(v1), tmp_path / "log", luck, operator)
    try:
        await killer.revive()
        await killer.all_is_well()
        while not killer.enough:
            assert killer.killed.total() <= MOST_KILLS, f"never hit: {VERBS - set(killer.hit)}"
            await killer.round()
        record_property("killed", dict(killer.killed))
        print(f"killed {dict(killer.killed)} during {dict(killer.hit)}")  # noqa: T201
        await v1.clear()
        world = await look(v1)
        assert not world.histories
        assert not world.jobs
    finally:
        await end_operator(killer.operator)


@pytest.mark.timeout(120)
async def test_killed_in_mid_wait_it_is_gone_on_with(
    plane: Plane, v1: Releases, tmp_path: Path
) -> None:
    """The next operator waits on: same revision, same deadline."""
    release = f"{v1.namespace}-web"
    slow = {"workload": True, "pods": {"ready-after": "12s"}}

    async def waits() -> dict[str, str]:
        found = await v1.revisions(release)
        if not found:
            return {}
        notes = dict((await v1.secret(release, 1))["metadata"]["annotations"])
        return notes if notes[PHASE] == "waiting" else {}

    async with operator_for(plane, v1.namespace, tmp_path / "first.log") as first:
        await v1.apply("web", wait=True, values=slow)
        before = await until(waits, within=30)
        await first.kill()
    async with operator_for(plane, v1.namespace, tmp_path / "second.log") as second:
        await v1.ready("web", within=60)
        (only,) = await v1.revisions(release)
        assert (only["version"], only["info"]["status"]) == (1, "deployed")
        after = (await v1.secret(release, 1))["metadata"]["annotations"]
        assert after[DEADLINE] == before[DEADLINE]
        assert after[SESSION] == second.sessions[-1] != before[SESSION]
        await v1.clear()


async def test_killed_before_it_superseded_the_revision_before_the_next_does(
    plane: Plane, v1: Releases, tmp_path: Path
) -> None:
    """Deployed is marked first, superseded last: for a moment two are deployed."""
    release = f"{v1.namespace}-web"

    async def one_is_deployed() -> bool:
        found = await v1.revisions(release)
        return [one["info"]["status"] for one in found] == ["superseded", "deployed"]

    async with operator_for(plane, v1.namespace, tmp_path / "first.log"):
        await v1.apply("web")
        await v1.ready("web")
        await v1.apply("web", values={"colour": "red"})
        await until(one_is_deployed)
    await mark(v1.kube, v1.namespace, release, 1, "deployed")
    async with operator_for(plane, v1.namespace, tmp_path / "second.log"):
        await until(one_is_deployed, within=30)
        await v1.clear()


async def test_a_release_that_no_watch_has_told_of_yet_is_not_let_go(v1: Releases) -> None:
    """An engine killed right after its claim leaves one: storage itself is asked."""
    name = f"{v1.namespace}-web"
    await v1.apply("web")
    key = Key(V1.resource.api_version, v1.namespace, "web")
    mine: dict[str, Any] = {
        "metadata": {
            "name": f"sh.helm.release.v1.{name}.v1",
            "labels": {"owner": "helm", "name": name, "version": "1"},
            "annotations": {OWNER: key.owner},
        }
    }
    nothing = cast("Any", None)
    hands = Hands(nothing, v1.kube, V1, nothing, nothing, WriterId(), kind_stays=nothing)

    async def task() -> Task:
        found = await v1.get("web")
        declared = V1.decode(msgspec.json.encode(found))
        desired = a_desired(key=key, release=declared.release, deleting=True)
        return Task(declared, desired, "a test", an_observed())

    await hold(hands, (await task()).declared)
    await v1.kube.create(SECRETS, mine, v1.namespace)
    await v1.delete("web")
    with pytest.raises(Conflict, match="is not gone yet"):
        await forget(hands, await task())
    assert (await v1.get("web"))["metadata"]["finalizers"] == [FINALIZER]
    await v1.kube.delete(SECRETS, mine["metadata"]["name"], v1.namespace)
    await forget(hands, await task())
    await v1.gone("web")
