"""`POST /api/v1/hooks/{provider}`: a git host tells that something was pushed.

Knows a callback and nothing of what it does. Nothing of a body is read before
its signature is found right, and all that a caller can cause is a look at
repositories that are followed anyway.
"""

import hashlib
import hmac
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from aiohttp import web

from helmward.web.body import read_body

PATH: Final = "/api/v1/hooks"
LARGEST_BODY: Final = 256 << 10
"""Bytes of what a git host sends."""
MOST_DELIVERIES: Final = 4_096
"""Deliveries that are remembered, so that one that comes again does nothing."""
MOST_URLS: Final = 64
MOST_NODES: Final = 50_000
LONGEST_URL: Final = 2_048
LARGEST_SECRET: Final = 4_096

Refresh = Callable[[list[str]], None]

_NAMES: Final = frozenset(
    {
        *("clone_url", "ssh_url", "html_url", "git_url", "http_url", "web_url", "homepage"),
        *("git_ssh_url", "git_http_url", "href", "url", "urls", "remoteUrl", "sshUrl"),
    }
)
"""Under which git hosts give the addresses of a repository."""
_ADDRESS: Final = re.compile(r"(https?|ssh|git)://\S+|[\w.+-]+@[\w.-]+:\S+")


@dataclass(frozen=True, slots=True)
class _Provider:
    """How a git host shows that it knows the secret."""

    header: str
    prefix: str = ""
    """What stands before the signature's digits."""
    delivery: str = ""
    """The header with the number of the delivery."""
    plain: bool = False
    """Whether the secret itself is sent, instead of a signature."""

    def is_right(self, secret: bytes, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether the body comes from who knows the secret; takes as long either way."""
        shown = headers.get(self.header, "")
        if self.plain:
            expected = secret
        else:
            expected = (self.prefix + hmac.new(secret, body, hashlib.sha256).hexdigest()).encode()
        return hmac.compare_digest(shown.encode(errors="replace"), expected)


PROVIDERS: Final = {
    "github": _Provider("X-Hub-Signature-256", "sha256=", "X-GitHub-Delivery"),
    "gitlab": _Provider("X-Gitlab-Token", delivery="X-Gitlab-Event-UUID", plain=True),
    "bitbucket": _Provider("X-Hub-Signature", "sha256=", "X-Request-UUID"),
    "gitea": _Provider("X-Gitea-Signature", "", "X-Gitea-Delivery"),
    "generic": _Provider("X-Signature", "sha256=", "X-Delivery-Id"),
}


class Hooks:
    """Takes what git hosts send, for those whose secret lies in a folder."""

    def __init__(self, secrets: Path, *refresh: Refresh) -> None:
        """`secrets` has a file named after each provider; it is read anew each time.

        Everybody in `refresh` is told of all addresses, and knows his own.
        """
        self._secrets = secrets
        self._refresh = refresh
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def routes(self) -> list[web.RouteDef]:
        """Return what the server answers; other methods than POST get 405."""
        return [web.post(f"{PATH}/{name}", self._answer_of(name)) for name in PROVIDERS]

    def _answer_of(self, name: str) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.Response:
            """Answer 202 to whoever knows the secret, whatever it is that he sends."""
            secret = _secret(self._secrets / name)
            if not secret:
                raise web.HTTPNotFound
            body = await read_body(request, LARGEST_BODY)
            if not PROVIDERS[name].is_right(secret, body, request.headers):
                raise web.HTTPUnauthorized(text="the signature is missing or wrong")
            if self._is_new(name, request.headers.get(PROVIDERS[name].delivery, "")):
                self._tell(body, request.content_type)
            return web.Response(status=202, text="accepted")

        return answer

    def _tell(self, body: bytes, content_type: str) -> None:
        if urls := addresses(body, content_type):
            for refresh in self._refresh:
                refresh(urls)

    def _is_new(self, provider: str, delivery: str) -> bool:
        """Remember a delivery; one without a number is always new."""
        if not delivery:
            return True
        if (provider, delivery) in self._seen:
            return False
        self._seen[provider, delivery] = None
        if len(self._seen) > MOST_DELIVERIES:
            self._seen.popitem(last=False)
        return True


def addresses(body: bytes, content_type: str = "") -> list[str]:
    """Return the addresses of repositories that a body names; none where it cannot be read."""
    if content_type == "application/x-www-form-urlencoded":
        fields = parse_qs(body.decode(errors="replace"), max_num_fields=16)
        body = fields.get("payload", [""])[0].encode()
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return []
    found: dict[str, None] = {}
    for text in _texts(document):
        if len(text) <= LONGEST_URL and _ADDRESS.fullmatch(text):
            found[text] = None
        if len(found) == MOST_URLS:
            break
    return list(found)


def _texts(document: Any) -> Iterator[str]:
    """Yield what stands under the names that addresses have, those further up first."""
    ahead: deque[tuple[str, Any]] = deque([("", document)])
    for _ in range(MOST_NODES):
        if not ahead:
            return
        name, node = ahead.popleft()
        if isinstance(node, dict):
            ahead.extend(node.items())
        elif isinstance(node, list):
            ahead.extend((name, one) for one in node)
        elif isinstance(node, str) and name in _NAMES:
            yield node


def _secret(path: Path) -> bytes:
    """Return a provider's secret; empty where it has none."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_SECRET).strip(b"\r\n")
    except OSError:
        return b""
