"""A TCP proxy in front of the API server that can cut, freeze and refuse."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from helmward.kube import ClusterConfig


class TcpProxy:
    """Forwards bytes until told otherwise; a frozen connection stays open and silent."""

    def __init__(self, host: str, port: int) -> None:
        self.accepted = 0
        self._target = (host, port)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._answering = asyncio.Event()
        self._answering.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        """Where to connect to."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def freeze(self) -> None:
        """Stop forwarding, in both directions, on all connections old and new."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Forward again, what was held back first."""
        self._flowing.set()

    def drop_answers(self) -> None:
        """Let requests through and lose every answer."""
        self._answering.clear()

    def cut(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

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
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            self._writers.add(far_writer)
            await asyncio.gather(
                self._pump(reader, far_writer, asks=True), self._pump(far_reader, writer)
            )

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool = False
    ) -> None:
        try:
            while data := await reader.read(65536):
                await self._flowing.wait()
                if asks or self._answering.is_set():
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
