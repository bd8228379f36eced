"""Lists and watches: many objects at once, each left unread for its own decoder."""

import random
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from helmward.errors import Expired
from helmward.kube.reading import Page, WatchEvent, lines, read_event, read_page
from helmward.kube.resources import Resource
from helmward.kube.translate import Target
from helmward.kube.transport import JSON, Request, Transport

LIST_TIMEOUT: Final = 60.0
SHORTEST, LONGEST = 900, 1800
"""Seconds after which the server ends a watch, so that connections spread anew; not all at once."""

Listed = tuple[list[msgspec.Raw], str]
"""The objects, and the version of the list."""


def partial(kind: str) -> str:
    """Return the Accept header that asks for metadata only."""
    return f"application/json;as={kind};g=meta.k8s.io;v=v1,application/json"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a kind are listed or watched, and how much of each."""

    resource: Resource
    namespace: str | None = None
    label_selector: str = ""
    field_selector: str = ""
    metadata_only: bool = False

    @property
    def params(self) -> dict[str, str]:
        """The selectors as a query."""
        chosen = {"labelSelector": self.label_selector, "fieldSelector": self.field_selector}
        return {name: value for name, value in chosen.items() if value}

    def target(self, verb: str) -> Target:
        """Return what a request for it is about."""
        return Target(verb, self.resource.plural, self.namespace)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a watch begins."""

    resource_version: str = ""
    initial_events: bool = False
    """Let the server send first what there is, then a bookmark that says so."""
    opened: Callable[[], None] = lambda: None
    """Called when the server has accepted the watch; silence is health from then on."""

    @property
    def params(self) -> dict[str, str]:
        """The beginning as a query."""
        params = {"resourceVersion": self.resource_version}
        if self.initial_events:
            params |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        return params


async def collect(transport: Transport, selection: Selection, limit: int) -> Listed:
    """Return a consistent list; if a page expires meanwhile, start again in one piece."""
    try:
        return await _collect(transport, selection, limit)
    except Expired:
        return await _collect(transport, selection, 0)


async def _collect(transport: Transport, selection: Selection, limit: int) -> Listed:
    items: list[msgspec.Raw] = []
    version = ""
    async for page in pages(transport, selection, limit):
        items += page.items or ()
        version = page.resource_version
    return items, version


async def pages(
    transport: Transport, selection: Selection, limit: int
) -> AsyncGenerator[Page, None]:
    """Yield a list page by page; 0 asks for all at once."""
    target = selection.target("list")
    path = selection.resource.path(selection.namespace)
    accept = partial("PartialObjectMetadataList") if selection.metadata_only else JSON
    params = selection.params | ({"limit": str(limit)} if limit else {})
    while True:
        headers = {"Accept": accept}
        request = Request(target, "GET", path, params, headers=headers, timeout=LIST_TIMEOUT)
        page = read_page(await transport.send(request), target)
        yield page
        if not page.next:
            return
        params = params | {"continue": page.next}


async def present(transport: Transport, selection: Selection) -> str:
    """Return the version of the list, of which no more than one object is asked for."""
    async for page in pages(transport, selection, 1):
        return page.resource_version
    return ""


async def watch(
    transport: Transport, selection: Selection, start: Start, quiet: float
) -> AsyncGenerator[WatchEvent, None]:
    """Yield events until the server ends the watch.

    Bookmarks come about once a minute: `quiet` seconds without a byte mean
    that the connection is dead.

    Raises:
        Expired: the version is too old: list anew.
        ClusterUnavailable: the connection broke, or went silent.
    """
    target = selection.target("watch")
    params = selection.params | start.params
    params |= {"watch": "true", "allowWatchBookmarks": "true"}
    params["timeoutSeconds"] = str(random.randint(SHORTEST, LONGEST))  # noqa: S311  # no secret
    headers = {"Accept": partial("PartialObjectMetadata") if selection.metadata_only else JSON}
    path = selection.resource.path(selection.namespace)
    request = Request(target, "GET", path, params, headers=headers)
    async with transport.stream(request, quiet) as content:
        start.opened()
        async for line in lines(content.iter_any()):
            yield read_event(line, target)
