"""`POST /api/flux/v11/notify`: what told fluxd of a push goes on working.

Knows a callback and nothing of what it does. As with fluxd anybody may call,
and whoever does learns nothing: what is not followed is accepted as well.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from helmward.web.body import LARGEST_BODY, read_body

VERSIONS: Final = ("v6", "v7", "v8", "v9", "v10", "v11")
LONGEST_TEXT: Final = 2_048
"""Characters of an address or a branch."""

Notified = Callable[[list[str], str | None], None]
"""Told of addresses, and of the branch if one was named; called on the event loop."""


def routes(notified: Notified) -> list[web.RouteDef]:
    """Return what the server answers; other methods than POST get 405."""

    async def answer(request: web.Request) -> web.Response:
        """Answer 202 to every notice that can be read, 400 to others."""
        try:
            told = _read(await read_body(request, LARGEST_BODY))
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        if told is not None:
            url, branch = told
            notified([url], branch or None)
        return web.Response(status=202)

    return [web.post(f"/api/flux/{version}/notify", answer) for version in VERSIONS]


def _read(body: bytes) -> tuple[str, str] | None:
    """Return address and branch of a push; None for news of an image.

    Raises:
        ValueError: it is no notice; the message says what one is, and quotes nothing.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("the body is no JSON") from None
    notice = _fields(document, "the body")
    source = _fields(notice.get("source"), "Source")
    kind = notice.get("kind")
    if kind == "image":
        return None
    if kind != "git":
        raise ValueError("unknown kind of change: Kind must be git or image")
    return _text(source, "URL"), _text(source, "Branch")


def _fields(value: Any, what: str) -> dict[str, Any]:
    """Return the fields of a mapping; like Go, whatever case their names are in."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object")  # noqa: TRY004  # told to the caller
    return {str(name).casefold(): inner for name, inner in value.items()}


def _text(source: dict[str, Any], name: str) -> str:
    value = source.get(name.casefold()) or ""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ValueError(f"Source.{name} must be a text of {LONGEST_TEXT} characters at most")
    return value
