"""A chart repository over HTTP, for as long as the demo lasts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from helmward.demo.pack import Archive, index


@asynccontextmanager
async def chart_repository(archives: Sequence[Archive]) -> AsyncIterator[str]:
    """Serve `index.yaml` and the archives on a free port; gives the repository's URL."""
    files = {archive.filename: archive.content for archive in archives}
    files["index.yaml"] = index(archives)

    async def serve(request: web.Request) -> web.Response:
        content = files.get(request.match_info["name"])
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content)

    app = web.Application()
    app.router.add_get("/{name}", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
