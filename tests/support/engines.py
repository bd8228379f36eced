"""Engines without a cluster: enough to fetch charts and documents."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from helmward.engine import Engine, EngineProcess
from helmward.model import ANYBODY, Access, Chart, ChartRef, Document, Verification
from helmward.settings import EngineSettings
from tests.support.wait import until

SOON = timedelta(seconds=30)
PLAIN = EngineSettings()


@dataclass
class Fetching:
    """An engine as those see it who fetch."""

    process: EngineProcess
    engine: Engine
    logs: list[dict[str, Any]] = field(default_factory=list)

    async def pull(  # noqa: PLR0913 (what a source is told, by name)
        self,
        url: str,
        name: str = "app",
        version: str = "",
        *,
        age: float = 0,
        access: Access = ANYBODY,
        verification: Verification | None = None,
        allowed: Sequence[str] = (),
        deadline: timedelta = SOON,
    ) -> Chart:
        """Pull a chart."""
        return await self.engine.pull_chart(
            ChartRef(url, name, version),
            max_index_age=timedelta(seconds=age),
            access=access,
            verification=verification,
            allowed=allowed,
            deadline=deadline,
        )

    async def fetch(
        self,
        url: str,
        *,
        most: int = 1 << 20,
        age: float = 0,
        access: Access = ANYBODY,
        allowed: Sequence[str] = (),
    ) -> Document:
        """Fetch a document."""
        return await self.engine.fetch(
            url,
            most=most,
            max_age=timedelta(seconds=age),
            access=access,
            allowed=allowed,
            deadline=SOON,
        )

    async def restart(self) -> None:
        """Kill the process and wait for the next."""
        instance = self.process.instance
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGKILL)
        await until(lambda: self.process.instance != instance and self.process.ready.is_set())


@asynccontextmanager
async def fetching(settings: EngineSettings = PLAIN) -> AsyncIterator[Fetching]:
    """Run an engine."""
    logs: list[dict[str, Any]] = []
    process = EngineProcess(settings=settings, on_log=logs.append, log_level="debug")
    task = asyncio.create_task(process.run())
    try:
        async with asyncio.timeout(15):
            await process.ready.wait()
        yield Fetching(process, Engine(process), logs)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
