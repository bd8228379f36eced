"""HelmRelease `flux.weave.works/v1beta1`: what no other generation does.

Names, defaults and conditions are those of the last operator of that API
(Flux's Helm Operator 0.10.1). Here may live how its resources look (`fields`),
how they read (`reading`) and how their status is worded (`words`); what
generations share stands above.
"""

from typing import Any, Final

from helmward.apis.crd import definition
from helmward.apis.generation import Generation
from helmward.apis.schema import structural
from helmward.apis.v1beta1.fields import COLUMNS, RESOURCE, BetaSpec, BetaStatus
from helmward.apis.v1beta1.reading import ANTECEDENT, decode
from helmward.apis.v1beta1.words import status


def crd() -> dict[str, Any]:
    """Return the CustomResourceDefinition, read off the models above."""
    return definition(
        RESOURCE,
        short_names=("hr",),
        spec=structural(BetaSpec),
        status=structural(BetaStatus),
        columns=COLUMNS,
        words="A Helm release: declared here, installed and kept by Helmward.",
    )


V1BETA1: Final = Generation(
    resource=RESOURCE,
    decode=decode,
    status=status,
    crd=crd,
    # One Tiller served the whole cluster, and so one name space of releases.
    name_scopes=lambda declared: (declared.release.name, str(declared.release)),
    synced_event="ChartSynced",
    failed_event="FailedReleaseSync",
    antecedent=ANTECEDENT,
)

__all__ = ["RESOURCE", "V1BETA1"]
