"""Turns raw objects into items, each alone: one that cannot be read stops no other."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
import structlog

from helmward.errors import HelmwardError
from helmward.kube.meta import Meta, decode_partial
from helmward.runtime.store import Item

T = TypeVar("T")

INITIAL_END = "k8s.io/initial-events-end"

OnUndecodable = Callable[[Meta, Exception], None]

log = structlog.get_logger(__name__)


class _Identity(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class _Identified(msgspec.Struct, frozen=True):
    metadata: _Identity


_identify = msgspec.json.Decoder(_Identified)


def log_undecodable(meta: Meta, error: Exception) -> None:
    """Say which object is left out, and why."""
    log.warning("object cannot be read", namespace=meta.namespace, name=meta.name, error=str(error))


class Reader(Generic[T]):
    """Decodes single objects and reports those that it cannot.

    `decode` gets a copy of one object's bytes, so that what it keeps of them
    does not hold a whole list in memory.
    """

    def __init__(self, decode: Callable[[bytes], T], on_undecodable: OnUndecodable) -> None:
        self._decode = decode
        self._on_undecodable = on_undecodable

    def item(self, raw: msgspec.Raw) -> Item[T]:
        """Read one object; its value is None when it cannot be read."""
        document = bytes(raw)
        at = _identify.decode(document).metadata
        try:
            value = self._decode(document)
        except (ValueError, TypeError, LookupError, HelmwardError) as error:
            self._report(document, error)
            value = None
        return Item((at.namespace, at.name), at.uid, at.resource_version, value)

    def name(self, raw: msgspec.Raw) -> Item[T]:
        """Read only which object it is."""
        return which(raw)

    def _report(self, document: bytes, error: Exception) -> None:
        try:
            meta = decode_partial(document).metadata
        except msgspec.MsgspecError:
            at = _identify.decode(document).metadata
            meta = Meta(at.name, at.namespace, at.uid, at.resource_version)
        self._on_undecodable(meta, error)


def which(raw: msgspec.Raw) -> Item[Any]:
    """Return which object it is, and at which version, without its content."""
    at = _identify.decode(raw).metadata
    return Item((at.namespace, at.name), at.uid, at.resource_version, None)


def version_of(raw: msgspec.Raw) -> str:
    """Return the resourceVersion of an object or a bookmark."""
    return _identify.decode(raw).metadata.resource_version


def ends_the_beginning(raw: msgspec.Raw) -> bool:
    """Tell whether this bookmark says that the initial events are complete."""
    return INITIAL_END in decode_partial(bytes(raw)).metadata.annotations
