"""Fields of a spec that both old operators know, and how they are read.

Called by the generations; what they do not share stands in their modules. A
schema here takes whatever the old CRDs took: what is wrong with a value that
they let pass is said by `sources` and `names`, not by the API server.
"""

from datetime import timedelta
from typing import Annotated

import msgspec

from helmward.apis.schema import said
from helmward.model import FIVE_MINUTES, ReleaseOptions, RollbackPolicy

_OPTIONAL = "Whether to go on without this source while it cannot be had."


class LocalSecret(msgspec.Struct, frozen=True):
    """A Secret of the HelmRelease's namespace."""

    name: Annotated[str | None, said("Name of the Secret.")] = None


class ValuesSecret(msgspec.Struct, frozen=True):
    """A Secret of the HelmRelease's namespace with values under the key values.yaml."""

    name: Annotated[str, said("Name of the Secret.")]


class KeyRef(msgspec.Struct, frozen=True, rename="camel"):
    """One key of a ConfigMap or Secret, with values in YAML, or with one value for a path."""

    name: Annotated[str, said("Name of the object.")]
    key: Annotated[str | None, said("Which of its keys; values.yaml when left out.")] = None
    optional: Annotated[bool | None, said(_OPTIONAL)] = None
    target_path: Annotated[
        str | None,
        said("Where to set what the key holds, as in `helm --set`; left out, it holds YAML."),
    ] = None
    literal: Annotated[
        bool | None,
        said("Whether targetPath takes the text as it is, as in `helm --set-literal`."),
    ] = None

    def within(self, namespace: str) -> str:
        """Return the namespace of the object, for a HelmRelease of the namespace given."""
        return namespace


class ExternalSourceRef(msgspec.Struct, frozen=True):
    """A document on the web with values in YAML."""

    url: Annotated[
        str,
        said("Where it is found: http or https; v1beta1 also takes what a Helm plugin downloads."),
    ]
    optional: Annotated[bool | None, said(_OPTIONAL)] = None


class ChartFileRef(msgspec.Struct, frozen=True):
    """A file inside the chart with values in YAML."""

    path: Annotated[str, said("Path of the file, relative to the chart's folder.")]
    optional: Annotated[bool | None, said(_OPTIONAL)] = None


class ChartSource(msgspec.Struct, frozen=True, rename="camel"):
    """Where the chart comes from: a Helm repository, a registry, an archive, a folder in git."""

    repository: Annotated[
        str | None,
        said(
            "URL of the Helm repository (https://...) or registry (oci://...) that holds the "
            "chart, or of the chart's archive itself (https://... .tgz, data:...)."
        ),
    ] = None
    name: Annotated[
        str | None, said("Name of the chart there; may be left out for an archive.")
    ] = None
    version: Annotated[
        str | None,
        said(
            "Version of the chart: exact, or a semver range that is resolved at each check; "
            "may be left out for an archive."
        ),
    ] = None
    chart_pull_secret: Annotated[
        LocalSecret | None,
        said(
            "Secret with what the repository or registry wants to see: username and password, "
            "token, .dockerconfigjson, tls.crt and tls.key, ca.crt."
        ),
    ] = None
    git: Annotated[str | None, said("URL of the git repository that holds the chart.")] = None
    path: Annotated[
        str | None, said("Folder of the chart, relative to the root of the git repository.")
    ] = None
    ref: Annotated[
        str | None,
        said("Branch, tag or commit; that of --git-default-ref, `master`, when left out."),
    ] = None
    skip_dep_update: Annotated[
        bool | None, said("Whether to take the chart's dependencies as they lie in its folder.")
    ] = None


class Rollback(msgspec.Struct, frozen=True, rename="camel"):
    """What follows an upgrade that failed."""

    enable: Annotated[
        bool | None, said("Whether to go back to the revision before; not when left out.")
    ] = None
    force: Annotated[
        bool | None, said("Whether to delete and create anew what cannot be changed in place.")
    ] = None
    recreate: Annotated[
        bool | None, said("Whether to restart the pods of the release's workloads.")
    ] = None
    disable_hooks: Annotated[bool | None, said("Whether to leave the chart's hooks out.")] = None
    timeout: Annotated[
        int | None, said("Seconds that the rollback may take; 300 when left out or not positive.")
    ] = None
    wait: Annotated[
        bool | None, said("Whether to wait until the workloads of the old state are ready.")
    ] = None


class DriftTarget(msgspec.Struct, frozen=True, rename="camel"):
    """Which objects; what is left out fits all. Names are regular expressions."""

    group: Annotated[str | None, said("Group of the API; empty for the core.")] = None
    version: Annotated[str | None, said("Version of the API.")] = None
    kind: Annotated[str | None, said("Kind of the object.")] = None
    name: Annotated[str | None, said("Name of the object.")] = None
    namespace: Annotated[str | None, said("Namespace of the object.")] = None
    label_selector: Annotated[str | None, said("Labels of the object, as in `kubectl -l`.")] = None
    annotation_selector: Annotated[
        str | None, said("Annotations of the object, in the same notation.")
    ] = None


class DriftIgnore(msgspec.Struct, frozen=True, rename="camel"):
    """Fields that may differ from the revision."""

    paths: Annotated[
        tuple[str, ...],
        said("JSON pointers (RFC 6901), as /spec/replicas; an empty one is the whole object."),
    ]
    target: Annotated[DriftTarget | None, said("Of which objects; of all when left out.")] = None


class DriftDetection(msgspec.Struct, frozen=True, rename="camel"):
    """What is done when somebody changes the release's objects."""

    mode: Annotated[
        str | None,
        said(
            "enabled puts them right, warn tells, disabled does not look; "
            "what --drift-detection says when left out."
        ),
    ] = None
    ignore: Annotated[tuple[DriftIgnore, ...] | None, said("Fields that may differ.")] = None


class DependsOn(msgspec.Struct, frozen=True, rename="camel"):
    """Another HelmRelease, or any object, that comes first."""

    name: Annotated[str, said("Name of the object.")]
    namespace: Annotated[
        str | None, said("Its namespace; the HelmRelease's own when left out.")
    ] = None
    api_version: Annotated[
        str | None, said("Its apiVersion; left out together with kind, a HelmRelease is meant.")
    ] = None
    kind: Annotated[str | None, said("Its kind.")] = None
    ready: Annotated[
        bool | None,
        said("Whether it has to be ready, as it has when left out, or only has to be there."),
    ] = None
    ready_expr: Annotated[
        str | None,
        said(
            "CEL that says whether it is ready, in the place of the usual rules: "
            "`dep` is the object, `self` this HelmRelease."
        ),
    ] = None


class Spec(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is asked for: one Helm release."""

    chart: ChartSource
    release_name: str | None = None
    values: Annotated[
        msgspec.Raw, said("Values that lie over all other sources, as in `helm -f`.")
    ] = msgspec.Raw()
    value_file_secrets: Annotated[
        tuple[ValuesSecret, ...] | None,
        said("Secrets with values, the lowest first; those of valuesFrom lie over them."),
    ] = None
    timeout: Annotated[
        int | None,
        said("Seconds that each Helm operation may take; 300 when left out or not positive."),
    ] = None
    reset_values: bool | None = None
    force_upgrade: Annotated[
        bool | None,
        said("Whether an upgrade deletes and creates anew what cannot be changed in place."),
    ] = None
    suspend: Annotated[
        bool | None, said("Whether to leave the release alone until this is taken back.")
    ] = None
    drift_detection: Annotated[
        DriftDetection | None,
        said("What is done when somebody changes the release's objects."),
    ] = None
    depends_on: Annotated[
        tuple[DependsOn, ...] | None,
        said("What has to be ready before this release is installed or upgraded."),
    ] = None


def seconds(given: int | None) -> timedelta:
    """Return a timeout; one that leaves no time counts as left out."""
    return timedelta(seconds=given) if given and given > 0 else FIVE_MINUTES


def values_of(spec: Spec) -> bytes:
    """Return the inline values as they were written."""
    document = bytes(spec.values)
    return b"{}" if document in {b"", b"null"} else document


def rollback_of(given: Rollback) -> RollbackPolicy:
    """Read what both generations have; retries are v1's own."""
    return RollbackPolicy(
        enable=bool(given.enable),
        force=bool(given.force),
        recreate=bool(given.recreate),
        disable_hooks=bool(given.disable_hooks),
        wait=bool(given.wait),
        timeout=seconds(given.timeout),
    )


def options_of(spec: Spec, rollback: RollbackPolicy) -> ReleaseOptions:
    """Read what both generations have; each adds its own rules."""
    return ReleaseOptions(
        timeout=seconds(spec.timeout), force=bool(spec.force_upgrade), rollback=rollback
    )
