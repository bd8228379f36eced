"""The CRDs of all generations served; printed by `helmward crds`."""

from typing import Any

from helmward.apis import GENERATIONS


def crd_documents() -> list[dict[str, Any]]:
    """Return the CustomResourceDefinitions, one for each API group."""
    return [generation.crd() for generation in GENERATIONS]
