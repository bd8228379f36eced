"""What this room needs of the API server, and which kinds it has.

Who takes part in a sync asks through here. A broken corner of the API, one
group or one webhook, is told from a server that is gone.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Protocol

from helmward.errors import ClusterUnavailable, HelmwardError, NotFound
from helmward.gitops.build import Manifest
from helmward.gitops.plan import Kind, Step, is_ignored, kind_of, own_kinds
from helmward.gitops.scope import EVERYTHING, Scope
from helmward.kube.listing import Listed, Selection
from helmward.kube.resources import Resource

ANSWER: Final = 5.0
"""Seconds that a group of the API may take to tell of its kinds."""


class Cluster(Protocol):
    """What this room needs of `kube.Kube`."""

    async def apply(
        self,
        obj: Mapping[str, Any],
        *,
        field_manager: str,
        force: bool,
        dry_run: bool = False,
        resource: Resource | None,
    ) -> dict[str, Any]:
        """Create or update an object by server-side apply."""

    async def resource_for(self, api_version: str, kind: str) -> Resource:
        """Find a kind, or raise NotFound."""

    async def get(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        """Return one object."""

    async def list_raw(self, selection: Selection, *, limit: int = 500) -> Listed:
        """Return many objects, unread."""

    async def patch(  # noqa: PLR0913 - as Kube has it
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        patch: Any,
        *,
        content_type: str,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        """Change single fields of an object."""

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        propagation: str | None = None,
    ) -> dict[str, Any]:
        """Ask for an object's deletion."""

    async def version(self) -> dict[str, Any]:
        """Return the server's version: shows whether it answers at all."""


async def known_kinds(
    cluster: Cluster, manifests: Sequence[Manifest], scope: Scope = EVERYTHING
) -> dict[Kind, Resource]:
    """Return the kinds of the manifests that the cluster knows; excluded ones are not asked for.

    Raises:
        ClusterUnavailable: the API server does not answer. If only one group
            of its kinds fails, those kinds count as unknown.
    """
    wanted = [manifest for manifest in manifests if not is_ignored(manifest)]
    asked = {kind_of(manifest) for manifest in wanted} - own_kinds(wanted).keys()
    found = await find_kinds(cluster, [kind for kind in asked if scope.has_kind(*kind)])
    return {kind: one for kind, one in found.items() if isinstance(one, Resource)}


async def find_kinds(
    cluster: Cluster, kinds: Collection[Kind]
) -> dict[Kind, Resource | HelmwardError]:
    """Look up kinds all at once; of each that is not found, say why.

    A group that does not answer costs little time, and none of the others.

    Raises:
        ClusterUnavailable: the API server is gone.
    """
    asked = sorted(kinds)
    answers = await asyncio.gather(*(_find(cluster, kind) for kind in asked))
    for answer in answers:
        if isinstance(answer, ClusterUnavailable):
            await raise_if_gone(cluster, answer)
            break
    return dict(zip(asked, answers, strict=True))


async def _find(cluster: Cluster, kind: Kind) -> Resource | HelmwardError:
    try:
        async with asyncio.timeout(ANSWER) as clock:
            return await cluster.resource_for(*kind)
    except HelmwardError as error:
        return error
    except TimeoutError:
        if not clock.expired():
            raise
        return ClusterUnavailable(f"the API {kind[0]} does not answer: is its server well?")


async def raise_if_gone(cluster: Cluster, error: ClusterUnavailable) -> None:
    """Tell a server that is gone from one that fails for a single object, say by a webhook."""
    try:
        await cluster.version()
    except ClusterUnavailable:
        raise error from None


async def look_up(cluster: Cluster, step: Step) -> dict[str, Any] | None:
    """Return the live object of a step, None if there is none."""
    try:
        return await cluster.get(resource_of(step), step.id.name, step.id.namespace or None)
    except NotFound:
        return None


def resource_of(step: Step) -> Resource:
    """Return the kind of a step of which it is known."""
    assert step.resource is not None, "who calls has looked up the kind"  # noqa: S101
    return step.resource
