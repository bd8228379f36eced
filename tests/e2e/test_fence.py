"""Fences: an operator that sleeps past its Lease and wakes up undoes nothing."""

import asyncio
import random
import secrets
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from helmward.apis import V1
from helmward.kube.resources import SECRETS
from helmward.model import SESSION
from tests.support.operator import Releases
from tests.support.operators import OperatorProcess, operator_for
from tests.support.plane import Plane
from tests.support.wait import until
from tests.support.world import World, look, ready, wrong_history, wrong_objects

ROUNDS: Final = 50
AT_ONCE: Final = 10
MOST_STOPS: Final = 40
OBJECTS: Final = 30
SWEPT: Final = 100.0
"""Seconds after which the last sweep is over."""
NAMES: Final = tuple(f"r{number:02}" for number in range(ROUNDS + AT_ONCE))


@pytest.fixture
def v1(releases: Releases) -> Releases:
    """HelmReleases `helm.fluxcd.io/v1` of the chart `app`; no operator runs yet."""
    return releases.of("app", resource=V1.resource)


def values(colour: str, *extra: str) -> dict[str, Any]:
    return {"colour": colour, "objects": OBJECTS, "extra": list(extra)}


async def ask(releases: Releases, names: Sequence[str], asked: dict[str, Any]) -> None:
    await asyncio.gather(*(releases.apply(name, values=asked) for name in names))


async def all_ready(releases: Releases, names: Sequence[str], within: float = 90) -> World:
    async def are() -> World | None:
        world = await look(releases)
        return world if all(ready(world.resources[name]) for name in names) else None

    try:
        return await until(are, within=within, every=0.3)  # type: ignore[no-any-return]
    except TimeoutError:
        world = await look(releases)
        slow = {
            name: (world.resources[name].get("status"), [*map(str, history_of(world, name))])
            for name in names
            if not ready(world.resources[name])
        }
        raise AssertionError(f"not Ready: {slow}") from None


def history_of(world: World, name: str) -> Sequence[Any]:
    return world.histories.get(release_of(world, name), [])


def release_of(world: World, name: str) -> str:
    return f"{world.resources[name]['metadata']['namespace']}-{name}"


async def claimants(releases: Releases) -> set[str]:
    """Return the sessions that have a pending revision."""
    found, _ = await releases.kube.list(
        SECRETS, releases.namespace, label_selector="owner=helm,status=pending-upgrade"
    )
    return {one["metadata"]["annotations"][SESSION] for one in found}


async def one_that_claims(releases: Releases, pair: Sequence[OperatorProcess]) -> OperatorProcess:
    sessions = {one.sessions[-1]: one for one in pair}

    async def claims() -> OperatorProcess | None:
        return next((sessions[one] for one in await claimants(releases) if one in sessions), None)

    return await until(claims, within=60)  # type: ignore[no-any-return]


def caught(world: World, names: Sequence[str]) -> list[str]:
    """Return those stopped between claim and end: the other has ended their upgrade."""
    return [
        name
        for name in names
        if any(
            one.outcome == "broken" and one.values["colour"].startswith("before")
            for one in history_of(world, name)
        )
    ]


async def one_stop(
    releases: Releases,
    pair: Sequence[OperatorProcess],
    names: Sequence[str],
    number: int,
    luck: random.Random,
) -> dict[str, dict[str, Any]]:
    """Stop whoever writes first, let the other take over, wake the first; return what is asked."""
    await ask(releases, names, values(f"before-{number}", "late"))
    sleeper = await one_that_claims(releases, pair)
    session = sleeper.sessions[-1]
    await asyncio.sleep(luck.uniform(0, 0.04))
    sleeper.stop()
    try:
        asked = values(f"after-{number}")
        await ask(releases, names, asked)
        await all_ready(releases, names)
    finally:
        sleeper.wake()
    await sleeper.another_session(session)
    return dict.fromkeys(names, asked)


def complaints(world: World, asked: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, one in asked.items():
        history = history_of(world, name)
        told = [*wrong_history(history), *wrong_objects(world, release_of(world, name), one)]
        if history and history[-1].values != one:
            told.append(f"the newest revision is of {history[-1].values}")
        if not ready(world.resources[name]):
            told.append(f"not Ready: {world.resources[name].get('status')}")
        if told:
            yield f"{name}: {'; '.join(told)}; history: {[*map(str, history)]}"


async def none_wrong(
    releases: Releases, asked: dict[str, dict[str, Any]], within: float = SWEPT
) -> None:
    async def fine() -> bool:
        return not [*complaints(await look(releases), asked)]

    try:
        await until(fine, within=within, every=1)
    except TimeoutError:
        found = [*complaints(await look(releases), asked)]
        raise AssertionError("\n".join(found)) from None


@pytest.mark.timeout(600)
async def test_an_operator_stopped_past_its_lease_undoes_nothing(
    plane: Plane, v1: Releases, tmp_path: Path, record_property: Any
) -> None:
    """50 upgrades caught between claim and end: objects and history are the new owner's."""
    seed = secrets.randbits(32)
    luck = random.Random(seed)  # noqa: S311  # nothing is to be kept secret
    print(f"seed {seed}")  # noqa: T201  # to be told when it fails
    async with (
        operator_for(plane, v1.namespace, tmp_path / "first.log") as first,
        operator_for(plane, v1.namespace, tmp_path / "second.log") as second,
    ):
        await ask(v1, NAMES, values("blue"))
        await all_ready(v1, NAMES, within=180)
        asked: dict[str, dict[str, Any]] = {}
        done: list[str] = []
        for number in range(MOST_STOPS):
            left = [name for name in NAMES if name not in done]
            batch = list(islice(left, AT_ONCE))
            asked |= await one_stop(v1, (first, second), batch, number, luck)
            done += caught(await look(v1), batch)
            if len(done) >= ROUNDS:
                break
        record_property("caught", len(done))
        print(f"{len(done)} upgrades caught between claim and end, {number + 1} stops")  # noqa: T201
        assert len(done) >= ROUNDS
        await none_wrong(v1, asked)
        await ask(v1, NAMES[:1], values("last"))
        await all_ready(v1, NAMES[:1])


@pytest.mark.timeout(180)
async def test_alone_it_picks_up_what_it_had_left(
    plane: Plane, v1: Releases, tmp_path: Path
) -> None:
    """The same process, another session: its own claim of before is broken and gone on with."""
    async with operator_for(plane, v1.namespace, tmp_path / "only.log") as only:
        await ask(v1, NAMES[:5], values("blue"))
        await all_ready(v1, NAMES[:5])
        await ask(v1, NAMES[:5], values("red", "late"))
        assert await one_that_claims(v1, (only,)) is only
        session = only.sessions[-1]
        only.stop()
        try:
            await asyncio.sleep(4)  # past its Lease
        finally:
            only.wake()
        await only.another_session(session)
        world = await all_ready(v1, NAMES[:5])
        await none_wrong(v1, dict.fromkeys(NAMES[:5], values("red", "late")), within=30)
        assert any(one.outcome for name in NAMES[:5] for one in history_of(world, name))
        await ask(v1, NAMES[:1], values("green"))
        await all_ready(v1, NAMES[:1])
