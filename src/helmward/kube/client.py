"""The client of one API server; every other room asks the cluster through it."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec

from helmward.kube.config import ClusterConfig
from helmward.kube.resources import Resource
from helmward.model import FIELD_MANAGER

Document = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"


class WatchEvent(msgspec.Struct, frozen=True):
    """One line of a watch: ADDED, MODIFIED, DELETED or BOOKMARK, object unread."""

    type: str
    object: msgspec.Raw


class Page(msgspec.Struct, frozen=True):
    """One page of a list, its items unread."""

    items: list[msgspec.Raw]
    resource_version: str


class Kube:
    """Requests to one API server as one identity; `async with Kube(config) as kube`.

    Raises from every request:
        ClusterUnavailable, Conflict, NotFound, Expired, NamespaceUnready (transient),
        AccessDenied, Invalid (terminal).
    """

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config
        self.requests: Counter[tuple[str, str]] = Counter()

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def version(self) -> Document: ...
    async def resource_for(self, api_version: str, kind: str) -> Resource: ...
    async def get(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        metadata_only: bool = False,
    ) -> Document: ...
    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
        limit: int = 500,
    ) -> tuple[list[Document], str]: ...
    async def create(
        self, resource: Resource, obj: Mapping[str, Any], namespace: str | None = None
    ) -> Document: ...
    async def replace(
        self, resource: Resource, obj: Mapping[str, Any], *, subresource: str | None = None
    ) -> Document: ...
    async def apply(
        self,
        obj: Mapping[str, Any],
        *,
        field_manager: str = FIELD_MANAGER,
        force: bool = True,
        dry_run: bool = False,
        resource: Resource | None = None,
    ) -> Document: ...
    async def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        patch: Any,
        *,
        content_type: str = MERGE_PATCH,
        subresource: str | None = None,
    ) -> Document: ...
    async def patch_status(
        self, resource: Resource, name: str, namespace: str | None, patch: Mapping[str, Any]
    ) -> Document: ...
    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str | None = None,
    ) -> Document: ...
    async def raw(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes: ...
    def pages(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
        limit: int = 500,
    ) -> AsyncIterator[Page]: ...
    def watch(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
        initial_events: bool = False,
        quiet: float = 75.0,
    ) -> AsyncIterator[WatchEvent]: ...
