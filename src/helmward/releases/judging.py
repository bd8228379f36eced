"""Whether what a HelmRelease depends on is ready, where its status alone does not say.

Called by `act` when an install, upgrade or take-over is next. Objects of other
kinds come from their watches; HelmReleases that an expression reads are asked
for when it is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from helmward.apis import Generation
from helmward.engine import Engine
from helmward.errors import NotFound, SpecInvalid, Superseded, TerminalError
from helmward.kube import Kube
from helmward.model import Declared, Dependency, Key
from helmward.releases.dependencies import MISSING
from helmward.releases.others import Others


@dataclass(frozen=True, slots=True)
class Judges:
    """Looks at dependencies, one HelmRelease's at a time."""

    engine: Engine
    kube: Kube
    others: Others
    named: Callable[[str], Sequence[Declared]]
    """HelmReleases by `namespace/name`, of all generations."""
    generation: Callable[[Key], Generation]

    async def judge(self, declared: Declared) -> tuple[str, ...]:
        """Return what is not ready of what has to be looked at, each with the reason.

        Raises:
            SpecInvalid: an expression is broken; the field is named.
            Superseded: the HelmRelease is gone.
            ClusterUnavailable, EngineLost: it is not known.
        """
        looked_at = [one for one in declared.depends_on if not one.seen_by_status]
        objects = [one.object for one in looked_at if not one.is_release]
        await self.others.hold(declared.key, objects)
        asking = await self._asking(declared) if any(one.expression for one in looked_at) else b""
        troubles = [(one, await self._trouble(one, asking)) for one in looked_at]
        return tuple(f"{one} {trouble}" for one, trouble in troubles if trouble)

    async def _trouble(self, dependency: Dependency, asking: bytes) -> str:
        if dependency.is_release:
            return await self._trouble_of_release(dependency, asking)
        document, trouble = self.others.get(dependency.object)
        if trouble or not dependency.ready:
            return trouble
        return await self._verdict(dependency, document, asking)

    async def _trouble_of_release(self, dependency: Dependency, asking: bytes) -> str:
        """Ask for each generation's that holds the name; one that is ready is enough."""
        trouble = MISSING
        for one in self.named(dependency.path):
            if one.deleting:
                continue
            try:
                document = await self._document(one.key)
            except NotFound:
                continue
            trouble = await self._verdict(dependency, document, asking)
            if not trouble:
                return ""
        return trouble

    async def _verdict(self, dependency: Dependency, document: bytes, asking: bytes) -> str:
        expression = dependency.expression
        try:
            found = await self.engine.judge(document, asking=asking, expression=expression)
        except TerminalError as error:
            raise SpecInvalid(f"{dependency.field}.readyExpr: {error}") from error
        if found.ready:
            return ""
        return f"is not ready: {found.why}" if found.why else "is not ready yet"

    async def _asking(self, declared: Declared) -> bytes:
        try:
            return await self._document(declared.key)
        except NotFound as error:
            raise Superseded("the HelmRelease is gone") from error

    async def _document(self, key: Key) -> bytes:
        path = self.generation(key).resource.path(key.namespace, key.name)
        return await self.kube.raw("GET", path)
