"""One object of any kind that somebody waits for, watched by its name.

Called by `others`. Holds the newest state of that object, and says in words
why there is none. Nothing is asked for again and again but a kind that the
cluster does not have yet.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from helmward.errors import HelmwardError
from helmward.kube import Kube, Resource
from helmward.kube.meta import decode_object, decode_partial
from helmward.kube.resources import SECRETS
from helmward.model import ObjectRef
from helmward.runtime.backoff import Backoff
from helmward.runtime.informer import Informer

MASK: Final = "***"
UNKNOWN: Final = "is not known yet"
MISSING: Final = "is not there"
DELETING: Final = "is being deleted"


class Watched:
    """The state of one object; `changed` is called when that, or what is in its way, is another.

    `decided` is set once anything is known.
    """

    def __init__(self, kube: Kube, ref: ObjectRef, changed: Callable[[], None]) -> None:
        self.decided = asyncio.Event()
        self._kube = kube
        self._ref = ref
        self._changed = changed
        self._informer: Informer[bytes] | None = None
        self._problem = UNKNOWN
        self._told = ("", b"")
        self._backoff: Backoff[str] = Backoff(base=2.0, cap=10.0)

    @property
    def document(self) -> bytes:
        """The object; empty where there is none, or where it goes."""
        found = self._informer.store.list() if self._informer else ()
        return b"".join(found[:1]) if not self.trouble else b""

    @property
    def trouble(self) -> str:
        """Why there is no object to look at; empty where there is one."""
        informer = self._informer
        if informer is None:
            return self._problem
        found = informer.store.list()
        if not found:
            return _why_nothing(informer)
        return DELETING if decode_partial(found[0]).metadata.deleting else ""

    async def run(self) -> None:
        """Follow the object until cancelled."""
        while (resource := await self._find()) is None:
            self._tell()
            await asyncio.sleep(self._backoff.next(""))
        self._informer = self._watch(resource)
        await self._informer.run()

    async def _find(self) -> Resource | None:
        ref = self._ref
        try:
            resource = await self._kube.resource_for(ref.api_version, ref.kind)
        except HelmwardError as error:
            self._problem = f"cannot be looked for: {error}"
            return None
        if resource.namespaced and not ref.namespace:
            self._problem = f"has no namespace given, and a {ref.kind} is in one"
            return None
        return resource

    def _watch(self, resource: Resource) -> Informer[bytes]:
        informer = Informer(
            self._kube,
            resource,
            decode=partial(_read, resource),
            namespace=self._ref.namespace if resource.namespaced else None,
            field_selector=f"metadata.name={self._ref.name}",
            turned=self._tell,
        )
        informer.subscribe(lambda *_: self._tell())
        return informer

    def _tell(self) -> None:
        now = (self.trouble, self.document)
        if self.trouble != UNKNOWN:
            self.decided.set()
        if now != self._told:
            self._told = now
            self._changed()


def _why_nothing(informer: Informer[bytes]) -> str:
    if informer.absent:
        return "is of a kind that is not installed"
    if informer.problem:
        return f"cannot be watched: {informer.problem}"
    return MISSING if informer.synced.is_set() else UNKNOWN


def _read(resource: Resource, document: bytes) -> bytes:
    """Return an object as expressions see it, with its kind, which lists leave out.

    Of a Secret they see which keys it has: one that fails would tell the rest.
    """
    kind: dict[str, Any] = {"apiVersion": resource.api_version, "kind": resource.kind}
    found = kind | decode_object(document)
    if resource == SECRETS:
        content = found.get("data") or {}
        found["data"] = {key: MASK if text else "" for key, text in content.items()}
        found["metadata"].pop("annotations", None)
    return msgspec.json.encode(found)
