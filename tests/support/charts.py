"""Charts made on the fly, and a repository that serves them and can misbehave."""

import gzip
import hashlib
import io
import json
import socket
import ssl
import struct
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import yaml

from tests.support.certificates import Authority

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  greeting: {{ .Values.greeting | default "none" | quote }}
"""
SERVICE_ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Release.Name }}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-secret
stringData:
  token: {{ .Values.token | quote }}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector:
    app: {{ .Release.Name }}
  ports:
    - port: 80
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      app: {{ .Release.Name }}
  template:
    metadata:
      labels:
        app: {{ .Release.Name }}
    spec:
      containers:
        - name: main
          image: registry.invalid/app:{{ .Chart.AppVersion }}
"""
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .Release.Name }}
rules:
  - apiGroups: [""]
    resources: ["configmaps"]
    verbs: ["get"]
"""

SIX_TEMPLATES: Mapping[str, str] = {
    "serviceaccount.yaml": SERVICE_ACCOUNT,
    "secret.yaml": SECRET,
    "config.yaml": CONFIG_MAP,
    "role.yaml": ROLE,
    "service.yaml": SERVICE,
    "deployment.yaml": DEPLOYMENT,
}
SIX_VALUES: Mapping[str, Any] = {"greeting": "hello", "token": "planted", "replicas": 1}


def make_chart(  # noqa: PLR0913 (a chart has this many parts)
    folder: Path,
    name: str,
    version: str,
    templates: Mapping[str, str],
    values: Mapping[str, Any] | None = None,
    *,
    files: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Path:
    """Pack a chart into `<folder>/<name>-<version>.tgz`.

    `files` are further files of the chart, by their path inside it, such as
    `crds/things.yaml` or `values.schema.json`; `metadata` goes into Chart.yaml.
    """
    chart = {"apiVersion": "v2", "name": name, "version": version, "appVersion": "1.0.0"}
    content = {
        "Chart.yaml": yaml.safe_dump(chart | dict(metadata or {})),
        "values.yaml": yaml.safe_dump(dict(values or {})),
        **{f"templates/{path}": text for path, text in templates.items()},
        **dict(files or {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}.tgz"
    path.write_bytes(_packed({f"{name}/{inside}": text for inside, text in content.items()}))
    return path


def _packed(content: Mapping[str, str]) -> bytes:
    """Pack files so that the same content has the same bytes."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for path, text in content.items():
            entry = tarfile.TarInfo(path)
            encoded = text.encode()
            entry.size = len(encoded)
            archive.addfile(entry, io.BytesIO(encoded))
    return gzip.compress(raw.getvalue(), mtime=0)


def make_index(folder: Path) -> dict[str, Any]:
    """List the charts of a folder as `helm repo index` does."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.tgz")):
        with tarfile.open(path) as archive:
            member = next(m for m in archive.getmembers() if m.name.endswith("/Chart.yaml"))
            extracted = archive.extractfile(member)
            assert extracted is not None
            chart = yaml.safe_load(extracted.read())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entry = {**chart, "urls": [path.name], "digest": digest}
        entries.setdefault(chart["name"], []).append(entry)
    return {"apiVersion": "v1", "entries": entries}


@dataclass(frozen=True, slots=True)
class Fault:
    """How a path misbehaves."""

    status: int = 0
    body: bytes = b""
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    """How much of the body is sent before the connection is closed."""
    reset: bool = False
    """Close it without the manners of TCP."""
    drip: float = 0.0
    """Seconds between one byte and the next."""


SOUND = Fault()


class ChartRepo:
    """A Helm repository over HTTP on a free port."""

    def __init__(self, folder: Path, *, tls: bool | ssl.SSLContext = False) -> None:
        self.folder = folder
        self.requests: list[str] = []
        """`GET /index.yaml 200`, in the order they were answered."""
        self.authorization = ""
        """The Authorization header without which every answer is 401."""
        self.etags = True
        self._faults: dict[str, Fault] = {}
        self.shown: list[str] = []
        """The Authorization header of every request, empty where there was none."""
        self._tls = bool(tls)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls:
            context = tls if isinstance(tls, ssl.SSLContext) else Authority().serving()
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.reindex()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The repository's address."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def fail(
        self,
        ending: str = "",
        *,
        status: int = 0,
        body: bytes = b"",
        delay: float = 0.0,
        **more: Any,
    ) -> None:
        """Misbehave at paths that end so, everywhere by default; `Fault` says how."""
        self._faults[ending] = Fault(status, body, delay, **more)

    def heal(self) -> None:
        """Behave again."""
        self._faults.clear()

    def add(
        self,
        name: str,
        version: str,
        templates: Mapping[str, str],
        values: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Path:
        """Make a chart here and list it."""
        path = make_chart(self.folder, name, version, templates, values, **more)
        self.reindex()
        return path

    def reindex(self, *, digests: bool = True) -> None:
        """Write index.yaml anew."""
        index = make_index(self.folder)
        if not digests:
            for entry in (one for listed in index["entries"].values() for one in listed):
                del entry["digest"]
        (self.folder / "index.yaml").write_text(json.dumps(index))

    def count(self, ending: str, status: int | None = None) -> int:
        """Count the requests for a path, with a status if one is given."""
        wanted = f"{ending} {status or ''}"
        return sum(1 for line in self.requests if wanted in line)

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        """Decide on status, body and entity tag."""
        fault = self.fault(path)
        time.sleep(fault.delay)
        self.shown.append(headers.get("Authorization", ""))
        if self.authorization and headers.get("Authorization") != self.authorization:
            return 401, b"", ""
        if fault.status:
            return fault.status, b"broken on purpose", ""
        file = self.folder / path.rsplit("/", 1)[-1]
        if not fault.body and not file.is_file():
            return 404, b"", ""
        body = fault.body or file.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"' if self.etags else ""
        if etag and headers.get("If-None-Match") == etag:
            return 304, b"", etag
        return 200, body, etag

    def fault(self, path: str) -> Fault:
        """Find out how a path misbehaves."""
        return next((one for end, one in self._faults.items() if path.endswith(end)), SOUND)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        repo = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.split("?", maxsplit=1)[0]
                status, body, etag = repo.answer(path, dict(self.headers.items()))
                repo.requests.append(f"GET {path} {status}")
                try:
                    self._send(status, body, etag)
                except OSError:
                    self.close_connection = True

            def _send(self, status: int, body: bytes, etag: str) -> None:
                self.send_response(status)
                if etag:
                    self.send_header("ETag", etag)
                fault = repo.fault(self.path.split("?", maxsplit=1)[0])
                for name, value in fault.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                _deliver(self.connection, body, fault)
                self.close_connection = fault.cut is not None

            def log_message(self, *_: Any) -> None:
                """Say nothing: the requests are kept."""

        return Handler


def _deliver(connection: socket.socket, body: bytes, fault: Fault) -> None:
    """Send a body, or as much of it as the fault lets through."""
    for byte in body if fault.drip else b"":
        connection.sendall(bytes([byte]))
        time.sleep(fault.drip)
    if not fault.drip:
        connection.sendall(body[: fault.cut])
    if fault.reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def serving(folder: Path) -> Iterator[ChartRepo]:
    """Serve a folder's charts."""
    with ChartRepo(folder) as repo:
        yield repo
