"""The end state, read anew from the API server: what is not as it should be.

Called by the story. Looks at what Helm itself keeps and at the live objects,
not only at what Helmward says of them.
"""

import base64
import binascii
import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any, Final

from helmward.apis.v1beta1 import RESOURCE
from helmward.demo.cluster import HELM_STORAGE, condition, pods_ready, ready
from helmward.demo.manifest import astray
from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS, SECRETS

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """One HelmRelease and what has to come of it."""

    namespace: str
    name: str
    release: str
    revision: int
    replicas: int
    greeting: str
    mended: str = ""
    """What its condition `Drifted` has to say was put right; empty: nothing has to be."""

    def __str__(self) -> str:
        """Read as people write it."""
        return f"{self.namespace}/{self.name}"


async def problems(kube: Kube, expected: Expected) -> list[str]:
    """Say what is wrong with one HelmRelease and its release; nothing when all is well."""
    found: list[str] = []
    for look in LOOKS:
        try:
            found += await look(kube, expected)
        except NotFound as error:
            found.append(str(error))
    return [f"{expected}: {one}" for one in found]


async def _look_at_release(kube: Kube, expected: Expected) -> list[str]:
    document = await kube.get(RESOURCE, expected.name, expected.namespace)
    status = document.get("status", {})
    found = []
    if not ready(document):
        cause = condition(document, "Ready").get("message", "nothing has been said of it yet")
        found.append(f"HelmRelease is not Ready: {cause}")
    if status.get("releaseRevision") != expected.revision:
        found.append(
            f"status says revision {status.get('releaseRevision')}, not {expected.revision}"
        )
    if status.get("releaseName") != expected.release:
        found.append(f"status says release {status.get('releaseName')}, not {expected.release}")
    return found


async def _look_at_storage(kube: Kube, expected: Expected) -> list[str]:
    """Decode the newest revision as any Helm would, and compare its objects with the live ones."""
    secrets, _ = await kube.list(
        SECRETS, expected.namespace, label_selector=f"{HELM_STORAGE},name={expected.release}"
    )
    found = sorted(int(one["metadata"]["labels"]["version"]) for one in secrets)
    if found != list(range(1, expected.revision + 1)):
        return [f"Helm's storage holds the revisions {found}, not 1 to {expected.revision}"]
    name = f"sh.helm.release.v1.{expected.release}.v{expected.revision}"
    secret = await kube.get(SECRETS, name, expected.namespace)
    try:
        release = decode_release(secret)
    except (ValueError, OSError, zlib.error, KeyError) as error:
        return [f"Secret {name} is not in Helm's format: {error}"]
    status = release["info"]["status"]
    if status != "deployed":
        return [f"Helm's revision {expected.revision} is {status}"]
    return await astray(kube, release["manifest"], expected.namespace)


def decode_release(secret: Document) -> Document:
    """Read a release as Helm stores it: JSON, gzip, base64, in a Secret's base64."""
    try:
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    release: Document = json.loads(gzip.decompress(packed))
    return release


async def _look_at_workload(kube: Kube, expected: Expected) -> list[str]:
    workload = await kube.get(DEPLOYMENTS, expected.release, expected.namespace)
    have, want = pods_ready(workload)
    if want != expected.replicas:
        return [f"Deployment {expected.release} asks for {want} pods, not {expected.replicas}"]
    return [] if have == want else [f"{have} of {want} pods are ready"]


async def _look_at_greeting(kube: Kube, expected: Expected) -> list[str]:
    live = (await kube.get(CONFIG_MAPS, expected.release, expected.namespace))["data"]["greeting"]
    if live == expected.greeting:
        return []
    return [f"ConfigMap {expected.release} says {live!r}, not {expected.greeting!r}"]


async def _look_at_drift(kube: Kube, expected: Expected) -> list[str]:
    told = condition(await kube.get(RESOURCE, expected.name, expected.namespace), "Drifted")
    if not expected.mended:
        return [f"says that it drifted: {told['message']}"] if told else []
    if told.get("status") == "False" and expected.mended in told["message"]:
        return []
    return [f"does not say that {expected.mended} was put right, but: {told.get('message')}"]


LOOKS: Final = (
    _look_at_release,
    _look_at_storage,
    _look_at_workload,
    _look_at_greeting,
    _look_at_drift,
)
