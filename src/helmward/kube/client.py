"""The client of one API server; every other room asks the cluster through it."""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from helmward.errors import Invalid
from helmward.kube.cluster import ClusterConfig
from helmward.kube.discovery import Discovery
from helmward.kube.listing import Listed, Selection, Start, collect, partial, present, watch
from helmward.kube.reading import WatchEvent, understood
from helmward.kube.resources import Resource
from helmward.kube.translate import Target
from helmward.kube.transport import REQUEST, Request, Transport
from helmward.model import FIELD_MANAGER

Document = dict[str, Any]
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"


class Kube:
    """Requests to one API server as one identity: `async with Kube(config) as kube`.

    Every request may raise what `translate` makes of its failure: transient
    ClusterUnavailable, Conflict, NotFound, Expired, NamespaceUnready; terminal
    AccessDenied, Invalid. Nothing is tried again here: the queue does that.
    """

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config
        self._transport = Transport(config)
        self._discovery = Discovery(lambda path: self.raw("GET", path))

    async def __aenter__(self) -> Self:
        """Open the connection pools."""
        await self._transport.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self._transport.close()

    @property
    def requests(self) -> Counter[tuple[str, str]]:
        """How many requests were sent, by verb and resource."""
        return self._transport.requests

    async def version(self) -> Document:
        """Return the server's version, as `kubectl version` shows it."""
        return _document(await self.raw("GET", "/version"), Target("get", "version"))

    async def resource_for(self, api_version: str, kind: str) -> Resource:
        """Return the resource of a kind; asked once, and again when it was not found.

        Raises:
            NotFound: the cluster has no such kind (yet).
        """
        return await self._discovery.find(api_version, kind)

    async def get(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        metadata_only: bool = False,
    ) -> Document:
        """Return one object."""
        target = Target("get", resource.plural, namespace, name)
        headers = {"Accept": partial("PartialObjectMetadata")} if metadata_only else {}
        path = resource.path(namespace, name)
        return await self._ask(Request(target, "GET", path, headers=headers))

    async def list(  # noqa: PLR0913  # the API has as many knobs
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
        limit: int = 500,
    ) -> tuple[list[Document], str]:
        """Return the objects and the version of the list, read page by page."""
        chosen = Selection(resource, namespace, label_selector, field_selector, metadata_only)
        items, version = await collect(self._transport, chosen, limit)
        kind = {"apiVersion": resource.api_version, "kind": resource.kind}
        # The server leaves both out of the items of built-in kinds.
        return [kind | _document(item, chosen.target("list")) for item in items], version

    async def list_raw(self, selection: Selection, *, limit: int = 500) -> Listed:
        """Return the objects unread; if a page expires meanwhile, start again in one piece."""
        return await collect(self._transport, selection, limit)

    async def present(self, selection: Selection) -> str:
        """Return the version at which a list would be now: where a watch of news begins."""
        return await present(self._transport, selection)

    def watch(
        self, selection: Selection, start: Start | None = None, *, quiet: float = 75.0
    ) -> AsyncGenerator[WatchEvent, None]:
        """Yield events until the server ends the watch; see `listing.watch`."""
        return watch(self._transport, selection, start or Start(), quiet)

    async def create(
        self, resource: Resource, obj: Mapping[str, Any], namespace: str | None = None
    ) -> Document:
        """Create an object; one that exists is a Conflict with `exists`."""
        name, namespace = _identity(resource, obj, namespace)
        target = Target("create", resource.plural, namespace, name or None)
        params = {"fieldManager": FIELD_MANAGER}
        return await self._ask(Request(target, "POST", resource.path(namespace), params, obj))

    async def replace(
        self, resource: Resource, obj: Mapping[str, Any], *, subresource: str | None = None
    ) -> Document:
        """Replace an object; with a resourceVersion in it, only that version."""
        name, namespace = _identity(resource, obj, None)
        target = Target("update", _with(resource, subresource), namespace, name)
        params = {"fieldManager": FIELD_MANAGER}
        path = resource.path(namespace, name, subresource)
        return await self._ask(Request(target, "PUT", path, params, obj))

    async def apply(
        self,
        obj: Mapping[str, Any],
        *,
        field_manager: str = FIELD_MANAGER,
        force: bool = True,
        dry_run: bool = False,
        resource: Resource | None = None,
    ) -> Document:
        """Create or update an object by server-side apply; its kind is looked up."""
        if resource is None:
            resource = await self.resource_for(obj["apiVersion"], obj["kind"])
        name, namespace = _identity(resource, obj, None)
        params = {"fieldManager": field_manager, "force": "true" if force else "false"}
        if dry_run:
            params["dryRun"] = "All"
        target = Target("apply", resource.plural, namespace, name)
        headers = {"Content-Type": APPLY_PATCH}
        path = resource.path(namespace, name)
        return await self._ask(Request(target, "PATCH", path, params, obj, headers))

    async def patch(  # noqa: PLR0913  # the API has as many knobs
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        patch: Any,
        *,
        content_type: str = MERGE_PATCH,
        subresource: str | None = None,
        metadata_only: bool = False,
    ) -> Document:
        """Change single fields of an object that exists."""
        target = Target("patch", _with(resource, subresource), namespace, name)
        headers = {"Content-Type": content_type}
        if metadata_only:
            headers["Accept"] = partial("PartialObjectMetadata")
        params = {"fieldManager": FIELD_MANAGER}
        path = resource.path(namespace, name, subresource)
        return await self._ask(Request(target, "PATCH", path, params, patch, headers))

    async def replace_status(
        self, resource: Resource, name: str, namespace: str | None, status: Mapping[str, Any]
    ) -> Document:
        """Write the whole status, whatever it was; return the object's metadata.

        A JSON patch of one field with a short answer costs the server two
        thirds of what a merge patch does.
        """
        return await self.patch(
            resource,
            name,
            namespace,
            [{"op": "add", "path": "/status", "value": status}],
            content_type=JSON_PATCH,
            subresource="status",
            metadata_only=True,
        )

    async def delete(  # noqa: PLR0913  # the API has as many knobs
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str | None = None,
    ) -> Document:
        """Ask for an object's deletion; with uid or version, only of exactly that one."""
        options: Document = {"apiVersion": "v1", "kind": "DeleteOptions"}
        wanted = {"uid": uid, "resourceVersion": resource_version}
        if preconditions := {field: value for field, value in wanted.items() if value}:
            options["preconditions"] = preconditions
        if propagation:
            options["propagationPolicy"] = propagation
        target = Target("delete", resource.plural, namespace, name)
        path = resource.path(namespace, name)
        return await self._ask(Request(target, "DELETE", path, body=options))

    async def raw(  # noqa: PLR0913  # the API has as many knobs
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = REQUEST,  # noqa: ASYNC109  # it bounds the socket, not the caller
    ) -> bytes:
        """Send any request and return the body of its answer."""
        resource = "secrets" if "/secrets" in path else path.strip("/")
        request = Request(
            Target(method.lower(), resource),
            method,
            path,
            params or {},
            body,
            headers or {},
            timeout,
        )
        return await self._transport.send(request)

    async def _ask(self, request: Request) -> Document:
        return _document(await self._transport.send(request), request.target)


def _document(body: bytes, target: Target) -> Document:
    decoded: Document = understood(msgspec.json.decode, body, target)
    return decoded


def _with(resource: Resource, subresource: str | None) -> str:
    return f"{resource.plural}/{subresource}" if subresource else resource.plural


def _identity(
    resource: Resource, obj: Mapping[str, Any], namespace: str | None
) -> tuple[str, str | None]:
    metadata = obj.get("metadata") or {}
    name = metadata.get("name", "")
    if not resource.namespaced:
        return name, None
    namespace = namespace or metadata.get("namespace")
    if not namespace:
        raise Invalid(f'{resource.kind} "{name}" names no namespace')
    return name, namespace
