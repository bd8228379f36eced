"""The smallest client of an API server, so that these tests trust nothing of Helmward's."""

import http.client
import json
import re
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Api:
    """One API server and who we are there."""

    server: str
    trust: ssl.SSLContext
    token: str

    @classmethod
    def of(cls, kubeconfig: Path) -> "Api":
        """Speak as the kubeconfig's user."""
        text = kubeconfig.read_text()
        server = re.search(r"server: (\S+)", text)
        token = re.search(r"token: (\S+)", text)
        assert server
        assert token
        authority = kubeconfig.parent / "pki" / "ca.crt"
        return cls(server[1], ssl.create_default_context(cafile=authority), token[1])

    def as_bearer(self, token: str) -> "Api":
        """Speak to the same server as somebody else."""
        return replace(self, token=token)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return the status and the decoded answer."""
        status, answer = self.send(method, path, body)
        return status, json.loads(answer)

    def send(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Return the status and the answer as it came."""
        connection = http.client.HTTPSConnection(
            urlsplit(self.server).netloc, context=self.trust, timeout=10
        )
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """Return an object, or fail."""
        status, answer = self.call("GET", path)
        assert status == 200, answer
        return answer

    def create(self, path: str, body: object) -> Any:
        """Create an object, or fail."""
        status, answer = self.call("POST", path, body)
        assert status == 201, answer
        return answer
