"""Real git servers: HTTP through `git http-backend`, SSH through git's own programs."""

import asyncio
import base64
import os
import shlex
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
from aiohttp import web

USER = "flux"
PASSWORD = "s3cret+pass/word"
READING = {"git-upload-pack"}


@dataclass(slots=True)
class HttpGit:
    """All repositories below a folder, at `url/<name>`; may be told to misbehave."""

    folder: Path
    login: tuple[str, str] | None = None
    url: str = ""
    requests: int = 0
    broken: bool = False
    """Answer 503 to everything."""
    silent: bool = False
    """Take requests and never answer."""
    redirect: str = ""
    """Send every request on to this address."""
    old: bool = False
    """Speak git's first protocol, in which only what is advertised may be asked for."""
    token: str = ""
    """Take this bearer token alone."""
    asked: list[str] = field(default_factory=list)
    """What each request was for, without those that were not let in."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if self.silent:
            await self.closing.wait()
        if self.broken:
            return web.Response(status=503, text="down")
        if self.redirect:
            return web.Response(status=302, headers={"Location": self.redirect + request.path_qs})
        if self.login and request.headers.get("Authorization") != _basic(self.login):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        self.asked.append(f"{request.method} {request.path}")
        return await _http_backend(self.folder, request, old=self.old)

    def counted(self, repository: str) -> int:
        """Count the requests that one repository answered."""
        return sum(f"/{repository}/" in one for one in self.asked)


@asynccontextmanager
async def http_git(
    folder: Path,
    login: tuple[str, str] | None = None,
    *,
    certificate: ssl.SSLContext | None = None,
) -> AsyncIterator[HttpGit]:
    """Serve the repositories below the folder over HTTP; with a certificate over HTTPS."""
    server = HttpGit(folder, login)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", server.serve)
    # Git says itself that a body is compressed, and its program reads it as it came.
    runner = web.AppRunner(app, shutdown_timeout=1, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate)
    await site.start()
    scheme = "https" if certificate else "http"
    server.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.closing.set()
        await runner.cleanup()


def _basic(login: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()


async def _http_backend(folder: Path, request: web.Request, *, old: bool) -> web.Response:
    """Ask the CGI program that comes with git."""
    body = await request.read()
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_cgi(folder, request, len(body)) | ({"GIT_PROTOCOL": ""} if old else {}),
    )
    output, _ = await process.communicate(body)
    head, _, content = output.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    return web.Response(status=status, headers=headers, body=content)


def _cgi(folder: Path, request: web.Request, length: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query_string,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(length),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "REMOTE_USER": "tester",
        "REMOTE_ADDR": "127.0.0.1",
    }


@dataclass(frozen=True, slots=True)
class SshGit:
    """All repositories below a folder, at `url/<name>`, for one key."""

    url: str
    key: Path
    known_hosts: Path
    port: int


@asynccontextmanager
async def ssh_git(
    folder: Path, private: Path, *, writable: bool = False, allowed: str = ""
) -> AsyncIterator[SshGit]:
    """Serve the repositories below the folder over SSH; keys are kept in `private`.

    `allowed` is the public key of who may log in, if it is not the server's own.
    """
    assert shutil.which("ssh"), "these tests need the program ssh: install openssh-client"
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    private.mkdir(exist_ok=True)  # noqa: ASYNC240
    key, known_hosts, users = private / "key", private / "known_hosts", private / "allowed"
    user_key.write_private_key(key)
    users.write_bytes(allowed.encode() or user_key.export_public_key())

    programs = READING | ({"git-receive-pack"} if writable else set())

    async def serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
        await _pack(folder, programs, process)

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=str(users),
        process_factory=serve,
        encoding=None,
    )
    port = server.get_port()
    known_hosts.write_bytes(f"[127.0.0.1]:{port} ".encode() + host_key.export_public_key())
    try:
        yield SshGit(f"ssh://git@127.0.0.1:{port}", key, known_hosts, port)
    finally:
        server.close()
        await server.wait_closed()


async def _pack(
    folder: Path, programs: set[str], process: asyncssh.SSHServerProcess[bytes]
) -> None:
    """Run what the client asks for, as `git-upload-pack '<path>'`, if it may."""
    program, path = shlex.split(process.command or "none none")
    if program not in programs:
        process.stderr.write(b"ERROR: this key may only read\n")
        process.exit(1)
        return
    git = await asyncio.create_subprocess_exec(
        "git",
        program.removeprefix("git-"),
        str(folder / path.lstrip("/")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null"},
    )
    feeding = asyncio.create_task(_feed(process.stdin, git.stdin))
    await asyncio.gather(_pump(git.stdout, process.stdout), _pump(git.stderr, process.stderr))
    feeding.cancel()
    process.exit(await git.wait())


async def _feed(source: Any, git: Any) -> None:
    """Hand over what the client says, to its end."""
    await _pump(source, git)
    git.close()


async def _pump(source: Any, target: Any) -> None:
    try:
        while chunk := await source.read(64 * 1024):
            target.write(chunk)
            await target.drain()
    except (ConnectionError, asyncssh.Error):
        return  # the client has seen enough
