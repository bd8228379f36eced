"""Helmward running in the test's own event loop, and HelmReleases to give it."""

import asyncio
import base64
import contextlib
import gzip
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from helmward import app
from helmward.apis import GENERATIONS, V1BETA1
from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.resources import CRDS, EVENTS, SECRETS, Resource
from helmward.settings import (
    ClusterSettings,
    GitSettings,
    ReleaseSettings,
    Settings,
    WebSettings,
)
from tests.support.wait import until

HELM_RELEASES: Resource = V1BETA1.resource
CHECK = timedelta(seconds=60)


def settings_for(
    kubeconfig: str, *, check: timedelta = CHECK, git: GitSettings | None = None, **releases: Any
) -> Settings:
    """Settings of both roles, or of the release role alone, on a free port."""
    return Settings(
        cluster=ClusterSettings(kubeconfig=Path(kubeconfig), session_namespace="default"),
        releases=ReleaseSettings(charts_sync_interval=check, **releases),
        git=git,
        web=WebSettings(listen="127.0.0.1:0"),
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """Run Helmward until the block ends, and end it as SIGTERM does."""
    ready = asyncio.Event()
    task = asyncio.create_task(app.run(settings, ready=ready))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({task, waiting}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        assert ready.is_set(), "not ready within 30 s"
        yield task
    finally:
        waiting.cancel()
        task.cancel()
        await asyncio.wait({task}, timeout=30)
        assert task.done(), f"did not stop within 30 s: {_what_still_runs()}"


def _what_still_runs() -> str:
    """Say where each task stands that did not end."""
    words = io.StringIO()
    for task in asyncio.all_tasks():
        task.print_stack(file=words)
    return words.getvalue()


async def install_crds(kube: Kube) -> None:
    """Install the CRDs of all generations and wait until they are served."""
    for generation in GENERATIONS:
        await kube.apply(generation.crd(), resource=CRDS)

    async def served() -> bool:
        try:
            for generation in GENERATIONS:
                await kube.list(generation.resource)
        except NotFound:
            return False
        return True

    await until(served, within=20)


@dataclass(frozen=True, slots=True)
class Releases:
    """HelmReleases of one namespace, written and read as a user would."""

    kube: Kube
    namespace: str
    repository: str
    made: list[tuple["Releases", str]] = field(default_factory=list)
    resource: Resource = HELM_RELEASES
    chart: str = "web"

    def elsewhere(self, namespace: str) -> "Releases":
        """The same for another namespace."""
        return replace(self, namespace=namespace)

    def of(self, chart: str, *, resource: Resource | None = None) -> "Releases":
        """The same of another chart, and of another generation if one is named."""
        return replace(self, chart=chart, resource=resource or self.resource)

    def document(self, name: str, **spec: Any) -> dict[str, Any]:
        """A HelmRelease of version 1.0.0 of the chart, unless the spec says otherwise.

        `annotations` go into its metadata.
        """
        chart = {"repository": self.repository, "name": self.chart, "version": "1.0.0"}
        chart |= spec.pop("chart", {})
        metadata: dict[str, Any] = {"name": name, "namespace": self.namespace}
        if annotations := spec.pop("annotations", None):
            metadata["annotations"] = annotations
        return {
            "apiVersion": self.resource.api_version,
            "kind": self.resource.kind,
            "metadata": metadata,
            "spec": {"chart": chart, **spec},
        }

    async def apply(self, name: str, **spec: Any) -> dict[str, Any]:
        """Apply it as `kubectl apply --server-side` does."""
        self.made.append((self, name))
        document = self.document(name, **spec)
        return await self.kube.apply(document, field_manager="user", resource=self.resource)

    async def annotate(self, name: str, **annotations: str | None) -> None:
        """Set annotations as `kubectl annotate` does; a word without a slash is one of ours."""
        named = {
            one if "/" in one else f"helmward.dev/{one.replace('_', '-')}": value
            for one, value in annotations.items()
        }
        patch = {"metadata": {"annotations": named}}
        await self.kube.patch(self.resource, name, self.namespace, patch)

    async def delete(self, name: str) -> None:
        """Ask for its deletion."""
        await self.kube.delete(self.resource, name, self.namespace)

    async def get(self, name: str) -> dict[str, Any]:
        """Read it."""
        return await self.kube.get(self.resource, name, self.namespace)

    async def status(self, name: str) -> dict[str, Any]:
        """Read its status."""
        return dict((await self.get(name)).get("status") or {})

    async def condition(self, name: str, kind: str) -> dict[str, Any]:
        """Read one condition; empty when it is not told."""
        told = (await self.status(name)).get("conditions", [])
        return next((one for one in told if one["type"] == kind), {})

    async def ready(self, name: str, *, within: float = 30.0) -> dict[str, Any]:
        """Wait until it is Ready in its present generation; return its status."""

        async def is_ready() -> dict[str, Any]:
            found = await self.get(name)
            status: dict[str, Any] = found.get("status") or {}
            up_to_date = status.get("observedGeneration") == found["metadata"]["generation"]
            good = any(
                one["type"] == "Ready" and one["status"] == "True"
                for one in status.get("conditions", [])
            )
            return status if up_to_date and good else {}

        try:
            return dict(await until(is_ready, within=within))
        except TimeoutError:
            raise AssertionError(f"{name} is not Ready: {await self.status(name)}") from None

    async def says(
        self, name: str, *words: str, kind: str = "Ready", within: float = 20.0
    ) -> dict[str, Any]:
        """Wait until the message of a condition holds all the words; return the condition."""

        async def said() -> dict[str, Any]:
            found = await self.condition(name, kind)
            text = f"{found.get('reason')} {found.get('message')}"
            return found if all(word in text for word in words) else {}

        try:
            return dict(await until(said, within=within))
        except TimeoutError:
            found = await self.status(name)
            raise AssertionError(f"{name} does not say {words}: {found}") from None

    async def gone(self, name: str, *, within: float = 30.0) -> None:
        """Wait until it is gone."""

        async def absent() -> bool:
            try:
                await self.get(name)
            except NotFound:
                return True
            return False

        await until(absent, within=within)

    async def clear(self) -> None:
        """Delete all that was made and wait until it is gone."""
        for releases, name in self.made:
            with contextlib.suppress(NotFound):
                await releases.delete(name)
        for releases, name in self.made:
            await releases.gone(name)

    async def revisions(self, release: str) -> list[dict[str, Any]]:
        """Decode the release Secrets as stock Helm does, oldest first."""
        selector = f"owner=helm,name={release}"
        found, _ = await self.kube.list(SECRETS, self.namespace, label_selector=selector)
        return sorted((decoded(one) for one in found), key=lambda one: int(one["version"]))

    async def secret(self, release: str, revision: int) -> dict[str, Any]:
        """Read the Secret of one revision."""
        name = f"sh.helm.release.v1.{release}.v{revision}"
        return await self.kube.get(SECRETS, name, self.namespace)

    async def tells(self, name: str, word: str, *, within: float = 10.0) -> None:
        """Wait until an event of a HelmRelease holds the word: events follow the status."""

        async def told() -> bool:
            return any(word in one for one in await self.events(name))

        try:
            await until(told, within=within)
        except TimeoutError:
            raise AssertionError(f"no event tells {word!r}: {await self.events(name)}") from None

    async def events(self, name: str) -> list[str]:
        """Return the messages of the events of a HelmRelease."""
        selector = f"involvedObject.name={name}"
        found, _ = await self.kube.list(EVENTS, self.namespace, field_selector=selector)
        return [one["message"] for one in found]


def decoded(secret: dict[str, Any]) -> dict[str, Any]:
    """Decode a release Secret in Helm's own format."""
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    document: dict[str, Any] = json.loads(gzip.decompress(packed))
    return document


async def mark(kube: Kube, namespace: str, release: str, revision: int, status: str) -> None:
    """Give a revision another status, as a writer leaves it who was stopped half way."""
    name = f"sh.helm.release.v1.{release}.v{revision}"
    document = decoded(await kube.get(SECRETS, name, namespace))
    document["info"]["status"] = status
    packed = base64.b64encode(gzip.compress(json.dumps(document).encode()))
    patch = {
        "metadata": {"labels": {"status": status}},
        "data": {"release": base64.b64encode(packed).decode()},
    }
    await kube.patch(SECRETS, name, namespace, patch)
