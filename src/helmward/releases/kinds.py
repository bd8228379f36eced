"""The kinds of HelmRelease that are served, one of each API generation, and their objects.

`role` owns it. A kind whose CRD is not installed has no objects; it is
followed from the moment the CRD is there.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from helmward.apis import Generation
from helmward.errors import AccessDenied, NotFound
from helmward.kube import Kube
from helmward.kube.meta import PartialObject, decode_partial
from helmward.kube.resources import CRDS
from helmward.model import Declared, Key, ReleaseRef
from helmward.releases.dependencies import steps
from helmward.runtime.informer import EventType, Informer

BY_SCOPE: Final = "scope"
BY_RELEASE: Final = "release"
BY_STEP: Final = "depends-on"
ANTECEDENT: Final = ":helmrelease/"

Changed = Callable[[Declared | None, Declared | None], None]
OnLast = Callable[[Declared], None]


class Kind:
    """One generation: its HelmReleases, and whether its CRD is there to stay."""

    def __init__(
        self, kube: Kube, generation: Generation, namespace: str | None, on_last: OnLast
    ) -> None:
        self.generation = generation
        self._kube = kube
        self._asking = asyncio.Lock()
        self._asked, self._stays = float("-inf"), True
        resource = generation.resource
        self.declared: Informer[Declared] = Informer(
            kube, resource, decode=generation.decode, namespace=namespace, on_last=on_last
        )
        self._crd: Informer[PartialObject] = Informer(
            kube,
            CRDS,
            decode=decode_partial,
            field_selector=f"metadata.name={resource.plural}.{resource.group}",
            metadata_only=True,
        )
        self.declared.store.add_index(BY_SCOPE, generation.name_scopes)
        self.declared.store.add_index(BY_RELEASE, lambda one: (str(one.release),))
        self.declared.store.add_index(BY_STEP, steps)
        self._crd.subscribe(self._crd_changed)

    @property
    def going(self) -> bool:
        """Whether the CRD is being deleted, and with it all that is of this kind."""
        return any(one.metadata.deleting for one in self._crd.store)

    async def stays(self, since: float) -> bool:
        """Tell whether the CRD was there to stay at a moment after `since`; the server is asked.

        One answer serves all who ask about moments before it was asked for.
        """
        async with self._asking:
            if self._asked <= since:
                asked = time.monotonic()
                self._stays = await self._look()
                self._asked = asked
            return self._stays

    async def _look(self) -> bool:
        resource = self.generation.resource
        try:
            crd = await self._kube.get(CRDS, f"{resource.plural}.{resource.group}")
        except (AccessDenied, NotFound):
            return True  # Who may not look at CRDs takes a deletion for what it is.
        return not crd["metadata"].get("deletionTimestamp")

    async def run(self) -> None:
        """Follow the cluster until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._crd.run(), name="informer-crd")
            group.create_task(self.declared.run(), name="informer-helmreleases")

    def _crd_changed(self, *_: object) -> None:
        """Look for the kind at once when its CRD came or became ready."""
        self.declared.poke()


class Kinds:
    """All kinds of HelmRelease together."""

    def __init__(
        self,
        kube: Kube,
        generations: Iterable[Generation],
        namespace: str | None,
        on_last: OnLast = lambda _: None,
    ) -> None:
        self._kinds = {
            one.resource.api_version: Kind(kube, one, namespace, on_last) for one in generations
        }

    def __iter__(self) -> Iterator[Declared]:
        """Yield every HelmRelease of every kind."""
        for kind in self._kinds.values():
            yield from kind.declared.store

    def __len__(self) -> int:
        """Return how many HelmReleases there are."""
        return sum(len(kind.declared.store) for kind in self._kinds.values())

    @property
    def generations(self) -> dict[str, Generation]:
        """The generations served, by group and version."""
        return {api: kind.generation for api, kind in self._kinds.items()}

    @property
    def synced(self) -> bool:
        """Whether all that is in the cluster is known."""
        return all(kind.declared.synced.is_set() for kind in self._kinds.values())

    async def wait(self) -> None:
        """Wait until all that is in the cluster is known."""
        for kind in self._kinds.values():
            await kind.declared.synced.wait()

    async def run(self) -> None:
        """Follow the cluster until cancelled."""
        async with asyncio.TaskGroup() as group:
            for api, kind in self._kinds.items():
                group.create_task(kind.run(), name=f"kind-{api}")

    def subscribe(self, changed: Changed) -> None:
        """Tell `changed` of every HelmRelease that came, changed or went."""

        def tell(_: EventType, old: Declared | None, new: Declared | None) -> None:
            changed(old, new)

        for kind in self._kinds.values():
            kind.declared.subscribe(tell)

    def get(self, key: Key) -> Declared | None:
        """Return a HelmRelease as it is now; None when there is none."""
        kind = self._kinds.get(key.api)
        return kind.declared.store.get(key.namespace, key.name) if kind else None

    def generation(self, key: Key) -> Generation:
        """Return the generation of a HelmRelease."""
        return self._kinds[key.api].generation

    def scopes(self, declared: Declared) -> tuple[str, ...]:
        """Return within what its release name has to be unique."""
        return self.generation(declared.key).name_scopes(declared)

    def going(self, key: Key) -> bool:
        """Tell whether the CRD of a HelmRelease is being deleted."""
        return self._kinds[key.api].going

    async def stays(self, key: Key, since: float) -> bool:
        """Tell whether the CRD of a HelmRelease was there to stay after `since`; see `Kind`."""
        return await self._kinds[key.api].stays(since)

    def by_scope(self, scope: str) -> list[Declared]:
        """Return the HelmReleases of all kinds that ask for a name."""
        return self._by_index(BY_SCOPE, scope)

    def by_release(self, release: ReleaseRef) -> list[Declared]:
        """Return the HelmReleases of all kinds that ask for a release."""
        return self._by_index(BY_RELEASE, str(release))

    def named(self, path: str) -> list[Declared]:
        """Return the HelmReleases of all kinds that are called `namespace/name`."""
        namespace, _, name = path.partition("/")
        found = (kind.declared.store.get(namespace, name) for kind in self._kinds.values())
        return [one for one in found if one]

    def depending(self, path: str) -> list[Declared]:
        """Return the HelmReleases of all kinds that depend on one called `namespace/name`."""
        return self._by_index(BY_STEP, path)

    def exists(self, antecedent: str) -> bool:
        """Tell whether there is a HelmRelease that an antecedent annotation names.

        `<namespace>:helmrelease/<name>`, of whichever kind. Source: Flux v1's
        resource identifiers.
        """
        namespace, found, name = antecedent.partition(ANTECEDENT)
        stores = (kind.declared.store for kind in self._kinds.values())
        return bool(found) and any(store.get(namespace, name) for store in stores)

    def _by_index(self, index: str, word: str) -> list[Declared]:
        return [
            one
            for kind in self._kinds.values()
            for one in kind.declared.store.by_index(index, word)
        ]
