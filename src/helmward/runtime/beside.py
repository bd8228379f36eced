"""Work beside a block, and work that is not to be torn in two."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` while the body runs, cancel it when the body ends, and wait for that.

    A cancellation of ours is never taken for that of `work`; a bug in `work`
    comes out here, after the body.
    """
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.result()


async def to_the_end(work: Coroutine[Any, Any, Any]) -> None:
    """Finish `work` also when cancelled meanwhile; the cancellation comes out after it.

    For a single write whose outcome must be known. Its own deadline bounds it.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
