"""An injector of authorities, as cert-manager has one: fills in `caBundle` wherever it is empty."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from helmward.kube import Kube, Resource
from tests.support.certificates import Authority
from tests.support.wait import until

CONFIGURATIONS: Final = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)
MANAGER: Final = "ca-injector"


@asynccontextmanager
async def injecting(kube: Kube, name: str) -> AsyncIterator[str]:
    """Keep an authority in a webhook configuration until the block ends; it is there by now."""
    bundle = base64.b64encode(Authority().pem).decode()
    task = asyncio.create_task(_inject(kube, name, bundle))
    try:
        await until(lambda: _holds(kube, name, bundle))
        yield bundle
    finally:
        task.cancel()
        await asyncio.wait({task})


async def bundle_of(kube: Kube, name: str) -> str:
    """Read the authority; empty where there is none."""
    found = await kube.get(CONFIGURATIONS, name)
    return str(found["webhooks"][0]["clientConfig"].get("caBundle", ""))


async def _holds(kube: Kube, name: str, bundle: str) -> bool:
    return await bundle_of(kube, name) == bundle


async def _inject(kube: Kube, name: str, bundle: str) -> None:
    while True:
        await until(lambda: _empty(kube, name), within=3600)
        path = "/webhooks/0/clientConfig/caBundle"
        patch: list[dict[str, Any]] = [{"op": "add", "path": path, "value": bundle}]
        await kube.raw(
            "PATCH",
            CONFIGURATIONS.path(None, name),
            params={"fieldManager": MANAGER},
            body=patch,
            headers={"Content-Type": "application/json-patch+json"},
        )


async def _empty(kube: Kube, name: str) -> bool:
    return not await bundle_of(kube, name)
