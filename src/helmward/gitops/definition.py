"""Sees to it that the cluster knows GitSyncs, where that is allowed.

Called by the boards; one for all of them. A sync works without the kind too,
so a cluster that does not take it is told of once, not an error.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from helmward.apis.gitsync import RESOURCE, crd
from helmward.errors import AccessDenied, Conflict, Invalid, NotFound
from helmward.kube import Kube
from helmward.kube.resources import CRDS

ESTABLISHING: Final = 15.0
"""Seconds that the API server has to serve the new kind."""
_LOOK: Final = 0.05

log = structlog.get_logger(__name__)


class Definition:
    """Whether the kind is served; installed at the first look if it is absent.

    `namespace` is the operator's own: rights in others are not needed.
    """

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.served = False
        self._kube = kube
        self._namespace = namespace
        self._lock = asyncio.Lock()
        self._said = False

    async def look(self) -> bool:
        """Return whether GitSyncs are served, and install their definition if they are not.

        Raises:
            ClusterUnavailable: the API server does not answer.
        """
        async with self._lock:
            if not self.served:
                self.served = await self._known() or await self._install()
            return self.served

    def forget(self) -> None:
        """Look anew at the next time: the kind seems to be gone."""
        self.served = False

    async def _known(self) -> bool:
        try:
            await self._kube.list(RESOURCE, self._namespace, limit=1, metadata_only=True)
        except NotFound:
            return False
        except AccessDenied:
            # Known or not: without rights nothing can be written there.
            return self._do_without("GitSyncs may not be read: status is written nowhere")
        return True

    async def _install(self) -> bool:
        try:
            await self._kube.apply(crd(), resource=CRDS)
        except (AccessDenied, Invalid, Conflict) as error:
            return self._do_without(str(error))
        with suppress(TimeoutError):
            async with asyncio.timeout(ESTABLISHING):
                while not await self._known():  # noqa: ASYNC110 (a matter of moments)
                    await asyncio.sleep(_LOOK)
                log.info("definition of GitSync installed")
                return True
        return False

    def _do_without(self, why: str) -> bool:
        if not self._said:
            self._said = True
            install = "helmward crds | kubectl apply --server-side -f -"
            log.warning("no GitSync shows how syncs stand", why=why, install=install)
        return False
