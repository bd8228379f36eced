"""The shape of spec and status of `flux.weave.works/v1beta1`, and the columns shown."""

from typing import Annotated, Final

import msgspec

from helmward.apis.crd import WIDE, Column
from helmward.apis.schema import exactly_one, said
from helmward.apis.spec import (
    ChartFileRef,
    ChartSource,
    ExternalSourceRef,
    KeyRef,
    Rollback,
    Spec,
)
from helmward.apis.status import Written
from helmward.kube.meta import Meta
from helmward.kube.resources import Resource

RESOURCE: Final = Resource("flux.weave.works", "v1beta1", "helmreleases", "HelmRelease")
NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"

_URL: Final = "self.repository"
_ARCHIVE: Final = (
    f"{_URL}.startsWith('data:') || {_URL}.endsWith('.tgz') || {_URL}.contains('.tgz?')"
)
ONE_FORM: Final = exactly_one(
    "has(self.git) && has(self.path)",
    f"has(self.repository) && ((has(self.name) && has(self.version)) || {_ARCHIVE})",
    words="needs either git and path, or repository, name and version",
)
ONE_SOURCE: Final = exactly_one(
    "has(self.configMapKeyRef)",
    "has(self.secretKeyRef)",
    "has(self.externalSourceRef)",
    "has(self.chartFileRef)",
    words="needs exactly one of configMapKeyRef, secretKeyRef, externalSourceRef, chartFileRef",
)


class ValuesFrom(msgspec.Struct, frozen=True, rename="camel"):
    """A source of values: one of four kinds."""

    config_map_key_ref: Annotated[
        KeyRef | None, said("A key of a ConfigMap of the HelmRelease's namespace.")
    ] = None
    secret_key_ref: Annotated[
        KeyRef | None, said("A key of a Secret of the HelmRelease's namespace.")
    ] = None
    external_source_ref: ExternalSourceRef | None = None
    chart_file_ref: ChartFileRef | None = None


class BetaSpec(Spec, frozen=True, rename="camel", kw_only=True):
    """What is asked for: one Helm release."""

    chart: Annotated[
        ChartSource, said("Where the chart comes from: a Helm repository, or git."), ONE_FORM
    ]
    release_name: Annotated[
        str | None,
        said(
            "Name of the Helm release, unique in the cluster; <namespace>-<name> when left out.",
            pattern=NAME_PATTERN,
        ),
    ] = None
    values_from: Annotated[
        tuple[Annotated[ValuesFrom, ONE_SOURCE], ...] | None,
        said("Sources of values, the lowest first; inline values lie over all of them."),
    ] = None
    reset_values: Annotated[
        bool | None,
        said(
            "Whether an upgrade without any values starts from the chart's own; when false or left "
            "out, it goes on with those of the revision before. Values that are given always count."
        ),
    ] = None
    rollback: Annotated[Rollback | None, said("What follows an upgrade that failed.")] = None


class BetaStatus(Written, frozen=True, rename="camel", omit_defaults=True):
    """What became of it."""

    release_status: Annotated[
        str, said("Helm's status of the newest revision, in capitals: DEPLOYED, FAILED ...")
    ] = ""
    values_checksum: Annotated[
        str, said("SHA-256 of the values of all sources together, written as YAML.")
    ] = ""


class Document(msgspec.Struct, frozen=True):
    """One HelmRelease as the API server sends it."""

    metadata: Meta
    spec: BetaSpec
    status: BetaStatus | None = None


COLUMNS: Final = (
    Column("Release", ".status.releaseName", "Name of the Helm release."),
    Column("Chart", ".spec.chart.name", "Name of the chart."),
    Column("Version", ".status.revision", "Version of the chart that is released."),
    Column("Revision", ".status.releaseRevision", "Helm's revision.", kind="integer"),
    Column("Status", ".status.releaseStatus", "Helm's status of that revision."),
    Column("Ready", '.status.conditions[?(@.type=="Ready")].status', "In sync with the spec."),
    Column("Message", '.status.conditions[?(@.type=="Ready")].message', "The cause."),
    Column("Age", ".metadata.creationTimestamp", "Since when it exists.", kind="date"),
    *WIDE,
)
