"""A TCP proxy in front of the API server that can cut, freeze and refuse."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from helmward.kube import ClusterConfig


@dataclass(slots=True)
class Link:
    """One connection through the proxy."""

    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    answering: bool = True
    writers: list[asyncio.StreamWriter] = field(default_factory=list)


class TcpProxy:
    """Forwards bytes until told otherwise; a frozen connection stays open and silent."""

    def __init__(self, host: str, port: int) -> None:
        self.accepted = 0
        self._target = (host, port)
        self._links: list[Link] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._frozen = False
        self._refusing = False

    @property
    def port(self) -> int:
        """Where to connect to."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def freeze(self, *, new_too: bool = False) -> None:
        """Stop forwarding without closing anything."""
        self._frozen = new_too
        for link in self._links:
            link.flowing.clear()

    def thaw(self) -> None:
        """Forward again, what was held back first."""
        self._frozen = False
        for link in self._links:
            link.flowing.set()

    def lose_answers(self) -> None:
        """Let the requests of the present connections through and lose the answers."""
        for link in self._links:
            link.answering = False

    def cut(self) -> None:
        """Close all connections."""
        for link in self._links:
            for writer in link.writers:
                writer.transport.abort()
        self._links.clear()

    def refuse(self) -> None:
        """Close all connections, and every new one at once."""
        self._refusing = True
        self.cut()

    def serve(self) -> None:
        """Take new connections again."""
        self._refusing = False

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Close everything."""
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self._refusing:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        link = Link(writers=[writer])
        self._links.append(link)
        if not self._frozen:
            link.flowing.set()
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._join(link, reader, writer)
        finally:
            # Pumps that were cancelled before their first step closed nothing.
            for one in link.writers:
                one.transport.abort()

    async def _join(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        link.writers.append(far_writer)
        await asyncio.gather(
            self._pump(link, reader, far_writer, asks=True),
            self._pump(link, far_reader, writer, asks=False),
        )

    async def _pump(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool
    ) -> None:
        try:
            while data := await reader.read(65536):
                await link.flowing.wait()
                if asks or link.answering:
                    writer.write(data)
                    await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def proxied(config: ClusterConfig) -> AsyncIterator[tuple[ClusterConfig, TcpProxy]]:
    """Yield a configuration that leads through a proxy, and the proxy."""
    host, port = config.server.removeprefix("https://").split(":")
    proxy = TcpProxy(host, int(port))
    await proxy.start()
    try:
        server = f"https://127.0.0.1:{proxy.port}"
        yield replace(config, server=server, tls_server_name="localhost"), proxy
    finally:
        await proxy.stop()
