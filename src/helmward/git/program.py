"""Runs the program `git`: no shell, a cleared environment, a deadline, bounded output.

Called by who knows what to ask; this module knows how to ask safely. Whatever
git starts is killed with it.
"""

import asyncio
import os
import resource
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from helmward.errors import ConfigInvalid
from helmward.git.outputs import end, last, whole

MAX_OUTPUT: Final = 192 * 1024 * 1024
MAX_WORDS: Final = 64 * 1024

_PASSED_ON: Final = (
    *("PATH", "SSH_AUTH_SOCK", "GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
    *("no_proxy", "NO_PROXY"),
)
"""All that git sees of our environment."""

_ALWAYS: Final = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "http:https:ssh:git:file",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_SSH_VARIANT": "ssh",
    "GIT_OPTIONAL_LOCKS": "0",
}


class GitFailed(Exception):
    """Git ended otherwise than well; who asked translates it, its words may hold secrets."""


class GitTimedOut(GitFailed):
    """Git was killed because it took too long."""


class Git:
    """The program with one home folder, where its only configuration is."""

    def __init__(
        self,
        home: Path,
        timeout: float,
        env: Mapping[str, str] | None = None,
        *,
        largest_file: int = 0,
    ) -> None:
        """`largest_file` is what a file that git writes may have in bytes; 0 is no limit."""
        self._home = home
        self._timeout = timeout
        self._largest_file = largest_file
        self._env = environment(home) | dict(env or {})

    async def __call__(self, *args: str, stdin: bytes = b"") -> bytes:
        """Run git and return what it prints.

        Cancelled or late, the whole process group is killed first.

        Raises:
            GitFailed: with git's own words.
            ConfigInvalid: the program is not there.
        """
        process = await self._start(args)
        try:
            async with asyncio.timeout(self._timeout):
                output, words = await _talk(process, stdin)
        except TimeoutError as error:
            raise GitTimedOut(f"no answer within {self._timeout:g} s") from error
        finally:
            await end(process)
        if process.returncode:
            raise GitFailed(words.decode(errors="replace"))
        if len(output) > MAX_OUTPUT:
            raise GitFailed(f"more than {MAX_OUTPUT} bytes of output")
        return output

    async def _start(self, args: tuple[str, ...]) -> asyncio.subprocess.Process:
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                *args,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._env,
                cwd=self._home,
                start_new_session=True,
                # Else what writes too much is killed without a word; so it says why it ends.
                restore_signals=not self._largest_file,
            )
        except FileNotFoundError as error:
            raise ConfigInvalid("following a git repository needs the program git") from error
        self._limit(process.pid)
        return process

    def _limit(self, pid: int) -> None:
        """Bound what is written: what a remote sends is larger than it says, or without end."""
        if self._largest_file and hasattr(resource, "prlimit"):
            with suppress(ProcessLookupError):
                limit = (self._largest_file, self._largest_file)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)


def environment(home: Path) -> dict[str, str]:
    """Return all that git and what it starts may know of the world."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    own = {"HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / "config")}
    return passed | _ALWAYS | own


def write_config(home: Path, values: Mapping[str, str]) -> None:
    """Write git's only configuration file; names are `section.key`."""
    lines = []
    for name, value in values.items():
        section, _, key = name.partition(".")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'[{section}]\n\t{key} = "{escaped}"\n')
    (home / "config").write_text("".join(lines))


async def _talk(process: asyncio.subprocess.Process, stdin: bytes) -> tuple[bytes, bytes]:
    async with asyncio.TaskGroup() as group:
        group.create_task(_feed(process.stdin, stdin))
        output = group.create_task(whole(process.stdout, MAX_OUTPUT))
        words = group.create_task(last(process.stderr, MAX_WORDS))
        group.create_task(process.wait())
    return output.result(), words.result()


async def _feed(stream: asyncio.StreamWriter | None, content: bytes) -> None:
    if stream is None:
        return
    try:
        stream.write(content)
        await stream.drain()
    except ConnectionError:
        pass  # git ended without reading all of it: its own words say why
    finally:
        stream.close()
