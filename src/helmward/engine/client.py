"""Helm's verbs as coroutines. Called by `releases` and `charts`; knows no policy.

Cancelling a coroutine cancels the call: the engine stops writing objects and
records the revision as failed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final, NotRequired, TypedDict, Unpack

from helmward.engine import translate
from helmward.engine.calls import Calls, Process
from helmward.engine.git import GitCalls
from helmward.engine.looks import LookCalls
from helmward.engine.options import (
    NOBODY_WRITES,
    OPERATOR,
    ActionOptions,
    Comparison,
    Content,
    Cost,
    Identity,
    OnPhase,
    Rendered,
    Stats,
    WriterId,
)
from helmward.engine.pb import engine_pb2 as pb
from helmward.engine.pb.engine_pb2_grpc import EngineStub
from helmward.engine.sources import READ, SourceCalls
from helmward.model import NOTHING_SET, Base, Chart, ReleaseRef, Revision

DEFAULTS: Final = ActionOptions()


class How(TypedDict):
    """What every action is told besides its object."""

    base: Base
    """The newest revision that the decision was made on."""
    why: str
    """Stored as the revision's description."""
    deadline: timedelta
    """Of the whole call."""
    writer: NotRequired[WriterId]
    annotations: NotRequired[Mapping[str, str]]
    """Stored with the release Secret."""
    object_annotations: NotRequired[Mapping[str, str]]
    """Put on every object when it is applied."""
    options: NotRequired[ActionOptions]
    on_phase: NotRequired[OnPhase | None]


class Engine(SourceCalls, GitCalls, LookCalls):
    """The engine, in the name of one identity."""

    def __init__(self, process: Process, *, identity: Identity = OPERATOR) -> None:
        super().__init__(Calls(process), identity)
        self._process = process

    @property
    def last_cost(self) -> Cost | None:
        """What the action that ended last had cost."""
        return self._calls.last_cost

    def acting_as(self, identity: Identity) -> "Engine":
        """Return a client of the same process in another name."""
        return Engine(self._process, identity=identity)

    async def install(
        self, release: ReleaseRef, *, chart: Chart, values: bytes, **how: Unpack[How]
    ) -> Revision:
        """Write the first revision, or the next one over a history with nothing deployed.

        Raises:
            HelmwardError: with `.revision` set when a revision was written all the same.
        """
        request = self._action("install", release, how, chart=chart, values=values)
        return _written(await self._act(lambda stub: stub.Install, request, how))

    async def upgrade(
        self, release: ReleaseRef, *, chart: Chart, values: bytes, **how: Unpack[How]
    ) -> Revision:
        """Write the next revision. Raises as `install` does."""
        request = self._action("upgrade", release, how, chart=chart, values=values)
        return _written(await self._act(lambda stub: stub.Upgrade, request, how))

    async def rollback(self, release: ReleaseRef, **how: Unpack[How]) -> Revision:
        """Write the next revision with the content of `options.to_revision`.

        Raises as `install` does.
        """
        request = self._action("rollback", release, how)
        return _written(await self._act(lambda stub: stub.Rollback, request, how))

    async def resume(self, release: ReleaseRef, **how: Unpack[How]) -> Revision:
        """Go on with the wait of the base, a pending revision whose writer is gone.

        Raises as `install` does; Conflict where there is nothing to go on with.
        """
        request = self._action("resume", release, how)
        return _written(await self._act(lambda stub: stub.Resume, request, how))

    async def test(self, release: ReleaseRef, **how: Unpack[How]) -> Revision:
        """Run the tests of the base, a deployed revision, and note the outcome with it.

        Raises:
            TestsFailed: with `.revision` set to the revision that notes it.
        """
        request = self._action("test", release, how)
        return _written(await self._act(lambda stub: stub.Test, request, how))

    async def uninstall(self, release: ReleaseRef, **how: Unpack[How]) -> None:
        """Delete the release's objects and its history; absent is success."""
        request = self._action("uninstall", release, how)
        await self._act(lambda stub: stub.Uninstall, request, how)

    async def supersede(self, release: ReleaseRef, why: str, *, deadline: timedelta = READ) -> bool:
        """End the release's running action at its wait; false when none is running."""
        request = pb.SupersedeRequest(
            call=self._call("supersede", str(release), deadline),
            release=translate.ref_of(release),
            description=why,
        )
        reply = await self._calls.unary(lambda stub: stub.Supersede, request, deadline)
        return bool(reply.running)

    async def renew(self, session: str, valid: timedelta, *, deadline: timedelta = READ) -> None:
        """Let the engine write for a session until `valid` from now."""
        request = pb.RenewRequest(
            call=self._call("renew", session, deadline),
            session=session,
            valid_ms=max(0, int(valid / timedelta(milliseconds=1))),
        )
        await self._calls.unary(lambda stub: stub.Renew, request, deadline)

    async def compare(  # noqa: PLR0913  # the two sides, by name
        self,
        release: ReleaseRef,
        *,
        base: Base,
        chart: Chart,
        values: bytes,
        owner_annotations: Iterable[str] = (),
        deadline: timedelta = READ,
    ) -> Comparison:
        """Tell whether a revision holds this chart and these values, and whose it is."""
        request = pb.CompareRequest(
            call=self._call("compare", str(release), deadline),
            release=translate.ref_of(release),
            base=translate.base_of(base),
            chart_digest=chart.digest,
            values_json=values,
            owner_annotations=list(owner_annotations),
        )
        reply = await self._calls.unary(lambda stub: stub.Compare, request, deadline)
        return translate.comparison_from(reply)

    async def annotate(
        self,
        release: ReleaseRef,
        *,
        base: Base,
        annotations: Mapping[str, str],
        writer: WriterId = NOBODY_WRITES,
        deadline: timedelta = READ,
    ) -> Revision:
        """Write annotations to a revision's Secret if it is still the one seen.

        Raises:
            Conflict: it moved on.
        """
        request = pb.AnnotateRequest(
            call=self._call("annotate", str(release), deadline),
            release=translate.ref_of(release),
            base=translate.base_of(base),
            writer=translate.writer_of(writer),
            annotations=annotations,
        )
        reply = await self._calls.unary(lambda stub: stub.Annotate, request, deadline)
        return translate.revision_from(reply.revision)

    async def sweep(
        self,
        release: ReleaseRef,
        *,
        base: Base,
        writer: WriterId = NOBODY_WRITES,
        deadline: timedelta = READ,
    ) -> list[str]:
        """Tidy up after writers who were stopped; return what was deleted.

        Their late objects go, and older revisions still marked as deployed are superseded.
        """
        request = pb.SweepRequest(
            call=self._call("sweep", str(release), deadline),
            release=translate.ref_of(release),
            base=translate.base_of(base),
            writer=translate.writer_of(writer),
        )
        reply = await self._calls.unary(lambda stub: stub.Sweep, request, deadline)
        return list(reply.deleted)

    async def unlock(
        self, release: ReleaseRef, *, base: Base, why: str, deadline: timedelta = READ
    ) -> Revision:
        """Turn a pending revision into a failed one, if it is still the one seen.

        Raises:
            Conflict: it moved on, or is not pending.
        """
        request = pb.UnlockRequest(
            call=self._call("unlock", str(release), deadline),
            release=translate.ref_of(release),
            base=translate.base_of(base),
            description=why,
        )
        reply = await self._calls.unary(lambda stub: stub.Unlock, request, deadline)
        return translate.revision_from(reply.revision)

    async def get(
        self, release: ReleaseRef, revision: int = 0, *, deadline: timedelta = READ
    ) -> Revision | None:
        """Read a revision, the newest by default; None where there is none."""
        found = await self._get(release, revision, deadline)
        return translate.revision_from(found) if found else None

    async def content(
        self, release: ReleaseRef, revision: int = 0, *, deadline: timedelta = READ
    ) -> Content | None:
        """Read a revision's manifest, notes and values; None where there is none."""
        found = await self._get(release, revision, deadline, with_manifest=True, with_values=True)
        return Content(found.manifest, found.notes, found.values_json) if found else None

    async def history(
        self, release: ReleaseRef, *, most: int = 0, deadline: timedelta = READ
    ) -> list[Revision]:
        """Read the revisions, newest first."""
        request = pb.HistoryRequest(
            call=self._call("history", str(release), deadline),
            release=translate.ref_of(release),
            max=most,
        )
        reply = await self._calls.unary(lambda stub: stub.History, request, deadline)
        return [translate.revision_from(one) for one in reply.revisions]

    async def template(
        self,
        release: ReleaseRef,
        *,
        chart: Chart,
        values: bytes,
        is_upgrade: bool = False,
        deadline: timedelta = READ,
    ) -> Rendered:
        """Render a chart as an action would, and write nothing."""
        request = pb.TemplateRequest(
            call=self._call("template", str(release), deadline),
            release=translate.ref_of(release),
            chart_digest=chart.digest,
            values_json=values,
            is_upgrade=is_upgrade,
        )
        reply = await self._calls.unary(lambda stub: stub.Template, request, deadline)
        return Rendered(reply.manifest, reply.notes)

    async def invalidate(
        self,
        *,
        discovery: bool = False,
        indexes: bool = False,
        releases: bool = False,
        deadline: timedelta = READ,
    ) -> None:
        """Have the engine forget what it remembers."""
        request = pb.InvalidateRequest(
            call=self._call("invalidate", "", deadline),
            discovery=discovery,
            indexes=indexes,
            releases=releases,
        )
        await self._calls.unary(lambda stub: stub.Invalidate, request, deadline)

    async def stats(self, *, deadline: timedelta = READ) -> Stats:
        """Read what the engine costs and has done."""
        request = pb.StatsRequest(call=self._call("stats", "", deadline))
        reply = await self._calls.unary(lambda stub: stub.Stats, request, deadline)
        return Stats(**{field.name: getattr(reply, field.name) for field in fields(Stats)})

    async def _get(
        self, release: ReleaseRef, revision: int, deadline: timedelta, **wanted: bool
    ) -> pb.Revision | None:
        request = pb.GetRequest(
            call=self._call("get", str(release), deadline),
            release=translate.ref_of(release),
            revision=revision,
            **wanted,
        )
        reply = await self._calls.unary(lambda stub: stub.Get, request, deadline)
        return reply.revision if reply.HasField("revision") else None

    def _action(
        self,
        verb: str,
        release: ReleaseRef,
        how: How,
        *,
        chart: Chart | None = None,
        values: bytes = b"",
    ) -> pb.ActionRequest:
        return pb.ActionRequest(
            call=self._call(verb, str(release), how["deadline"]),
            writer=translate.writer_of(how.get("writer", NOBODY_WRITES)),
            release=translate.ref_of(release),
            base=translate.base_of(how["base"]),
            chart_digest=chart.digest if chart else "",
            values_json=values,
            description=how["why"],
            annotations=how.get("annotations", NOTHING_SET),
            object_annotations=how.get("object_annotations", NOTHING_SET),
            options=translate.options_of(how.get("options", DEFAULTS)),
        )

    async def _act(
        self, method: Callable[[EngineStub], Any], request: pb.ActionRequest, how: How
    ) -> pb.Done:
        return await self._calls.act(method, request, how["deadline"], how.get("on_phase"))


def _written(done: pb.Done) -> Revision:
    return translate.revision_from(done.revision)
