"""What values are composed from, where a test has no use for all of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from helmward.errors import SourceUnavailable, ValuesInvalid
from helmward.kube.entries import Entries
from helmward.kube.resources import Resource
from helmward.model import Document


@dataclass(frozen=True, slots=True)
class ObjectsAlone:
    """Objects of the cluster; no web, and a chart without files."""

    objects: Entries

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        return await self.objects.entries(resource, namespace, name)

    async def document(self, url: str) -> Document:
        raise SourceUnavailable(f"{url}: there is no web here")

    async def chart_file(self, _path: str) -> bytes | None:
        return None

    async def decrypt(self, _document: bytes, _form: str) -> bytes:
        raise ValuesInvalid("is encrypted, and there is no key here")
