"""One HelmRelease in a storm: the steps of its story, and what must hold at the end of it.

A crash falls on a phase that an action has come to, not on a time: `Crash(3)`
kills the engine at the third phase from now on, whatever the machine is like.
"""

import asyncio
import json
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from helmward.errors import NotFound
from helmward.kube.resources import SECRETS
from helmward.model import OUTCOME, TESTED
from helmward.runtime.informer import EventType, Informer
from tests.support.charts import ChartRepo
from tests.support.operator import Releases, decoded, running, settings_for
from tests.support.plane import Plane
from tests.support.processes import children
from tests.support.stories import FORCE_AT, REQUESTED_AT, colour, forget_history
from tests.support.wait import until

ILL: Final[dict[str, dict[str, Any]]] = {
    "refused": {"refused": True},
    "never": {"workload": True, "pods": {"pod": "never-ready"}},
    "hopeless": {"workload": True, "pods": {"pod": "image-missing"}},
    "before": {"before": {"pod": "fails"}},
    "after": {"after": {"pod": "fails"}},
    "check": {"check": {"pod": "fails"}},
}
WELL: Final[dict[str, Any]] = {
    "workload": True,
    "before": {"completes-after": "50ms"},
    "check": {"completes-after": "50ms"},
}
SHORT, LONG = 2, 60
"""Seconds that a release may wait: what never becomes ready must not hold the story up."""
PATIENCE: Final = 1.0
"""Seconds within which a moment has to come that a step looks for."""
READY_WITHIN: Final = 60.0

CAUSES: Final = {
    "spec": r"(chart \S+ -> \S+|values or options changed \(generation \d+\))",
    "install": r"install app-\S+",
    "forced": r"forced by annotation",
    "foreign": r"revision \d+ by another tool is (brought back|taken over)",
    "retry": r"revision (\d+) [a-z ]+; (tried again|gone back again|chart|values)",
    "again": r"tried again after rollback \d+",
    "rollback": r"revision (\d+) failed( its tests)?(:|$)",
}
"""How the description of a revision begins, by its cause."""


class Phases:
    """Does something the moment an action comes to its next phases."""

    def __init__(self) -> None:
        self._left = 0
        self._then: Callable[[], None] = lambda: None

    def __call__(self, _log: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        """Look at a line of the log on its way."""
        if event.get("event") == "phase":
            self._left -= 1
            if self._left == 0:
                self._then()
        return event

    def at(self, moment: int, then: Callable[[], None]) -> None:
        """Call `then` at the phase that many phases from now."""
        self._left, self._then = moment, then

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """Listen to the log while the block runs."""
        before = structlog.get_config()["processors"]
        before.insert(0, self)  # In place: loggers that are bound already hear too.
        try:
            yield
        finally:
            before.remove(self)


@dataclass
class Written:
    """Every revision that was ever written, in the order in which each was created."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    news: list[str] = field(default_factory=list)

    def take(
        self, event: EventType, old: dict[str, Any] | None, new: dict[str, Any] | None
    ) -> None:
        """Take in what the watch tells."""
        if new is None:
            assert old is not None
            self.news.append(f"{old['metadata']['name']} {event}")
            return
        document = decoded(new)
        before = self.documents.get(new["metadata"]["uid"], {})
        noted = new["metadata"].get("annotations") or {}
        document["noted"] = before.get("noted", {}) | noted  # Tampering takes them away.
        if document["info"]["status"] == "uninstalling":  # It then says why it goes.
            document["info"]["description"] = before["info"]["description"]
        self.documents[new["metadata"]["uid"]] = document
        info = document["info"]
        self.news.append(f"{document['version']} {info['status']}: {info.get('description')}")

    def lives(self) -> list[list[dict[str, Any]]]:
        """Return the revisions of each life that the release had: a history begins with 1."""
        lives: list[list[dict[str, Any]]] = []
        for one in self.documents.values():
            if one["version"] == 1:
                lives.append([])
            lives[-1].append(one)
        return lives


def good(document: dict[str, Any]) -> bool:
    """Tell whether a revision was in force once."""
    was = document["info"]["status"] in {"deployed", "superseded"}
    return was and OUTCOME not in document["noted"] and document["noted"].get(TESTED) != "failed"


@dataclass
class Storm:
    """One story: a HelmRelease, the operator that serves it, and what was done to both."""

    plane: Plane
    repo: ChartRepo
    releases: Releases
    name: str
    options: dict[str, Any]
    volume: str
    """Empty: it makes none; else whether they may go: `keep`, `delete`."""
    causes: Counter[str] = field(default_factory=Counter)
    spec: dict[str, Any] = field(default_factory=dict)
    tokens: int = 0
    down: bool = False
    suspended: bool = False
    written: Written = field(default_factory=Written)
    phases: Phases = field(default_factory=Phases)
    operator: AsyncExitStack = field(default_factory=AsyncExitStack)
    _done: list[str] = field(default_factory=list)

    @property
    def release(self) -> str:
        """What the release is called."""
        return f"{self.releases.namespace}-{self.name}"

    async def tell(self, story: Sequence["Step"]) -> None:
        """Let it all happen, make the world healthy, and look at what is left."""
        async with self.phases.heard(), self._watched():
            try:
                await self._start()
                await self.apply(Spec("blue", "well", "1.0.0"))
                for step in story:
                    self._done.append(f"{step} after {len(self.written.news)} writes")
                    await step.happen(self)
                await self._heal()
                await self._check()
                await self._clear()
            except BaseException as error:
                error.add_note(self._account(story))
                raise
            finally:
                self.repo.heal()
                await self.operator.aclose()

    # What happens

    async def apply(self, step: "Spec") -> None:
        more = {"colour": step.colour, "volume": bool(self.volume)}
        values = WELL | ILL.get(step.fate, {}) | more
        timeout = LONG if step.fate == "well" else SHORT
        options = {"timeout": timeout, **self.options}
        for policy in {"rollback", "test"} & options.keys():
            options[policy] = {**options[policy], "timeout": timeout}
        await self.write({"values": values, "chart": {"version": step.version}, **options})

    async def change_chart(self) -> None:
        version = "1.1.0" if self.spec["chart"]["version"] == "1.0.0" else "1.0.0"
        await self.write({**self.spec, "chart": {"version": version}})

    async def write(self, spec: dict[str, Any]) -> None:
        """Apply a spec; only one that is another than before is a cause."""
        if spec != self.spec:
            self.causes["spec"] += 1
        self.spec = spec
        annotations = {"helmward.dev/volumes": self.volume} if self.volume else {}
        await self.releases.apply(self.name, annotations=annotations, **spec)

    async def request(self, *, force: bool) -> None:
        self.tokens += 1
        token = f"token-{self.tokens}"
        if force:
            self.causes["forced"] += 1
        await self.releases.annotate(
            self.name, **{REQUESTED_AT: token, **({FORCE_AT: token} if force else {})}
        )

    async def delete(self) -> None:
        if self.suspended:
            await self.suspend()
        await self.releases.delete(self.name)
        await self.releases.gone(self.name, within=READY_WITHIN)
        self.causes["deleted"] += 1
        await self.write(self.spec)

    async def suspend(self) -> None:
        self.suspended = not self.suspended
        await self.releases.annotate(self.name, suspend="true" if self.suspended else None)

    def outage(self) -> None:
        self.down = not self.down
        (self.repo.fail(status=503) if self.down else self.repo.heal())

    async def tamper(self, verb: str) -> None:
        """Write into Helm's storage what a `helm` would; not while somebody else writes."""
        await self.rest()
        found = await self.releases.revisions(self.release)
        if not found or found[-1]["info"]["status"] != "deployed":
            return
        if verb == "uninstall":
            self.causes["uninstalled"] += 1
            await forget_history(self.releases, self.release)
            return
        with suppress(NotFound):
            await self._upgrade_by_hand(found[-1]["version"])

    async def _upgrade_by_hand(self, newest: int) -> None:
        """Take the words of ours off a revision: it is then as one of a stock `helm`."""
        secret = await self.releases.secret(self.release, newest)
        annotations = dict.fromkeys(secret["metadata"].get("annotations") or {})
        patch = {"metadata": {"annotations": annotations}}
        self.causes["foreign"] += 1
        await self.releases.kube.patch(
            SECRETS, secret["metadata"]["name"], self.releases.namespace, patch
        )

    async def rest(self) -> None:
        """Wait until the operator has brought the present spec to an end, good or bad."""
        if self.suspended:
            return

        async def at_rest() -> bool:
            found = await self.releases.get(self.name)
            told: dict[str, Any] = found.get("status") or {}
            conditions: list[dict[str, Any]] = told.get("conditions", [])
            ready = next((one for one in conditions if one["type"] == "Ready"), {})
            seen = told.get("observedGeneration") == found["metadata"]["generation"]
            return bool(seen and ready.get("status") in {"True", "False"})

        with suppress(TimeoutError):
            await until(at_rest, within=3 * PATIENCE)

    # The operator

    async def _start(self) -> None:
        await self.operator.enter_async_context(running(settings_for(self.plane.kubeconfig)))

    async def restart(self) -> None:
        await self.operator.aclose()
        self.operator = AsyncExitStack()
        await self._start()

    async def at(self, moment: int, then: Callable[[], None]) -> None:
        """Do something at a phase to come; where none comes, it is done at rest."""
        came = asyncio.Event()

        def now() -> None:
            then()
            came.set()

        self.phases.at(moment, now)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await came.wait()
        self.phases.at(0, lambda: None)
        if not came.is_set():
            then()

    def kill_engine(self) -> None:
        self.causes["crash"] += 1
        for engine in children(os.getpid(), "engine"):
            with suppress(ProcessLookupError):
                os.kill(engine, signal.SIGKILL)

    # What must hold

    async def _heal(self) -> None:
        """Take back all that keeps the release from being what is asked for."""
        if self.down:
            self.outage()
        if self.suspended:
            await self.suspend()
        await self.apply(Spec("healthy", "well", "1.0.0"))
        await self.releases.ready(self.name, within=READY_WITHIN)

    async def _check(self) -> None:
        await self._is_in_force()
        before = len(self.written.documents)
        await self.write(self.spec)
        await self.request(force=False)
        await until(self._handled, within=30)
        await self._is_in_force()
        assert len(self.written.documents) == before, "a revision without a cause"
        self._check_causes()

    async def _is_in_force(self) -> None:
        found = await self.releases.revisions(self.release)
        statuses = [one["info"]["status"] for one in found]
        assert statuses[-1] == "deployed", statuses
        assert set(statuses[:-1]) <= {"superseded", "failed"}, statuses
        assert await colour(self.releases, self.release) == "healthy"

    async def _handled(self) -> bool:
        told = await self.releases.status(self.name)
        return bool(told.get("lastHandledReconcileAt") == f"token-{self.tokens}")

    def _check_causes(self) -> None:
        """Every revision names its cause, and no cause made more than one."""
        made = Counter(cause_of(one) for one in self.written.documents.values())
        for cause in ("spec", "forced", "foreign"):
            assert made[cause] <= self.causes[cause], (cause, made, self.causes)
        lives = self.written.lives()
        failed = sum(1 for life in lives[:-1] if not any(map(good, life)))
        begun = 1 + self.causes["deleted"] + self.causes["uninstalled"] + failed
        assert made["install"] <= begun, (made, self.causes, failed)

    # The end

    async def _clear(self) -> None:
        await self.releases.delete(self.name)
        await self.releases.gone(self.name, within=READY_WITHIN)
        assert await self.releases.revisions(self.release) == []
        assert await colour(self.releases, self.release) is None

    def _account(self, story: Sequence["Step"]) -> str:
        lines = [f"story: {story!r}", f"options: {self.options}, volume: {self.volume}"]
        lines += [f"causes: {dict(self.causes)}", *self._done, *self.written.news]
        return "\n".join(lines)

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        watch: Informer[dict[str, Any]] = Informer(
            self.releases.kube,
            SECRETS,
            decode=json.loads,
            namespace=self.releases.namespace,
            label_selector=f"owner=helm,name={self.release}",
        )
        watch.subscribe(self.written.take)
        task = asyncio.create_task(watch.run())
        try:
            async with asyncio.timeout(20):
                await watch.synced.wait()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@dataclass(frozen=True)
class Step:
    """Something that happens."""

    async def happen(self, storm: "Storm") -> None:
        """Let it happen."""
        raise NotImplementedError


@dataclass(frozen=True)
class Spec(Step):
    """The user applies a spec; where he is patient, he looks what comes of it."""

    colour: str
    fate: str
    version: str
    patient: bool = False

    async def happen(self, storm: "Storm") -> None:
        await storm.apply(self)
        if self.patient:
            await storm.rest()


@dataclass(frozen=True)
class Chart(Step):
    """The user takes the other version of the chart."""

    async def happen(self, storm: "Storm") -> None:
        await storm.change_chart()


@dataclass(frozen=True)
class Crash(Step):
    """The engine is killed."""

    moment: int

    async def happen(self, storm: "Storm") -> None:
        await storm.at(self.moment, storm.kill_engine)


@dataclass(frozen=True)
class Restart(Step):
    """The operator is stopped, and another one started."""

    moment: int

    async def happen(self, storm: "Storm") -> None:
        await storm.at(self.moment, lambda: None)
        await storm.restart()


@dataclass(frozen=True)
class Rest(Step):
    """Nothing happens until the operator has said something of the present spec."""

    async def happen(self, storm: "Storm") -> None:
        await storm.rest()


@dataclass(frozen=True)
class Delete(Step):
    """The user deletes the HelmRelease and applies it anew once it is gone."""

    async def happen(self, storm: "Storm") -> None:
        await storm.delete()


@dataclass(frozen=True)
class Force(Step):
    """The user forces an upgrade."""

    async def happen(self, storm: "Storm") -> None:
        await storm.request(force=True)


@dataclass(frozen=True)
class Request(Step):
    """The user asks for a look: no cause of anything."""

    async def happen(self, storm: "Storm") -> None:
        await storm.request(force=False)


@dataclass(frozen=True)
class Reapply(Step):
    """The user applies the same again: no cause of anything."""

    async def happen(self, storm: "Storm") -> None:
        await storm.write(storm.spec)


@dataclass(frozen=True)
class Outage(Step):
    """The chart repository goes down, or comes back."""

    async def happen(self, storm: "Storm") -> None:
        storm.outage()


@dataclass(frozen=True)
class Suspend(Step):
    """The user suspends the release, or takes that back."""

    async def happen(self, storm: "Storm") -> None:
        await storm.suspend()


@dataclass(frozen=True)
class Tamper(Step):
    """Somebody uses a `helm` of his own."""

    verb: str

    async def happen(self, storm: "Storm") -> None:
        await storm.tamper(self.verb)


def cause_of(document: dict[str, Any]) -> str:
    """Return which cause a revision names; one that names the revision before means that one."""
    number, said = document["version"], document["info"]["description"]
    for cause, pattern in CAUSES.items():
        if found := re.match(pattern, said):
            if cause in {"retry", "rollback"}:
                assert int(found[1]) == number - 1, f"revision {number}: {said!r}"
            return cause
    raise AssertionError(f"revision {number} names no cause: {said!r}")
