"""Whether removing an object would take volumes along.

Called by `remove`. The one place of this room that knows what a HelmRelease is.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from helmward.apis import GENERATIONS
from helmward.errors import HelmwardError
from helmward.gitops.build import ObjectId
from helmward.gitops.facts import is_helm_release
from helmward.kube import Kube
from helmward.kube.listing import Selection
from helmward.kube.meta import Meta, PartialObject, decode_partial
from helmward.kube.resources import SECRETS
from helmward.model import VOLUMES, Declared, ReleaseRef

UNKNOWN: Final = "which, cannot be told"
SELECTOR: Final = "type=helm.sh/release.v1"
_CLAIM: Final = "helmward.dev/claim"
"""Annotation of a release Secret that our engine wrote, with all that the release makes."""
_DECODERS: Final = {one.resource.api_version: one.decode for one in GENERATIONS}


def may_own_volumes(found: ObjectId) -> bool:
    """Whether an object has to be read whole to tell."""
    return is_helm_release(found) or (found.group, found.kind) == ("apps", "StatefulSet")


async def volumes_of(kube: Kube, found: ObjectId, document: Mapping[str, Any]) -> str:
    """Return the PersistentVolumeClaims that go when an object goes; empty: none do.

    Those of a HelmRelease are its release's. A release that cannot be looked
    at, or of which nobody has noted down what it makes, counts as one that
    owns some: nothing is lost by asking first.
    """
    if not is_helm_release(found):
        return ", ".join(_of_stateful_set(document))
    try:
        declared = _DECODERS[str(document["apiVersion"])](msgspec.json.encode(document))
        return ", ".join(sorted(await _of_release(kube, declared)))
    except (HelmwardError, msgspec.DecodeError, KeyError):
        return UNKNOWN


def _of_stateful_set(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the claims that its own policy deletes with it, without their numbers."""
    spec = document["spec"]
    if (spec.get("persistentVolumeClaimRetentionPolicy") or {}).get("whenDeleted") == "Delete":
        for template in spec.get("volumeClaimTemplates") or []:
            yield f"{template['metadata']['name']}-{document['metadata']['name']}"


async def _of_release(kube: Kube, declared: Declared) -> set[str]:
    """Return the claims of the release, under the name it has and the one it is to have."""
    told = declared.told
    named = {declared.release}
    if told.release_name:
        namespace = told.release_namespace or declared.key.namespace
        named.add(ReleaseRef(namespace, told.release_name))
    return {claim for release in named for claim in await _noted(kube, release)}


async def _noted(kube: Kube, release: ReleaseRef) -> set[str]:
    """Return what is noted down with the revisions of a release; nothing where it has none."""
    labels = f"owner=helm,name={release.name}"
    selection = Selection(SECRETS, release.namespace, labels, SELECTOR, metadata_only=True)
    listed, _ = await kube.list_raw(selection)
    return {claim for meta in _in_force(map(decode_partial, listed)) for claim in _claims(meta)}


def _in_force(secrets: Iterable[PartialObject]) -> Iterator[Meta]:
    """Yield the newest revision, and the one that is deployed."""
    metas = sorted((one.metadata for one in secrets), key=_number)
    yield from metas[-1:]
    yield from (one for one in metas[:-1] if one.labels.get("status") == "deployed")


def _number(meta: Meta) -> int:
    text = meta.labels.get("version", "")
    return int(text) if text.isdecimal() else 0


def _claims(meta: Meta) -> Iterator[str]:
    names = meta.annotations.get(VOLUMES, "")
    if not names and _CLAIM not in meta.annotations:
        yield UNKNOWN
    yield from (name for name in names.split(",") if name)
