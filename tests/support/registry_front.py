"""What stands before a registry: it counts, misbehaves, and can be no registry at all."""

import http.client
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.support.registry import Registry

HOP_BY_HOP = ("transfer-encoding", "connection", "content-length")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str:
        """What it says of who asks."""
        return self.headers.get("Authorization", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered instead of what the registry would."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], Answer | None]


class Front:
    """A server on a free port; what `answer` leaves to it, the registry behind answers."""

    def __init__(self, behind: Registry | None = None, answer: Answering | None = None) -> None:
        self.behind = behind
        self.answer = answer or (lambda _asked: None)
        self.seen: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """How a HelmRelease names the charts behind it."""
        return f"oci://{self.host}/charts"

    def count(self, method: str, part: str) -> int:
        """Count the requests whose path has the part."""
        return sum(1 for one in self.seen if one.method == method and part in one.path)

    def reply(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.seen.append(asked)
        given = self.answer(asked)
        if given is not None:
            return given
        return self._forward(asked) if self.behind else Answer(404)

    def _forward(self, asked: Asked) -> Answer:
        assert self.behind is not None
        connection = http.client.HTTPConnection(self.behind.host)
        try:
            headers = {name: value for name, value in asked.headers.items() if name != "Host"}
            connection.request(asked.method, asked.path, asked.body or None, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.headers))
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # head and body in one packet

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = dict(self.headers.items())
                answer = front.reply(Asked(self.command, self.path, headers, body))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                length = answer.headers.get("Content-Length", str(len(answer.body)))
                self.send_header("Content-Length", length)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            do_GET = do_HEAD = do_POST = handle_any  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Say nothing: the requests are kept."""

        return Handler
