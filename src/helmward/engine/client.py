"""Helm's verbs as coroutines. Called by `releases` and `charts`; knows no policy.

Cancelling a coroutine cancels the call: the engine stops writing objects and
records the revision as failed.
"""

import itertools
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Final

from helmward.engine import translate
from helmward.engine.calls import Calls, Process
from helmward.engine.options import (
    OPERATOR,
    ActionOptions,
    Content,
    Cost,
    Identity,
    OnPhase,
    Rendered,
    Stats,
)
from helmward.engine.pb import engine_pb2 as pb
from helmward.model import NOTHING_SET, Base, Chart, ChartRef, ReleaseRef, Revision

READ: Final = timedelta(seconds=30)
DEFAULTS: Final = ActionOptions()


class Engine:
    """The engine, in the name of one identity."""

    def __init__(self, process: Process, *, identity: Identity = OPERATOR) -> None:
        self._process = process
        self._calls = Calls(process)
        self._identity = identity
        self._numbers = itertools.count(1)

    @property
    def last_cost(self) -> Cost | None:
        """What the action that ended last had cost."""
        return self._calls.last_cost

    def acting_as(self, identity: Identity) -> "Engine":
        """Return a client of the same process in another name."""
        return Engine(self._process, identity=identity)

    async def pull_chart(
        self, ref: ChartRef, *, max_index_age: timedelta, deadline: timedelta
    ) -> Chart:
        """Find a chart in its repository and have the engine keep it.

        A repository that is down serves what was fetched before; the chart
        then says so in `stale_reason`.

        Raises:
            SourceUnavailable, ChartNotFound, ChartRejected, EngineLost: as they say.
        """
        request = pb.PullChartRequest(
            call=self._call("pull", ref.name, deadline),
            repository=ref.repository,
            name=ref.name,
            version=ref.version,
            max_index_age_ms=int(max_index_age / timedelta(milliseconds=1)),
        )
        reply = await self._calls.unary(lambda stub: stub.PullChart, request, deadline)
        return translate.chart_from(reply)

    async def install(  # noqa: PLR0913 (a verb has this many parts)
        self,
        release: ReleaseRef,
        *,
        chart: Chart,
        values: bytes,
        base: Base,
        why: str,
        deadline: timedelta,
        session: str = "",
        epoch: int = 0,
        annotations: Mapping[str, str] = NOTHING_SET,
        options: ActionOptions = DEFAULTS,
        on_phase: OnPhase | None = None,
    ) -> Revision:
        """Write the first revision, or the next one over a history with nothing deployed.

        Raises:
            HelmwardError: with `.revision` set when a revision was written all the same.
        """
        call = self._call("install", str(release), deadline)
        writer = pb.Writer(session=session, epoch=epoch)
        request = _action(call, writer, release, base, why, options)
        _render(request, chart, values, annotations)
        return _written(
            await self._calls.act(lambda stub: stub.Install, request, deadline, on_phase)
        )

    async def upgrade(  # noqa: PLR0913 (a verb has this many parts)
        self,
        release: ReleaseRef,
        *,
        chart: Chart,
        values: bytes,
        base: Base,
        why: str,
        deadline: timedelta,
        session: str = "",
        epoch: int = 0,
        annotations: Mapping[str, str] = NOTHING_SET,
        options: ActionOptions = DEFAULTS,
        on_phase: OnPhase | None = None,
    ) -> Revision:
        """Write the next revision.

        Raises:
            HelmwardError: with `.revision` set when a revision was written all the same.
        """
        call = self._call("upgrade", str(release), deadline)
        writer = pb.Writer(session=session, epoch=epoch)
        request = _action(call, writer, release, base, why, options)
        _render(request, chart, values, annotations)
        return _written(
            await self._calls.act(lambda stub: stub.Upgrade, request, deadline, on_phase)
        )

    async def uninstall(  # noqa: PLR0913 (a verb has this many parts)
        self,
        release: ReleaseRef,
        *,
        base: Base,
        why: str,
        deadline: timedelta,
        session: str = "",
        epoch: int = 0,
        options: ActionOptions = DEFAULTS,
        on_phase: OnPhase | None = None,
    ) -> None:
        """Delete the release's objects and its history; absent is success."""
        call = self._call("uninstall", str(release), deadline)
        writer = pb.Writer(session=session, epoch=epoch)
        request = _action(call, writer, release, base, why, options)
        await self._calls.act(lambda stub: stub.Uninstall, request, deadline, on_phase)

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

    def _call(self, verb: str, about: str, deadline: timedelta) -> pb.Call:
        name = f"{verb}-{next(self._numbers)} {about}".strip()
        return translate.call_of(self._identity, deadline, name)


def _action(  # noqa: PLR0913, PLR0917 (what all three verbs say)
    call: pb.Call,
    writer: pb.Writer,
    release: ReleaseRef,
    base: Base,
    why: str,
    options: ActionOptions,
) -> pb.ActionRequest:
    return pb.ActionRequest(
        call=call,
        writer=writer,
        release=translate.ref_of(release),
        base=translate.base_of(base),
        description=why,
        options=translate.options_of(options),
    )


def _render(
    request: pb.ActionRequest, chart: Chart, values: bytes, annotations: Mapping[str, str]
) -> None:
    request.chart_digest = chart.digest
    request.values_json = values
    request.annotations.update(annotations)


def _written(done: pb.Done) -> Revision:
    return translate.revision_from(done.revision)
