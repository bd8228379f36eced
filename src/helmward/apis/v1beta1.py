"""HelmRelease `flux.weave.works/v1beta1`: how it reads, and how its status is worded.

Names, defaults and conditions are those of the last operator of that API
(Flux's Helm Operator 0.10.1); `Ready`, `Reconciling` and `Stalled` are added
for tools that understand kstatus.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta as Rule

from helmward.apis.conditions import conditions_of
from helmward.apis.crd import Column, definition
from helmward.apis.generation import Generation, moved, name_problem
from helmward.apis.schema import structural
from helmward.kube.meta import Meta
from helmward.kube.resources import Resource
from helmward.model import (
    Account,
    ChartRef,
    Condition,
    Declared,
    Key,
    ReleaseOptions,
    ReleaseRef,
    Told,
)

RESOURCE: Final = Resource("flux.weave.works", "v1beta1", "helmreleases", "HelmRelease")
NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


def _said(text: str) -> Rule:
    return Rule(extra_json_schema={"description": text})


class ChartSource(msgspec.Struct, frozen=True):
    """Where the chart comes from."""

    repository: Annotated[
        str, Rule(min_length=1), _said("URL of the Helm repository that holds the chart.")
    ]
    name: Annotated[str, Rule(min_length=1), _said("Name of the chart in that repository.")]
    version: Annotated[
        str,
        Rule(min_length=1),
        _said("Version of the chart: exact, or a semver range that is resolved at each check."),
    ]


class Spec(msgspec.Struct, frozen=True, rename="camel"):
    """What is asked for: one Helm release."""

    chart: ChartSource
    release_name: Annotated[
        str | None,
        _said(
            "Name of the Helm release, unique in the cluster; <namespace>-<name> when left out.",
        ),
        Rule(extra_json_schema={"pattern": NAME_PATTERN, "maxLength": 53}),
    ] = None
    values: Annotated[
        msgspec.Raw, _said("Values that override those of the chart, as in `helm -f`.")
    ] = msgspec.Raw()
    timeout: Annotated[
        int | None,
        _said("Seconds that each Helm operation may take; 300 when left out."),
        Rule(extra_json_schema={"minimum": 1}),
    ] = None


class WrittenCondition(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One aspect of the release's state."""

    type: Annotated[str, _said("ChartFetched, Released, Ready, Reconciling or Stalled.")]
    status: Annotated[str, _said("True, False or Unknown.")]
    reason: Annotated[str, _said("The cause in one CamelCase word.")] = ""
    message: Annotated[str, _said("The cause in plain words.")] = ""
    last_update_time: Annotated[datetime | None, _said("When the condition was last written.")] = (
        None
    )
    last_transition_time: Annotated[
        datetime | None, _said("When the status last took another value.")
    ] = None


class Status(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What became of it."""

    observed_generation: Annotated[
        int, _said("Generation of the resource that this status speaks of.")
    ] = 0
    release_name: Annotated[str, _said("Name of the Helm release.")] = ""
    release_status: Annotated[
        str, _said("Helm's status of the newest revision, in capitals: DEPLOYED, FAILED ...")
    ] = ""
    release_revision: Annotated[int, _said("Number of the newest revision in Helm's storage.")] = 0
    revision: Annotated[str, _said("Version of the chart that is released.")] = ""
    conditions: Annotated[
        tuple[WrittenCondition, ...], _said("The aspects of the state, each with its cause.")
    ] = ()


class _Resource(msgspec.Struct, frozen=True):
    metadata: Meta
    spec: Spec
    status: Status | None = None


_decoder: Final = msgspec.json.Decoder(_Resource)

COLUMNS: Final = (
    Column("Release", ".status.releaseName", "Name of the Helm release."),
    Column("Chart", ".spec.chart.name", "Name of the chart."),
    Column("Version", ".status.revision", "Version of the chart that is released."),
    Column("Revision", ".status.releaseRevision", "Helm's revision.", kind="integer"),
    Column("Status", ".status.releaseStatus", "Helm's status of that revision."),
    Column("Ready", '.status.conditions[?(@.type=="Ready")].status', "In sync with the spec."),
    Column("Message", '.status.conditions[?(@.type=="Ready")].message', "The cause."),
    Column("Age", ".metadata.creationTimestamp", "Since when it exists.", kind="date"),
)


def default_name(namespace: str, name: str) -> str:
    """Return the release name of a resource that gives none.

    Source: Helm Operator 0.10.1; an empty namespace counts as `default`.
    """
    return f"{namespace or 'default'}-{name}"


def decode(document: bytes) -> Declared:
    """Read one HelmRelease as the API server sends it.

    Raises:
        msgspec.DecodeError: it does not have the shape of its CRD.
    """
    read = _decoder.decode(document)
    meta, spec = read.metadata, read.spec
    name = spec.release_name or default_name(meta.namespace, meta.name)
    chart = ChartRef(spec.chart.repository, spec.chart.name, spec.chart.version)
    return Declared(
        key=Key(RESOURCE.api_version, meta.namespace, meta.name),
        uid=meta.uid,
        resource_version=meta.resource_version,
        generation=meta.generation,
        created=meta.creation_timestamp,
        deleting=meta.deleting,
        finalizers=meta.finalizers,
        release=ReleaseRef(meta.namespace, name),
        chart=chart,
        values=_values(spec.values),
        options=ReleaseOptions(timeout=timedelta(seconds=spec.timeout or 300)),
        told=_told(read.status or Status()),
        problem=name_problem(name, given=bool(spec.release_name)),
    )


def _values(given: msgspec.Raw) -> bytes:
    document = bytes(given)
    return b"{}" if document in {b"", b"null"} else document


def status(account: Account, before: Told, now: datetime) -> tuple[dict[str, Any], Told]:
    """Word an account as this generation's status; conditions keep their times."""
    conditions = tuple(moved(before, one, now) for one in conditions_of(account))
    newest = account.newest
    written = Status(
        observed_generation=account.generation,
        release_name=account.release.name,
        release_status=newest.status.upper().replace("-", "_") if newest else "",
        release_revision=newest.number if newest else 0,
        revision=_chart_version(account),
        conditions=tuple(_written(one, now) for one in conditions),
    )
    document: dict[str, Any] = msgspec.to_builtins(written)
    return document, _told(written)


def _chart_version(account: Account) -> str:
    """Return the version that is released; what is merely asked for is not said."""
    chart = account.newest.chart if account.newest else ""
    return chart.removeprefix(f"{account.chart_name}-")


def _written(one: Condition, now: datetime) -> WrittenCondition:
    return WrittenCondition(
        type=one.type,
        status=one.status,
        reason=one.reason,
        message=one.message,
        last_update_time=_seconds(now),
        last_transition_time=_seconds(one.changed or now),
    )


def _seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _told(written: Status) -> Told:
    conditions = tuple(
        Condition(one.type, one.status, one.reason, one.message, one.last_transition_time)
        for one in written.conditions
    )
    said = [(one.type, one.status, one.reason, one.message) for one in conditions]
    rest = (written.release_status, written.revision)
    return Told(
        generation=written.observed_generation,
        release_name=written.release_name,
        revision=written.release_revision,
        conditions=conditions,
        digest=repr(
            (
                written.observed_generation,
                written.release_name,
                written.release_revision,
                rest,
                said,
            )
        ),
    )


def crd() -> dict[str, Any]:
    """Return the CustomResourceDefinition, read off the models above."""
    return definition(
        RESOURCE,
        short_names=("hr",),
        spec=structural(Spec),
        status=structural(Status),
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
)
