"""The CRDs of all kinds served; printed by `helmward crds`."""

from typing import Any

from helmward.apis import GENERATIONS, gitsync


def crd_documents() -> list[dict[str, Any]]:
    """Return the CustomResourceDefinitions: of HelmReleases one a generation, and of GitSyncs."""
    return [*(generation.crd() for generation in GENERATIONS), gitsync.crd()]
