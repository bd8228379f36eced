"""How a HelmRelease `flux.weave.works/v1beta1` reads: its defaults and its rule of names."""

from dataclasses import replace
from typing import Final

import msgspec

from helmward.apis.declare import declare, default_name
from helmward.apis.names import name_problem
from helmward.apis.sources import chart_of, sources_of
from helmward.apis.spec import Rollback, options_of, rollback_of
from helmward.apis.status import told_of
from helmward.apis.v1beta1.fields import RESOURCE, BetaSpec, BetaStatus, Document
from helmward.model import Declared, ReleaseOptions, ReleaseRef, ValuesPolicy

ANTECEDENT: Final = "flux.weave.works/antecedent"

_decoder: Final = msgspec.json.Decoder(Document)


def decode(document: bytes) -> Declared:
    """Read one HelmRelease as the API server sends it.

    Raises:
        msgspec.DecodeError: it does not have the shape of its CRD.
    """
    read = _decoder.decode(document)
    meta, spec = read.metadata, read.spec
    name = spec.release_name or default_name(meta.namespace, meta.name)
    chart, chart_problem = chart_of(spec.chart)
    secrets, entries = spec.value_file_secrets or (), spec.values_from or ()
    # A Secret that is not YAML always failed here, optional or not.
    sources = sources_of(meta.namespace, secrets, entries, strict_secrets=True, any_scheme=True)
    return declare(
        RESOURCE,
        meta,
        spec,
        release=ReleaseRef(meta.namespace, name),
        chart=chart,
        sources=sources,
        options=_options(spec),
        antecedent=ANTECEDENT,
        told=told_of(read.status or BetaStatus()),
        problems=(name_problem(name, given=bool(spec.release_name)), chart_problem),
    )


def _options(spec: BetaSpec) -> ReleaseOptions:
    """Add this generation's rules for old values and for waits.

    It waits for upgrades alone, and only where a failed one is rolled back.
    """
    rollback = rollback_of(spec.rollback or Rollback())
    policy = ValuesPolicy.RESET if spec.reset_values else ValuesPolicy.REUSE_WHEN_EMPTY
    return replace(
        options_of(spec, rollback),
        wait=rollback.enable,
        install_waits=False,
        values_policy=policy,
    )
