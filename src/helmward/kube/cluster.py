"""One cluster and who we are there; `config` finds it, `transport` uses it."""

import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from helmward.errors import ConfigInvalid
from helmward.kube.credentials import Credentials, Fixed


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """One cluster and one identity; nothing secret shows in its repr."""

    server: str
    namespace: str = "default"
    credentials: Credentials = field(default_factory=Fixed)
    ca: bytes | None = field(default=None, repr=False)
    """Certificates in PEM that sign the server's; None trusts the system's."""
    client_certificate: bytes | None = field(default=None, repr=False)
    client_key: bytes | None = field(default=None, repr=False)
    tls_server_name: str = ""
    insecure: bool = False
    proxy: str = ""
    impersonate: tuple[tuple[str, str], ...] = ()
    """Headers that ask to act as somebody else."""
    in_cluster: bool = False
    """Whether we run inside this very cluster, as an account of its own."""

    def ssl_context(self) -> ssl.SSLContext:
        """Build what every connection shares.

        Raises:
            ConfigInvalid: a certificate or key cannot be read.
        """
        try:
            context = ssl.create_default_context(cadata=self.ca.decode() if self.ca else None)
            self._show_certificate(context)
        except (ssl.SSLError, ValueError) as error:
            raise ConfigInvalid(
                f"{self.server}: a certificate or key is not valid PEM: {error}"
            ) from error
        # Cluster CAs often lack the extensions that newer Pythons insist on.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _show_certificate(self, context: ssl.SSLContext) -> None:
        # Python reads client certificates from files only: ours live for this call.
        if not self.client_certificate:
            return
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "client.pem"
            file.touch(mode=0o600)
            file.write_bytes(self.client_certificate + b"\n" + (self.client_key or b""))
            context.load_cert_chain(file)
