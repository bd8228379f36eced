"""`helmward diff` as it is typed, in a clone of a repository that an operator follows."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from helmward.apis.gitsync import RESOURCE
from helmward.errors import NotFound
from helmward.kube import Kube
from tests.support.git_repo import GitRepo
from tests.support.wait import until

SOURCES = str(Path(__file__).parents[2] / "src")
Files = Mapping[str, Any]


@dataclass(frozen=True)
class Clone:
    """A working tree, and the cluster that the operator has brought to its last commit."""

    kube: Kube
    git: GitRepo
    folder: Path
    repository: str
    kubeconfig: str
    namespace: str
    home: str = "default"
    """The operator's own namespace."""

    def __post_init__(self) -> None:
        """Clone the repository."""
        words = ("git", "clone", "--quiet", self.git.url, str(self.folder))
        subprocess.run(words, check=True)

    def write(self, files: Files) -> None:
        """Write documents, or texts, into the working tree; None deletes one."""
        for name, one in files.items():
            path = self.folder / name
            if one is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text(one))

    async def in_force(self, files: Files) -> str:
        """Commit files, wait until they are applied, and have them in the working tree."""
        written = {name: one if one is None else text(one) for name, one in files.items()}
        sha = self.git.commit(written)
        await until(lambda: self._applied(sha), within=40)
        self.pull()
        return sha

    def pull(self) -> None:
        """Bring the working tree to the last commit."""
        self.run("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
        self.run("reset", "--quiet", "--hard", f"origin/{self.git.branch}")

    def run(self, *words: str) -> None:
        """Run git in the working tree."""
        subprocess.run(["git", "-C", str(self.folder), *words], check=True)

    async def diff(self, *words: str, kubeconfig: str = "") -> tuple[int, str, str]:
        """Return the exit code, and what was printed on both ways."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "helmward", "diff", *words),
            *("--kubeconfig", kubeconfig or self.kubeconfig),
            *("--repository", self.repository),
            *("--k8s-default-namespace", self.namespace),
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": SOURCES},
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async def _applied(self, sha: str) -> bool:
        try:
            found = await self.kube.get(RESOURCE, self.repository, self.home)
        except NotFound:
            return False
        commit = (found.get("status") or {}).get("commit") or {}
        return bool(commit.get("sha") == sha)


def text(one: Any) -> str:
    """Return a document, or several, as YAML; a text as it is."""
    if isinstance(one, str):
        return one
    return yaml.safe_dump_all(one if isinstance(one, list) else [one])


def config_map(name: str, **entries: str) -> dict[str, Any]:
    """Return a ConfigMap that names no namespace."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": entries}


def secret(name: str, **entries: str) -> dict[str, Any]:
    """Return a Secret that names no namespace."""
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": entries}
