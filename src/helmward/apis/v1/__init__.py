"""HelmRelease `helm.fluxcd.io/v1`: what no other generation does.

Names, defaults, phases and conditions are those of Helm Operator 1.4. Here may
live how its resources look (`fields`), how they read (`reading`) and how their
status is worded (`words`, `phases`); what generations share stands above.
"""

from typing import Any, Final

from helmward.apis.crd import definition
from helmward.apis.generation import Generation
from helmward.apis.schema import structural
from helmward.apis.v1.fields import COLUMNS, RESOURCE, StableSpec, StableStatus
from helmward.apis.v1.reading import ANTECEDENT, decode
from helmward.apis.v1.words import status


def crd() -> dict[str, Any]:
    """Return the CustomResourceDefinition, read off the models above."""
    return definition(
        RESOURCE,
        short_names=("hr", "hrs"),
        spec=structural(StableSpec),
        status=structural(StableStatus),
        columns=COLUMNS,
        words="A Helm release: declared here, installed and kept by Helmward.",
    )


V1: Final = Generation(
    resource=RESOURCE,
    decode=decode,
    status=status,
    crd=crd,
    # Helm 3 keeps releases in their namespaces: a name is free in every other one.
    name_scopes=lambda declared: (str(declared.release),),
    synced_event="ReleaseSynced",
    failed_event="FailedReleaseSync",
    antecedent=ANTECEDENT,
)

__all__ = ["RESOURCE", "V1"]
