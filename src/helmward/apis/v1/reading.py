"""How a HelmRelease `helm.fluxcd.io/v1` reads: its defaults and its rules of names."""

from dataclasses import replace
from typing import Final

import msgspec

from helmward.apis.declare import declare, default_name
from helmward.apis.names import name_problem, namespace_problem
from helmward.apis.sources import NO_SECRET, SecretOf, chart_of, sources_of
from helmward.apis.spec import options_of, rollback_of, seconds
from helmward.apis.v1.fields import (
    RESOURCE,
    Document,
    GitOrRepository,
    RollbackAndRetry,
    StableSpec,
    StableStatus,
    Tests,
)
from helmward.apis.v1.words import told
from helmward.kube.meta import Meta
from helmward.model import (
    Declared,
    ReleaseOptions,
    ReleaseRef,
    RollbackPolicy,
    TestPolicy,
    ValuesPolicy,
)

ANTECEDENT: Final = "helm.fluxcd.io/antecedent"
RETRIES: Final = 5
HISTORY: Final = 10

_decoder: Final = msgspec.json.Decoder(Document)


def decode(document: bytes) -> Declared:
    """Read one HelmRelease as the API server sends it.

    Raises:
        msgspec.DecodeError: it does not have the shape of its CRD.
    """
    read = _decoder.decode(document)
    meta, spec = read.metadata, read.spec
    release, name_trouble = _release(meta, spec)
    chart, chart_problem = chart_of(spec.chart, secret=_secret(meta, spec.chart))
    return declare(
        RESOURCE,
        meta,
        spec,
        release=release,
        chart=chart,
        sources=sources_of(meta.namespace, spec.value_file_secrets or (), spec.values_from or ()),
        options=_options(spec),
        antecedent=ANTECEDENT,
        told=told(read.status or StableStatus()),
        problems=(name_trouble, _target_problem(spec), _version_problem(spec), chart_problem),
    )


def _release(meta: Meta, spec: StableSpec) -> tuple[ReleaseRef, str]:
    """Return which release is meant; its default name tells both namespaces if they differ."""
    target = spec.target_namespace or meta.namespace
    elsewhere = target != meta.namespace
    parts = (meta.namespace, target, meta.name) if elsewhere else (target, meta.name)
    default = "<namespace>-<targetNamespace>-<name>" if elsewhere else "<namespace>-<name>"
    name = spec.release_name or default_name(*parts)
    problem = name_problem(name, given=bool(spec.release_name), default=default)
    return ReleaseRef(target, name), problem


def _target_problem(spec: StableSpec) -> str:
    name = spec.target_namespace
    return namespace_problem("spec.targetNamespace", name) if name else ""


def _version_problem(spec: StableSpec) -> str:
    match spec.helm_version:
        case None | "" | "v3":
            return ""
        case "v2":
            return (
                "spec.helmVersion: v2 is not served, Helm 2 and its Tiller have come to their "
                "end: convert the release to Helm 3, then set v3 or leave the field out"
            )
        case other:
            return f'spec.helmVersion: "{other}" is no version of Helm here: set v3 or leave it out'


def _secret(meta: Meta, chart: GitOrRepository) -> SecretOf:
    ref = chart.secret_ref
    return SecretOf(ref.namespace or meta.namespace, ref.name) if ref else NO_SECRET


def _options(spec: StableSpec) -> ReleaseOptions:
    """Add this generation's own options, and its rules for old values and for waits."""
    rollback = _rollback(spec.rollback or RollbackAndRetry())
    test = _tests(spec.test or Tests())
    return replace(
        options_of(spec, rollback),
        wait=(rollback.enable or test.enable) if spec.wait is None else spec.wait,
        values_policy=ValuesPolicy.REUSE if spec.reset_values is False else ValuesPolicy.RESET,
        skip_crds=bool(spec.skip_crds),
        disable_openapi_validation=bool(spec.disable_openapi_validation),
        max_history=HISTORY if spec.max_history is None else max(0, spec.max_history),
        test=test,
    )


def _rollback(given: RollbackAndRetry) -> RollbackPolicy:
    """Add retries; a limit below zero was never reached, so nothing was tried again."""
    limit = RETRIES if given.max_retries is None else given.max_retries
    retry = bool(given.retry) and limit >= 0
    return replace(rollback_of(given), retry=retry, max_retries=max(0, limit))


def _tests(given: Tests) -> TestPolicy:
    return TestPolicy(
        enable=bool(given.enable),
        ignore_failures=bool(given.ignore_failures),
        cleanup=given.cleanup is not False,
        timeout=seconds(given.timeout),
    )
