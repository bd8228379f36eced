"""Waiting for conditions instead of sleeping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any


async def until(
    condition: Callable[[], Any | Awaitable[Any]], within: float = 10.0, every: float = 0.02
) -> Any:
    """Return the first true answer of the condition; fail when there is none in time."""
    async with asyncio.timeout(within):
        while True:
            answer = condition()
            if inspect.isawaitable(answer):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(every)
