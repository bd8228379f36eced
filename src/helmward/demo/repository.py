"""A git repository of the demo's own, written with the real `git`.

The user's git configuration, hooks and identity are neither read nor changed.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from helmward.errors import SourceUnavailable

BRANCH: Final = "main"
_OWN: Final = (
    *("-c", "user.name=Helmward demo"),
    *("-c", "user.email=demo@helmward.invalid"),
    *("-c", "commit.gpgSign=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "gc.auto=0"),
)


class Repository:
    """A working copy in `folder`, from which others may clone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def url(self) -> str:
        """What `--git-url` takes."""
        return self.folder.as_uri()

    async def create(self) -> None:
        """Make the empty repository."""
        self.folder.mkdir(parents=True)
        await self._git("init", "--quiet", f"--initial-branch={BRANCH}")

    async def commit(self, files: Mapping[str, str], message: str) -> str:
        """Write the files, commit them, and return the commit's short id."""
        for name, text in files.items():
            (self.folder / name).write_text(text)
        await self._git("add", "--all")
        await self._git("commit", "--quiet", "--message", message)
        return await self._git("rev-parse", "--short", "HEAD")

    async def _git(self, *words: str) -> str:
        """Run git here, without the user's or the system's configuration.

        Raises:
            SourceUnavailable: git failed; the message is its own.
        """
        alone = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        alone |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        process = await asyncio.create_subprocess_exec(
            *("git", *_OWN, *words),
            cwd=self.folder,
            env=alone,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = await process.communicate()
        if process.returncode:
            raise SourceUnavailable(f"git {words[0]}: {complaint.decode().strip()}")
        return said.decode().strip()
