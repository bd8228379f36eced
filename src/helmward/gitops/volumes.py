"""Whether removing a HelmRelease would take volumes along.

Called by `remove`. The one place of this room that knows what a HelmRelease is.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from helmward.apis import GENERATIONS
from helmward.errors import HelmwardError
from helmward.kube import Kube
from helmward.kube.resources import SECRETS
from helmward.model import VOLUMES

UNKNOWN: Final = "it cannot be told which"
_DECODERS: Final = {one.resource.api_version: one.decode for one in GENERATIONS}


async def volumes_of(kube: Kube, document: Mapping[str, Any]) -> str:
    """Return the PersistentVolumeClaims that the release of a HelmRelease owns.

    Empty where it owns none. A release that cannot be looked at counts as one
    that owns some: nothing is lost by asking first.

    Raises:
        ClusterUnavailable: the API server is gone.
    """
    try:
        declared = _DECODERS[str(document["apiVersion"])](msgspec.json.encode(document))
        secrets, _ = await kube.list(
            SECRETS,
            declared.release.namespace,
            label_selector=f"owner=helm,name={declared.release.name}",
            metadata_only=True,
        )
    except (HelmwardError, msgspec.DecodeError, KeyError):
        return UNKNOWN
    found = {
        name
        for secret in secrets
        for name in ((secret["metadata"].get("annotations") or {}).get(VOLUMES, "")).split(",")
    }
    return ", ".join(sorted(one.strip() for one in found if one.strip()))
