"""What building is handed from outside, as it is seen from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from helmward.kube.entries import Entries


class Opens(Protocol):
    """Opens encrypted documents: `sops.Decrypter`."""

    async def decrypt(self, document: bytes, form: str = "yaml") -> bytes:
        """Return the plain document, or raise DecryptFailed."""


class BuiltObject(Protocol):
    """An object that a kustomization is built to."""

    @property
    def value(self) -> dict[str, Any]:
        """The object."""

    @property
    def file(self) -> str:
        """Where it was written, or the kustomization that generated it."""


class Kustomizes(Protocol):
    """Builds kustomizations: the engine."""

    async def kustomize(
        self, files: Mapping[str, bytes], path: str, *, deadline: timedelta = ...
    ) -> Sequence[BuiltObject]:
        """Return the objects of the kustomization in a folder, or raise SourceRejected."""


@dataclass(frozen=True)
class Tools:
    """Who opens, builds and knows the variables."""

    decrypter: Opens
    kustomize: Kustomizes
    entries: Entries
    namespace: str
    """Where ConfigMaps and Secrets with variables are, unless they say otherwise."""
