"""Releases as the engine leaves them, written by hand: objects with Helm's marks, and a Secret."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import KINDS, OBJECTS, OWNER, ObjectRef, ReleaseRef, Revision
from helmward.releases.awake import Awake
from helmward.releases.storage import LABELS, SELECTOR, Storage, decode_revision
from helmward.runtime.clock import Clock
from helmward.runtime.informer import Informer
from tests.support.builders import KEY
from tests.support.kinds import a_config_map
from tests.support.tasks import running
from tests.support.wait import until

MARK = {"app.kubernetes.io/managed-by": "Helm"}
Object = dict[str, Any]


def marked(release: ReleaseRef, obj: Object, **annotations: str) -> Object:
    """Return an object with the marks that say that it belongs to a release."""
    owner = {
        "meta.helm.sh/release-name": release.name,
        "meta.helm.sh/release-namespace": release.namespace,
    }
    metadata = obj["metadata"] | {"labels": MARK, "annotations": owner | annotations}
    return obj | {"metadata": metadata}


def ref_of(obj: Object) -> ObjectRef:
    meta = obj["metadata"]
    return ObjectRef(obj["apiVersion"], obj["kind"], meta.get("namespace", ""), meta["name"])


def pair(live: Object) -> bytes:
    """Return what an inventory says of an object, by the words of `model.drift`."""
    ref, group = ref_of(live), live["apiVersion"].rpartition("/")[0]
    name = f"{group}/{ref.kind}/{ref.namespace}/{ref.name}"
    ours = [
        one["fieldsV1"]
        for one in live["metadata"].get("managedFields", ())
        if one["manager"] == "helmward" and one["operation"] == "Apply"
    ]
    digest = _six(json.dumps(ours[0], separators=(",", ":"))) if ours else bytes(6)
    return _six(name) + digest


def _six(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:6]


def inventory(*lives: Object) -> dict[str, str]:
    """Return the annotations of a release Secret that tell of its objects."""
    kinds = sorted({f"{one['apiVersion']}/{one['kind']}" for one in lives})
    pairs = base64.urlsafe_b64encode(b"".join(pair(one) for one in lives)).decode()
    return {KINDS: ",".join(kinds), OBJECTS: pairs.rstrip("=")}


async def write(
    kube: Kube,
    release: ReleaseRef,
    told: dict[str, str],
    *,
    number: int = 1,
    status: str = "deployed",
) -> None:
    """Write a revision's Secret, without a payload."""
    labels = {
        "owner": "helm", "name": release.name, "version": str(number), "status": status
    }  # fmt: skip
    name = f"sh.helm.release.v1.{release.name}.v{number}"
    annotations = {OWNER: KEY.owner} | told
    metadata = {"name": name, "labels": labels, "annotations": annotations}
    metadata["namespace"] = release.namespace
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1"}
    await kube.apply(secret | {"metadata": metadata}, resource=SECRETS)


async def deploy(kube: Kube, release: ReleaseRef, *objects: Object, number: int = 1) -> None:
    """Apply objects and write the revision that has them."""
    lives = [await kube.apply(marked(release, one)) for one in objects]
    await write(kube, release, inventory(*lives), number=number)


async def edit(kube: Kube, obj: Object, **data: str) -> None:
    """Change a ConfigMap as somebody else."""
    bare = {name: obj[name] for name in ("apiVersion", "kind")}
    metadata = {name: obj["metadata"][name] for name in ("name", "namespace")}
    changed = bare | {"metadata": metadata, "data": data}
    await kube.apply(changed, field_manager="somebody", resource=CONFIG_MAPS)


@dataclass
class Watcher:
    """An `Awake` that runs, and whom it woke."""

    storage: Storage
    registry: CollectorRegistry
    woken: list[ReleaseRef] = field(default_factory=list)
    uninteresting: set[ReleaseRef] = field(default_factory=set)
    awake: Awake = field(init=False)

    def newest(self, release: ReleaseRef) -> Revision:
        newest = self.storage.newest(release)
        assert newest is not None
        return newest

    def suspects(self, release: ReleaseRef) -> set[str]:
        """Return the names of the suspects of the newest revision."""
        return {one.name for one in self.awake.suspects(self.newest(release))}

    async def woke(self, release: ReleaseRef) -> None:
        """Wait until it wakes a release anew."""
        await until(lambda: release in self.woken)
        self.woken.clear()

    def state(self, kind: str, state: str) -> float | None:
        return self.registry.get_sample_value(
            "helmward_drift_watch", {"kind": kind, "state": state}
        )

    def in_sight(self) -> float | None:
        return self.registry.get_sample_value("helmward_drift_objects")

    async def sees(self, kind: str = "ConfigMap", state: str = "watched") -> None:
        """Wait until a kind is followed so."""
        await until(lambda: self.state(kind, state))


@asynccontextmanager
async def watching(
    kube: Kube, namespace: str, poor: Kube | None = None, clock: Clock | None = None
) -> AsyncIterator[Watcher]:
    """Follow the releases of a namespace; as somebody else if `poor` is given."""
    informer: Informer[Revision] = Informer(
        kube,
        SECRETS,
        decode=decode_revision,
        namespace=namespace,
        label_selector=LABELS,
        field_selector=SELECTOR,
        metadata_only=True,
    )
    watcher = Watcher(Storage(informer), CollectorRegistry())
    watcher.awake = Awake(
        poor or kube,
        watcher.storage,
        namespace=namespace,
        wake=watcher.woken.append,
        clock=clock,
        watched=lambda release: release not in watcher.uninteresting,
        registry=watcher.registry,
    )
    async with running(informer.run()), running(watcher.awake.run()):
        await until(informer.synced.is_set)
        yield watcher


def maps(namespace: str, *names: str) -> list[Object]:
    return [a_config_map(namespace, name, a="1") for name in names]


def a_deployment(namespace: str) -> dict[str, object]:
    """Return a Deployment of one pod that never starts."""
    labels = {"app": "web"}
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "registry.invalid/app:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod},
    }
