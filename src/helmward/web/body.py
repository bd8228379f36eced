"""Reads the body of a request that anybody may send: with a limit and a deadline."""

import asyncio
from typing import Final

from aiohttp import web

LARGEST_BODY: Final = 64 << 10
"""Bytes, where nothing else is said."""
TO_SEND: Final = 10.0
"""Seconds in which a body must have come."""


async def read_body(request: web.Request, largest: int) -> bytes:
    """Return a body that is not too large and does not come too slowly.

    Raises:
        HTTPRequestEntityTooLarge, HTTPRequestTimeout: it is, or does.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(TO_SEND):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > largest:
                    raise web.HTTPRequestEntityTooLarge(largest, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)
