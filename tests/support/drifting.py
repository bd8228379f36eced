"""A release whose objects somebody changes behind our back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from helmward.kube import Kube, Resource
from helmward.model import Divergence, Drift, Revision
from tests.support.helm import SOON, Helm, config_map
from tests.support.kubectl import Kubectl

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {tier: front}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        env: [{name: COLOUR, value: red}, {name: DB_PASSWORD, value: hunter2}]
        ports: [{containerPort: 80}, {containerPort: 443, name: tls}]
      - {name: side, image: side:1}
"""
BOX = "/spec/template/spec/containers"
WEB, MAP = "deployment/web", "configmap/c"


@dataclass(frozen=True, slots=True)
class Drifting:
    """A Deployment and a ConfigMap of a release, and somebody who changes them."""

    helm: Helm
    kubectl: Kubectl

    @property
    def kube(self) -> Kube:
        return self.helm.kube

    @property
    def namespace(self) -> str:
        return self.helm.namespace

    async def install(self, **more: str) -> Revision:
        """Install the two, and the templates given."""
        maps = {"w.yaml": DEPLOYMENT, "c.yaml": config_map("c", a="1", b="2")}
        return await self.helm.install(await self.helm.chart(maps | more))

    async def look(self, revision: Revision, **how: Any) -> Drift:
        """Look at the objects of a revision."""
        how.setdefault("deadline", SOON)
        return await self.helm.engine.drift(revision.release, base=revision.base, **how)

    async def edit(self, what: str, *changes: dict[str, Any]) -> None:
        """Change an object in the name of somebody."""
        patch = json.dumps(changes)
        await self.kubectl(
            "patch", what, "--type=json", f"--patch={patch}", "--field-manager=alice"
        )

    async def requests(self) -> int:
        """Count what the engine has asked the API server until now."""
        return (await self.helm.engine.stats()).api_requests

    async def web(self) -> dict[str, Any]:
        """Read the Deployment."""
        return dict(await self.kube.get(DEPLOYMENTS, "web", self.namespace))


def put(path: str, value: Any) -> dict[str, Any]:
    """Set a field."""
    return {"op": "add", "path": path, "value": value}


def take(path: str) -> dict[str, Any]:
    """Take a field out."""
    return {"op": "remove", "path": path}


def told(found: Iterable[Divergence]) -> list[str]:
    """Read `Kind name: path desired -> live (manager)`, `gone` and problems."""
    words: list[str] = []
    for one in found:
        name = one.object.brief
        words += [f"{name}: gone"] if one.gone else []
        words += [f"{name}: {one.problem}"] if one.problem else []
        words += [
            f"{name}: {change.path} {change.desired or '-'} -> {change.live or '-'}"
            f" ({change.author.manager if change.author else 'nobody'})"
            for change in one.changes
        ]
    return sorted(words)
