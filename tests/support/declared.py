"""HelmReleases as the API server sends them, and accounts as a turn leaves them."""

import json
from typing import Any

from helmward.apis import Generation
from helmward.model import Account, Chart, Condition, Declared, Stage, Told
from tests.support.builders import NOW, RELEASE, a_revision

IN_REPOSITORY = {"repository": "https://charts.example.com", "name": "cart", "version": "1.0.0"}
IN_GIT = {"git": "https://git.example.com/charts", "path": "charts/cart"}


def a_document(
    served: Generation,
    spec: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    **metadata: Any,
) -> bytes:
    """Return the HelmRelease `shop/cart`, of a chart in a repository unless told otherwise."""
    return json.dumps(
        {
            "apiVersion": served.resource.api_version,
            "kind": served.resource.kind,
            "metadata": {"name": "cart", "namespace": "shop", "uid": "u", **metadata},
            "spec": {"chart": IN_REPOSITORY, **(spec or {})},
            **({"status": status} if status is not None else {}),
        }
    ).encode()


def read(served: Generation, spec: dict[str, Any] | None = None, **metadata: Any) -> Declared:
    """Decode such a document."""
    return served.decode(a_document(served, spec, **metadata))


def an_account(**changes: Any) -> Account:
    """Return the account of a release in sync, unless told otherwise."""
    given: dict[str, Any] = {
        "generation": 3,
        "release": RELEASE,
        "stage": Stage.READY,
        "reason": "InSync",
        "message": "revision 2 of cart-1.0.0 is in sync",
        "chart_name": "cart",
        "chart": Chart("sha256:x", "cart", "1.0.0"),
        "newest": a_revision(2),
    }
    return Account(**given | changes)


def told_of(served: Generation, account: Account, before: Told | None = None) -> Told:
    """Return what the status written for an account tells."""
    return served.status(account, before or Told(), NOW)[1]


def conditions(told: Told) -> dict[str, tuple[str, str]]:
    """Return status and reason of each condition."""
    return {one.type: (one.status, one.reason) for one in told.conditions}


def condition(told: Told, kind: str) -> Condition:
    """Return one condition that must be there."""
    return next(one for one in told.conditions if one.type == kind)
