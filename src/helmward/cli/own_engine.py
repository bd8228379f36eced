"""An engine of the user's own, for commands that look once.

Called by `values` and `diff`. It has the rights of who asks and no others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from helmward.charts.folder import kept
from helmward.engine import Engine, EngineProcess
from helmward.errors import EngineLost
from helmward.kube import Kube, write_kubeconfig
from helmward.runtime.beside import beside
from helmward.settings import ChartSettings

STARTING: Final = 15.0
"""Seconds that the engine has to start."""


@asynccontextmanager
async def own_engine(kube: Kube, settings: ChartSettings) -> AsyncIterator[tuple[Engine, Path]]:
    """Run an engine with the rights of who asks, and have a folder, until the block ends.

    Raises:
        EngineLost: it does not start.
    """
    with TemporaryDirectory(prefix="helmward-") as work, kept(settings.engine.cache) as cache:
        process = EngineProcess(
            kubeconfig=str(write_kubeconfig(kube.config, Path(work) / "kubeconfig")),
            settings=replace(settings.engine, cache=cache),
            log_level="error",
        )
        async with beside(process.run()):
            try:
                async with asyncio.timeout(STARTING):
                    await process.ready.wait()
            except TimeoutError:
                raise EngineLost("the engine does not start") from None
            yield Engine(process), Path(work)
