"""One call over the socket: sent, its phases told, its failure raised as an error."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, Protocol

import grpc

from helmward.engine import translate
from helmward.engine.options import Cost, OnPhase
from helmward.engine.pb import engine_pb2 as pb
from helmward.engine.pb.engine_pb2_grpc import EngineStub
from helmward.errors import EngineLost

MARGIN: Final = 15.0
"""Seconds over the deadline in which the engine may record what became of an action."""


class Process(Protocol):
    """What calls need of the process behind them."""

    async def stub(self, within: float) -> EngineStub:
        """Return a stub of the running process, waiting a little for it."""
        ...


class Calls:
    """Sends calls to whichever process runs."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.last_cost: Cost | None = None

    async def unary(
        self,
        method: Callable[[EngineStub], Callable[..., Awaitable[Any]]],
        request: Any,
        deadline: timedelta,
        errors: translate.Errors = translate.ERRORS,
    ) -> Any:
        """Ask once and return the answer, or raise the failure in it.

        `errors` says what kinds of failure mean where they mean something of their own.
        """
        seconds = deadline.total_seconds()
        stub = await self._process.stub(seconds)
        try:
            reply = await method(stub)(request, timeout=seconds + MARGIN)
        except grpc.aio.AioRpcError as error:
            raise translate.lost(error) from error
        except asyncio.CancelledError:
            _only_if_ours()
            raise
        if "failure" in reply.DESCRIPTOR.fields_by_name:
            translate.check(reply.failure, errors)
        return reply

    async def act(
        self,
        method: Callable[[EngineStub], Callable[..., Any]],
        request: pb.ActionRequest,
        deadline: timedelta,
        on_phase: OnPhase | None,
    ) -> pb.Done:
        """Perform an action and return how it ended, or raise its failure."""
        seconds = deadline.total_seconds()
        stub = await self._process.stub(seconds)
        stream = method(stub)(request, timeout=seconds + MARGIN)
        try:
            done = await _last(stream, on_phase or (lambda _name, _detail: None))
        except grpc.aio.AioRpcError as error:
            raise translate.lost(error) from error
        except asyncio.CancelledError:
            stream.cancel()
            _only_if_ours()
            raise
        cost = done.stats
        self.last_cost = Cost(cost.api_requests, timedelta(milliseconds=cost.duration_ms))
        if done.failure.kind:
            revision = translate.revision_from(done.revision) if done.HasField("revision") else None
            raise translate.error_of(done.failure, revision)
        return done


def _only_if_ours() -> None:
    """Tell our own cancellation from a channel that was closed under the call."""
    task = asyncio.current_task()
    if task is None or not task.cancelling():
        raise EngineLost("the engine went away during the call")


async def _last(stream: Any, on_phase: OnPhase) -> pb.Done:
    """Tell every phase of a stream and return its last event."""
    async for event in stream:
        if event.HasField("done"):
            done: pb.Done = event.done
            return done
        if event.HasField("phase"):
            on_phase(event.phase.name, event.phase.detail)
    raise EngineLost("the engine ended a call without saying how it ended")
