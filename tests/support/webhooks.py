"""A mutating webhook, served over TLS, that the API server really calls."""

import base64
import copy
import json
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from helmward.kube import Kube
from helmward.kube.resources import Resource
from tests.support.certificates import Authority
from tests.support.wait import until

Document = dict[str, Any]
Change = Callable[[Document], None]

CONFIGURATIONS: Final = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    namespaced=False,
)
ALWAYS: Final = ("CREATE", "UPDATE")


@dataclass(slots=True)
class Webhook:
    """Changes objects on their way into storage, and remembers whom it met."""

    change: Change
    met: list[str] = field(default_factory=list)
    """`CREATE web`, `UPDATE web (dry run)`, in order."""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one AdmissionReview."""
        asked = (await request.json())["request"]
        before = asked["object"]
        dry = " (dry run)" if asked.get("dryRun") else ""
        self.met.append(f"{asked['operation']} {asked.get('name', '')}{dry}")
        after = copy.deepcopy(before)
        self.change(after)
        patch = base64.b64encode(json.dumps(_difference(before, after)).encode()).decode()
        said = {"uid": asked["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
        return web.json_response({**review, "response": said})


def _difference(before: Document, after: Document) -> list[Document]:
    """Say as JSON patch what became of the parts of an object; of metadata, part by part."""
    parts = [("", name) for name in after if name != "metadata"]
    parts += [("/metadata", name) for name in after["metadata"]]
    found = []
    for above, name in parts:
        old, new = (one["metadata"] if above else one for one in (before, after))
        if old.get(name) != new[name]:
            found.append({"op": "add", "path": f"{above}/{name}", "value": new[name]})
    return found


@asynccontextmanager
async def mutating(  # noqa: PLR0913  # a webhook has as many knobs
    kube: Kube,
    namespace: str,
    resource: Resource,
    change: Change,
    *,
    at: Collection[str] = ALWAYS,
    side_effects: str = "None",
) -> AsyncIterator[Webhook]:
    """Let a webhook change all objects of a kind in a namespace, until the block ends."""
    authority, webhook = Authority(), Webhook(change)
    runner = await _served(webhook, authority)
    name = f"{namespace}-{secrets.token_hex(3)}.webhooks.test"
    port = runner.addresses[0][1]
    hook = {
        "name": name,
        "admissionReviewVersions": ["v1"],
        "sideEffects": side_effects,
        "reinvocationPolicy": "IfNeeded",
        "clientConfig": {
            "url": f"https://127.0.0.1:{port}/",
            "caBundle": base64.b64encode(authority.pem).decode(),
        },
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "rules": [
            {
                "apiGroups": [resource.group],
                "apiVersions": [resource.version],
                "resources": [resource.plural],
                "operations": list(at),
            }
        ],
    }
    try:
        await kube.create(CONFIGURATIONS, {"metadata": {"name": name}, "webhooks": [hook]})
        try:
            yield webhook
        finally:
            await kube.delete(CONFIGURATIONS, name)
    finally:
        await runner.cleanup()


async def _served(webhook: Webhook, authority: Authority) -> web.AppRunner:
    app = web.Application()
    app.router.add_post("/", webhook.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=authority.serving()).start()
    return runner


async def called(kube: Kube, webhook: Webhook, probe: Document, resource: Resource) -> None:
    """Wait until the API server calls it: configurations take a moment to be known."""

    async def is_called() -> bool:
        await kube.apply(probe, dry_run=True, resource=resource)
        return bool(webhook.met)

    await until(is_called, within=20)
    webhook.met.clear()
