"""A real registry of OCI charts on a free port, and what is pushed to it.

The registry is the CNCF's own, part of the program devplane. Charts are pushed
over its HTTP API as `helm push` does, signatures as `cosign sign` does.
"""

import base64
import hashlib
import http.client
import json
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tests.support.charts import CONFIG_MAP, make_chart

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
EMPTY: Final = "application/vnd.oci.empty.v1+json"
CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
CHART: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
LEGACY_CHART: Final = "application/tar+gzip"
PROVENANCE: Final = "application/vnd.cncf.helm.chart.provenance.v1.prov"
SIMPLE_SIGNING: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGN: Final = "https://sigstore.dev/cosign/sign/v1"

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Pushed:
    """A manifest in the registry."""

    digest: str
    content: bytes
    kind: str = OCI_MANIFEST

    @property
    def described(self) -> dict[str, Any]:
        """What others say to point at it."""
        return {"mediaType": self.kind, "digest": self.digest, "size": len(self.content)}

    @property
    def tag(self) -> str:
        """How its digest is written where a tag is wanted."""
        return self.digest.replace(":", "-")


@dataclass
class Registry:
    """A registry that runs, and who may push to it."""

    address: str
    """`http://127.0.0.1:41115`."""
    folder: Path
    process: subprocess.Popen[str]
    user: str = ""
    password: str = ""
    ca: Path | None = None
    options: Sequence[str] = field(default_factory=tuple)

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.address).netloc

    @property
    def url(self) -> str:
        """How a HelmRelease names the charts here."""
        return f"oci://{self.host}/charts"

    def push(  # noqa: PLR0913 (a manifest has this many parts)
        self,
        archive: Path,
        *,
        tag: str = "",
        provenance: bytes = b"",
        repository: str = "",
        layer: str = CHART,
        config: str = CONFIG,
    ) -> Pushed:
        """Push a chart's archive, `<name>-<version>.tgz`, under its version or another tag."""
        name, version = named(archive)
        repository = repository or f"charts/{name}"
        layers = [self.blob(repository, layer, archive.read_bytes())]
        if provenance:
            layers.append(self.blob(repository, PROVENANCE, provenance))
        meta = json.dumps({"name": name, "version": version}).encode()
        described = self.blob(repository, config, meta)
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described}
        tag = tag or version.replace("+", "_")
        return self.manifest(repository, tag, manifest | {"layers": layers})

    def blob(self, repository: str, kind: str, content: bytes) -> dict[str, Any]:
        """Push a blob and describe it."""
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        start = self.ask("POST", f"/v2/{repository}/blobs/uploads/", wanted=202)[1]
        parts = urlsplit(start["Location"])
        where = f"{parts.path}?{parts.query}&digest={digest}"
        self.ask("PUT", where, content, "application/octet-stream", wanted=201)
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def manifest(
        self, repository: str, reference: str, document: Any, kind: str = OCI_MANIFEST
    ) -> Pushed:
        """Push a manifest under a tag, or by its digest where that is empty."""
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        where = f"/v2/{repository}/manifests/{reference or digest}"
        self.ask("PUT", where, content, kind, wanted=201)
        return Pushed(digest, content, kind)

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "", *, wanted: int = 200
    ) -> tuple[bytes, Mapping[str, str]]:
        """Make a request that must be answered as wanted."""
        connection = self._connection()
        headers = {"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}"}
        if kind:
            headers["Content-Type"] = kind
        if self.user:
            word = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            headers["Authorization"] = f"Basic {word}"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
            assert response.status == wanted, (method, path, response.status, content)
            return content, dict(response.headers)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.ca is None:
            return http.client.HTTPConnection(self.host)
        trust = ssl.create_default_context(cafile=str(self.ca))
        return http.client.HTTPSConnection(self.host, context=trust)

    def tamper(self, digest: str) -> None:
        """Change a byte of a blob on the registry's disk."""
        found = next(self.folder.glob(f"**/{digest.removeprefix('sha256:')}/data"))
        content = bytearray(found.read_bytes())
        content[len(content) // 2] ^= 1
        found.write_bytes(bytes(content))

    def stop(self) -> None:
        """Take the registry away; what was pushed stays on disk."""
        self.process.terminate()
        self.process.wait(timeout=30)
        if self.process.stdout:
            self.process.stdout.close()

    def start(self) -> None:
        """Bring it back at the same address."""
        self.process, _ = _started([*self.options, "--listen", self.host])


def named(archive: Path) -> tuple[str, str]:
    """Take `app-1.0.0.tgz` apart."""
    stem = archive.name.removesuffix(".tgz")
    at = next(i for i, letter in enumerate(stem) if letter == "-" and stem[i + 1].isdigit())
    return stem[:at], stem[at + 1 :]


@contextmanager
def running_registry(
    folder: Path, *, user: str = "", password: str = "", tls: tuple[Path, Path, Path] | None = None
) -> Iterator[Registry]:
    """Run a registry for the time of the block; `tls` are CA, certificate and key."""
    options = ["--dir", str(folder), "--die-with-parent"]
    if user:
        options += ["--user", user, "--password", password]
    if tls:
        options += ["--tls-cert", str(tls[1]), "--tls-key", str(tls[2])]
    process, address = _started(options)
    ca = tls[0] if tls else None
    registry = Registry(address, folder, process, user, password, ca, options)
    try:
        yield registry
    finally:
        registry.stop()


def _started(options: Sequence[str]) -> tuple[subprocess.Popen[str], str]:
    command = [str(files("helmward") / "_bin" / "devplane"), "registry", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.stdout.close()
        raise AssertionError(f"the registry did not start: {process.wait(timeout=30)}")
    return process, str(json.loads(line)["address"])


# --- Signatures, as cosign makes them -----------------------------------------


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a key as `cosign generate-key-pair` does."""
    return ec.generate_private_key(ec.SECP256R1())


def public_pem(key: Key) -> bytes:
    """Write what stands in cosign.pub."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def signed(key: Key, message: bytes) -> bytes:
    """Sign a message."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def simple_payload(digest: str) -> bytes:
    """Name a manifest as cosign's payloads do."""
    critical = {
        "identity": {"docker-reference": ""},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
    }
    return json.dumps({"critical": critical, "optional": None}).encode()


def sign_by_tag(  # noqa: PLR0913 (what is signed, and what goes wrong with it)
    registry: Registry,
    repository: str,
    of: Pushed,
    key: Key,
    *,
    payload: bytes = b"",
    sent: bytes = b"",
) -> Pushed:
    """Sign a manifest in the tag beside it; `sent` is pushed in place of what was signed."""
    payload = payload or simple_payload(of.digest)
    layer = registry.blob(repository, SIMPLE_SIGNING, sent or payload)
    word = base64.b64encode(signed(key, payload)).decode()
    layer["annotations"] = {"dev.cosignproject.cosign/signature": word}
    config = registry.blob(repository, "application/vnd.oci.image.config.v1+json", b"{}")
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config,
        "layers": [layer],
    }
    return registry.manifest(repository, f"{of.tag}.sig", document)


def message_bundle(of: Pushed, key: Key) -> dict[str, Any]:
    """Write a bundle with a signature of the manifest itself."""
    sum_of = base64.b64encode(hashlib.sha256(of.content).digest()).decode()
    word = base64.b64encode(signed(key, of.content)).decode()
    message = {
        "messageDigest": {"algorithm": "SHA2_256", "digest": sum_of},
        "signature": word,
    }
    return _bundle({"messageSignature": message})


def statement_bundle(of: Pushed, key: Key, *, kind: str = SIGN) -> dict[str, Any]:
    """Write a bundle with a signed statement about the manifest."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "", "digest": {"sha256": of.digest.removeprefix("sha256:")}}],
        "predicateType": kind,
        "predicate": {},
    }
    payload, kind = json.dumps(statement).encode(), "application/vnd.in-toto+json"
    message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": kind,
        "signatures": [{"sig": base64.b64encode(signed(key, message)).decode()}],
    }
    return _bundle({"dsseEnvelope": envelope})


def _bundle(content: dict[str, Any]) -> dict[str, Any]:
    material = {"publicKey": {"hint": "a key"}, "tlogEntries": []}
    return {"mediaType": BUNDLE, "verificationMaterial": material, **content}


def refer(registry: Registry, repository: str, of: Pushed, bundle: dict[str, Any]) -> Pushed:
    """Push a bundle that refers to a manifest, listed in the tag for registries of old."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": BUNDLE,
        "config": registry.blob(repository, EMPTY, b"{}"),
        "layers": [registry.blob(repository, BUNDLE, json.dumps(bundle).encode())],
        "subject": of.described,
    }
    referrer = registry.manifest(repository, "", document)
    listed = {**referrer.described, "artifactType": BUNDLE}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [listed]}
    registry.manifest(repository, of.tag, index, OCI_INDEX)
    return referrer


def chart(folder: Path, version: str = "1.0.0", **values: Any) -> Path:
    """Make the archive of a small chart `app`."""
    return make_chart(folder / "made", "app", version, {"c.yaml": CONFIG_MAP}, values)
