"""temporary"""

import asyncio
from dataclasses import dataclass
from typing import Any

from helmward.gitops.build import Manifest, build
from helmward.gitops.snapshot import Snapshot
from helmward.gitops.tree import pick
from helmward.settings import PathSettings, RepositorySettings


@dataclass(frozen=True)
class Tools:
    decrypter: Any
    kustomize: Any
    entries: Any
    namespace: str


@dataclass(frozen=True)
class Built:
    manifests: tuple[Manifest, ...]
    notes: tuple[str, ...] = ()


class Builder:
    def __init__(self, settings: RepositorySettings, tools: Tools) -> None:
        self.tools = tools

    async def build(self, snapshot: Snapshot, path: PathSettings) -> Built:
        names = pick(snapshot.tree, [path.path], snapshot.head.sha)
        files = await snapshot.read(names)
        return Built(tuple(await asyncio.to_thread(build, files)))
