"""HTTP with the API server: two connection pools, fresh credentials, our errors.

`client` says what to ask; here is only how. Watches and Leases have a pool
without a limit of their own, so that 64 slow requests never delay a renewal.
"""

import io
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import msgspec
from multidict import CIMultiDict

from helmward import __version__
from helmward.kube.cluster import ClusterConfig
from helmward.kube.translate import Target, read_status, refused, unreachable

JSON: Final = "application/json"
POOL: Final = 64
REQUEST: Final = 30.0
CONNECT: Final = 10.0
LARGE: Final = 1 << 20
UNPOOLED: Final = frozenset({"leases"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as HTTP sees it."""

    target: Target
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = REQUEST


class Answer(aiohttp.ClientResponse):
    """An answer that hangs up when it is given up half read.

    A good-bye over TLS waits for the other side: that of a frozen server never
    comes, and a loop that closes meanwhile leaves the socket behind.
    """

    def close(self) -> None:
        """Give the answer up."""
        self._hang_up()
        super().close()

    def release(self) -> Any:
        """Let go of the answer; the connection of one that was read goes back to the pool."""
        self._hang_up()
        return super().release()

    def _hang_up(self) -> None:
        # What was read to its end has given its connection back already.
        connection = self.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()


class Transport:
    """The connections to one API server; opened and closed by `Kube`."""

    def __init__(self, config: ClusterConfig) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self._config = config
        self._ssl = config.ssl_context()

    async def open(self) -> None:
        """Make the pools; connections come with the requests."""
        self._pooled = self._session(POOL)
        self._unpooled = self._session(0)

    def _session(self, limit: int) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limit, ssl=self._ssl),
            response_class=Answer,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._pooled.close()
        await self._unpooled.close()

    async def send(self, request: Request) -> bytes:
        """Return the body of a successful answer.

        Raises:
            HelmwardError: no answer, or not a success; see `translate`.
        """
        session = self._unpooled if request.target.resource in UNPOOLED else self._pooled
        limits = aiohttp.ClientTimeout(total=request.timeout, sock_connect=CONNECT)
        async with self._answer(session, request, limits) as response:
            return await response.read()

    @asynccontextmanager
    async def stream(self, request: Request, quiet: float) -> AsyncIterator[aiohttp.StreamReader]:
        """Open an answer without an end; silent for `quiet` seconds, it counts as broken."""
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=quiet)
        async with self._answer(self._unpooled, request, limits) as response:
            yield response.content

    @asynccontextmanager
    async def _answer(
        self, session: aiohttp.ClientSession, request: Request, limits: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with await self._try(session, request, limits) as response:
                if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                    status = read_status(response.status, await response.read())
                    raise refused(request.target, status, response.headers)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(request.target, error) from error

    async def _try(
        self, session: aiohttp.ClientSession, request: Request, limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        response = await self._once(session, request, limits)
        if response.status == HTTPStatus.UNAUTHORIZED and self._config.credentials.forget():
            response.release()
            return await self._once(session, request, limits)
        return response

    async def _once(
        self, session: aiohttp.ClientSession, request: Request, limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        self.requests[request.target.verb, request.target.resource] += 1
        return await session.request(
            request.method,
            self._config.server + request.path,
            params=request.params,
            data=None if request.body is None else _body(request.body),
            headers=await self._headers(request),
            timeout=limits,
            allow_redirects=False,
            server_hostname=self._config.tls_server_name or None,
            proxy=self._config.proxy or None,
        )

    async def _headers(self, request: Request) -> CIMultiDict[str]:
        headers = CIMultiDict({"Accept": JSON, "User-Agent": f"helmward/{__version__}"})
        # Compressing for a neighbour costs more than it saves.
        headers["Accept-Encoding"] = "identity"
        if request.body is not None:
            headers["Content-Type"] = JSON
        headers.extend(self._config.impersonate)
        if authorization := await self._config.credentials.authorization():
            headers["Authorization"] = authorization
        headers.update(request.headers)
        return headers


def _body(value: Any) -> bytes | io.BytesIO:
    """Return a request's body; what is large is sent piece by piece, others get their turn."""
    encoded = msgspec.json.encode(value)
    return encoded if len(encoded) < LARGE else io.BytesIO(encoded)
