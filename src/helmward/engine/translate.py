"""The schema's messages to `model` and back; failures to `errors`. No I/O."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import grpc

from helmward.engine.options import ActionOptions, Comparison, Identity, User, WriterId
from helmward.engine.pb import engine_pb2 as pb
from helmward.errors import (
    AccessDenied,
    ChartEvicted,
    ChartNotFound,
    ChartRejected,
    ChartUnverified,
    ClusterUnavailable,
    Conflict,
    EngineLost,
    HelmwardError,
    NamespaceUnready,
    NotOwned,
    NotReady,
    ReleaseFailed,
    SessionLost,
    SourceForbidden,
    SourceUnavailable,
    SpecInvalid,
    Superseded,
    TestsFailed,
    TransientError,
    ValuesInvalid,
)
from helmward.model import (
    Access,
    Base,
    Cause,
    Chart,
    Document,
    ReleaseRef,
    Repository,
    Revision,
    Status,
    ValuesPolicy,
    Verification,
    Violation,
)

Kind = pb.Failure.Kind

Errors = Mapping[int, type[HelmwardError]]

ERRORS: Final[Errors] = {
    Kind.SOURCE_UNAVAILABLE: SourceUnavailable,
    Kind.CHART_NOT_FOUND: ChartNotFound,
    Kind.CHART_INVALID: ChartRejected,
    Kind.VALUES_INVALID: ValuesInvalid,
    Kind.CONFLICT: Conflict,
    Kind.NOT_OWNED: NotOwned,
    Kind.REJECTED: ReleaseFailed,
    Kind.FORBIDDEN: AccessDenied,
    Kind.NAMESPACE_NOT_FOUND: NamespaceUnready,
    Kind.NAMESPACE_TERMINATING: NamespaceUnready,
    Kind.CLUSTER_UNAVAILABLE: ClusterUnavailable,
    Kind.TIMEOUT: ReleaseFailed,
    Kind.CANCELLED: EngineLost,
    Kind.HOOK_FAILED: ReleaseFailed,
    Kind.INVALID: SpecInvalid,
    Kind.CHART_UNKNOWN: ChartEvicted,
    Kind.NOT_READY: NotReady,
    Kind.TEST_FAILED: TestsFailed,
    Kind.SUPERSEDED: Superseded,
    Kind.SESSION_LOST: SessionLost,
    Kind.UNVERIFIED: ChartUnverified,
    Kind.NOT_ALLOWED: SourceForbidden,
    Kind.TOO_LARGE: ChartRejected,
}
"""The error of every kind of failure; any other is the engine's own bug.

CANCELLED reaches only those who did not cancel: the engine was told to stop.
"""


def error_of(
    failure: pb.Failure, revision: Revision | None = None, errors: Errors = ERRORS
) -> HelmwardError:
    """Turn a failure into its error, with the revision that was written all the same."""
    error = errors.get(failure.kind, ReleaseFailed)(failure.message)
    error.revision = revision
    if failure.HasField("cause"):
        error.cause = cause_from(failure.cause)
    if isinstance(error, TransientError) and failure.retry_after_ms:
        error.retry_after = failure.retry_after_ms / 1000
    if isinstance(error, ValuesInvalid):
        error.violations = tuple(
            Violation(tuple(one.path), one.problem, one.chart) for one in failure.violations
        )
    return error


def cause_from(cause: pb.Cause) -> Cause:
    """Read the first real cause of a failure in the cluster."""
    return Cause(
        object=cause.object,
        namespace=cause.namespace,
        pod=cause.pod,
        container=cause.container,
        reason=cause.reason,
        message=cause.message,
        exit_code=cause.exit_code if cause.HasField("exit_code") else None,
        log_lines=tuple(cause.log_lines),
        event=cause.event,
        hopeless=cause.hopeless,
    )


def check(failure: pb.Failure, errors: Errors = ERRORS) -> None:
    """Raise the failure of a unary reply, if it has one."""
    if failure.kind != Kind.UNSPECIFIED:
        raise error_of(failure, errors=errors)


def lost(error: grpc.aio.AioRpcError) -> HelmwardError:
    """Say what an error of gRPC itself means: refused, late, or the process is gone."""
    words = error.details() or str(error.code())
    if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
        return SpecInvalid(f"the engine refuses the call: {words}")
    if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        return ReleaseFailed(f"the deadline has passed: {words}")
    return EngineLost(f"the engine went away: {words}")


def call_of(identity: Identity, deadline: timedelta, name: str) -> pb.Call:
    """Say on whose behalf a call runs, and until when."""
    until = datetime.now(UTC) + deadline
    if isinstance(identity, User):
        subject = pb.Identity(user=pb.User(name=identity.name, groups=identity.groups))
    else:
        subject = pb.Identity(operator=True)
    return pb.Call(identity=subject, deadline_unix_ms=int(until.timestamp() * 1000), id=name)


def ref_of(release: ReleaseRef) -> pb.ReleaseRef:
    """Name a release."""
    return pb.ReleaseRef(namespace=release.namespace, name=release.name)


def base_of(base: Base) -> pb.Base:
    """Name the revision that a decision was made on."""
    return pb.Base(
        revision=base.revision,
        secret_uid=base.uid,
        secret_resource_version=base.resource_version,
    )


def options_of(options: ActionOptions) -> pb.ActionOptions:
    """Say how a verb is performed."""
    return pb.ActionOptions(
        timeout_ms=int(options.timeout / timedelta(milliseconds=1)),
        wait=options.wait,
        max_history=options.max_history,
        take_ownership=options.take_ownership,
        force_conflicts=options.force_conflicts,
        disable_hooks=options.disable_hooks,
        skip_crds=options.skip_crds,
        create_namespace=options.create_namespace,
        disable_schema_validation=options.disable_schema_validation,
        force=options.force,
        values=POLICIES[options.values_policy],
        disable_openapi_validation=options.disable_openapi_validation,
        to_revision=options.to_revision,
        recreate=options.recreate,
        cleanup=options.cleanup,
        stamp=options.stamp,
    )


POLICIES: Final = {
    ValuesPolicy.RESET: pb.RESET,
    ValuesPolicy.REUSE: pb.REUSE,
    ValuesPolicy.REUSE_WHEN_EMPTY: pb.REUSE_WHEN_EMPTY,
}


def writer_of(writer: WriterId) -> pb.Writer:
    """Say in whose name a revision is written."""
    return pb.Writer(
        session=writer.session,
        epoch=writer.epoch,
        valid_ms=max(0, int(writer.valid / timedelta(milliseconds=1))),
    )


def comparison_from(reply: pb.CompareReply) -> Comparison:
    """Read a comparison."""
    return Comparison(reply.same, reply.difference, reply.owner)


def chart_from(reply: pb.PullChartReply) -> Chart:
    """Read a chart."""
    chart = reply.chart
    return Chart(
        digest=chart.digest,
        name=chart.name,
        version=chart.version,
        app_version=chart.app_version,
        stale_reason=reply.stale_reason if reply.stale else "",
        signed_by=chart.signed_by,
        known_for=timedelta(milliseconds=reply.known_for_ms),
    )


def document_from(reply: pb.FetchDocumentReply) -> Document:
    """Read a document."""
    return Document(reply.content, reply.stale_reason if reply.stale else "")


def access_of(access: Access) -> pb.Access:
    """Say what a source is to see of us."""
    return pb.Access(
        username=access.username,
        password=access.password,
        bearer_token=access.token,
        docker_config_json=access.docker_config,
        ca_pem=access.ca,
        certificate_pem=access.certificate,
        key_pem=access.key,
        skip_tls_verify=access.skip_tls_verify,
        plain_http=access.plain_http,
        pass_credentials=access.pass_credentials,
    )


def verification_of(verification: Verification | None) -> pb.Verification:
    """Say who must have signed a chart."""
    if verification is None:
        return pb.Verification()
    return pb.Verification(provider=verification.provider, keys=verification.keys)


def repository_of(repository: Repository) -> pb.Repository:
    """Name a repository with what it is to see of us."""
    return pb.Repository(
        name=repository.name, url=repository.url, access=access_of(repository.access)
    )


def revision_from(message: pb.Revision) -> Revision:
    """Read a revision; a status that Helm does not know is `unknown`."""
    try:
        status = Status(message.status)
    except ValueError:
        status = Status.UNKNOWN
    chart = f"{message.chart_name}-{message.chart_version}" if message.chart_name else ""
    return Revision(
        release=ReleaseRef(message.release.namespace, message.release.name),
        number=message.revision,
        status=status,
        chart=chart,
        description=message.description,
        modified=datetime.fromtimestamp(message.modified_unix_ms / 1000, UTC),
        annotations=dict(message.annotations),
        uid=message.secret_uid,
        resource_version=message.secret_resource_version,
    )
