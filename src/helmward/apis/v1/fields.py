"""The shape of spec and status of `helm.fluxcd.io/v1`, and the columns that are shown."""

from typing import Annotated, Final

import msgspec

from helmward.apis.crd import WIDE, Column
from helmward.apis.schema import said
from helmward.apis.spec import (
    ChartFileRef,
    ChartSource,
    ExternalSourceRef,
    KeyRef,
    Rollback,
    Spec,
)
from helmward.apis.status import Written
from helmward.apis.v1.phases import PHASES
from helmward.kube.meta import Meta
from helmward.kube.resources import Resource

RESOURCE: Final = Resource("helm.fluxcd.io", "v1", "helmreleases", "HelmRelease")


class SecretRef(msgspec.Struct, frozen=True):
    """A Secret with the keys username and password."""

    name: Annotated[str, said("Name of the Secret.")]
    namespace: Annotated[
        str | None, said("Its namespace; the HelmRelease's own when left out.")
    ] = None


class GitOrRepository(ChartSource, frozen=True, rename="camel"):
    """Where the chart comes from: a Helm repository, or a folder in git."""

    secret_ref: Annotated[
        SecretRef | None, said("Credentials of the git repository, for an https URL.")
    ] = None


class AnyKeyRef(KeyRef, frozen=True, rename="camel"):
    """One key of a ConfigMap or Secret, with values in YAML, or with one value for a path."""

    namespace: Annotated[
        str | None, said("Namespace of the object; the HelmRelease's own when left out.")
    ] = None

    def within(self, namespace: str) -> str:
        """Return the namespace of the object, for a HelmRelease of the namespace given."""
        return self.namespace or namespace


class ValuesFrom(msgspec.Struct, frozen=True, rename="camel"):
    """A source of values: one of four kinds; of several the first one named here counts."""

    config_map_key_ref: Annotated[AnyKeyRef | None, said("A key of a ConfigMap.")] = None
    secret_key_ref: Annotated[AnyKeyRef | None, said("A key of a Secret.")] = None
    external_source_ref: ExternalSourceRef | None = None
    chart_file_ref: ChartFileRef | None = None


class RollbackAndRetry(Rollback, frozen=True, rename="camel"):
    """What follows an upgrade that failed."""

    retry: Annotated[bool | None, said("Whether to try the upgrade again after the rollback.")] = (
        None
    )
    max_retries: Annotated[
        int | None, said("How often to try again; 5 when left out, 0 without end.")
    ] = None


class Tests(msgspec.Struct, frozen=True, rename="camel"):
    """Whether the chart's tests are run after an install or upgrade."""

    enable: Annotated[bool | None, said("Whether to run them; not when left out.")] = None
    ignore_failures: Annotated[
        bool | None, said("Whether a release counts as good although its tests failed.")
    ] = None
    timeout: Annotated[
        int | None, said("Seconds that the tests may take; 300 when left out or not positive.")
    ] = None
    cleanup: Annotated[
        bool | None, said("Whether to delete the tests' pods; yes when left out.")
    ] = None


class StableSpec(Spec, frozen=True, rename="camel", kw_only=True):
    """What is asked for: one Helm release."""

    chart: Annotated[
        GitOrRepository, said("Where the chart comes from: a Helm repository, or git.")
    ]
    release_name: Annotated[
        str | None,
        said(
            "Name of the Helm release; <namespace>-<name> when left out, "
            "<namespace>-<targetNamespace>-<name> where these namespaces differ."
        ),
    ] = None
    target_namespace: Annotated[
        str | None, said("Namespace of the release; the HelmRelease's own when left out.")
    ] = None
    helm_version: Annotated[
        str | None,
        # No enum: the API server cannot have null in one.
        said("v3, which is also meant when it is left out; releases of Helm 2 are refused."),
    ] = None
    values_from: Annotated[
        tuple[ValuesFrom, ...] | None,
        said("Sources of values, the lowest first; inline values lie over all of them."),
    ] = None
    reset_values: Annotated[
        bool | None,
        said(
            "Whether an upgrade starts from the chart's own values, as it does when this is left "
            "out; false lays the values given over those of the revision before."
        ),
    ] = None
    max_history: Annotated[
        int | None, said("Revisions that are kept; 10 when left out, 0 keeps all.")
    ] = None
    wait: Annotated[
        bool | None,
        said(
            "Whether a revision counts as deployed only once its workloads are ready; "
            "yes when left out where rollback or tests are enabled."
        ),
    ] = None
    skip_crds: Annotated[
        bool | None, said("Whether an install leaves the chart's folder crds/ out.")
    ] = msgspec.field(default=None, name="skipCRDs")
    disable_openapi_validation: Annotated[
        bool | None, said("Whether fields that the API server does not know are let pass.")
    ] = msgspec.field(default=None, name="disableOpenAPIValidation")
    rollback: Annotated[RollbackAndRetry | None, said("What follows an upgrade that failed.")] = (
        None
    )
    test: Annotated[
        Tests | None, said("Whether the chart's tests are run after an install or upgrade.")
    ] = None


class StableStatus(Written, frozen=True, rename="camel", omit_defaults=True):
    """What became of it."""

    phase: Annotated[str, said("The stage in one word.", enum=PHASES)] = ""
    release_status: Annotated[
        str, said("Helm's status of the newest revision: deployed, failed ...")
    ] = ""
    release_namespace: Annotated[str, said("Namespace of the Helm release.")] = ""
    rollback_count: Annotated[
        int, said("Rollbacks in a row; none once the release is as asked for.")
    ] = 0


class Document(msgspec.Struct, frozen=True):
    """One HelmRelease as the API server sends it."""

    metadata: Meta
    spec: StableSpec
    status: StableStatus | None = None


COLUMNS: Final = (
    Column("Release", ".status.releaseName", "Name of the Helm release."),
    Column("Phase", ".status.phase", "The stage in one word."),
    Column("ReleaseStatus", ".status.releaseStatus", "Helm's status of the newest revision."),
    Column("Message", '.status.conditions[?(@.type=="Released")].message', "The cause."),
    Column("Age", ".metadata.creationTimestamp", "Since when it exists.", kind="date"),
    Column(
        "Ready",
        '.status.conditions[?(@.type=="Ready")].status',
        "In sync with the spec.",
        wide=True,
    ),
    Column("Namespace", ".status.releaseNamespace", "Namespace of the release.", wide=True),
    Column("Revision", ".status.releaseRevision", "Helm's revision.", "integer", wide=True),
    Column("Version", ".status.revision", "Version of the chart that is released.", wide=True),
    *WIDE,
)
