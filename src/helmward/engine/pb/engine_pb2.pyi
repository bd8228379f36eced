from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ValuesPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESET: _ClassVar[ValuesPolicy]
    REUSE: _ClassVar[ValuesPolicy]
    REUSE_WHEN_EMPTY: _ClassVar[ValuesPolicy]
RESET: ValuesPolicy
REUSE: ValuesPolicy
REUSE_WHEN_EMPTY: ValuesPolicy

class Call(_message.Message):
    __slots__ = ("identity", "deadline_unix_ms", "id")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    identity: Identity
    deadline_unix_ms: int
    id: str
    def __init__(self, identity: _Optional[_Union[Identity, _Mapping]] = ..., deadline_unix_ms: _Optional[int] = ..., id: _Optional[str] = ...) -> None: ...

class Identity(_message.Message):
    __slots__ = ("operator", "user")
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    operator: bool
    user: User
    def __init__(self, operator: _Optional[bool] = ..., user: _Optional[_Union[User, _Mapping]] = ...) -> None: ...

class User(_message.Message):
    __slots__ = ("name", "groups")
    NAME_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    name: str
    groups: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., groups: _Optional[_Iterable[str]] = ...) -> None: ...

class ReleaseRef(_message.Message):
    __slots__ = ("namespace", "name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class Writer(_message.Message):
    __slots__ = ("session", "epoch", "instance", "valid_ms")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    VALID_MS_FIELD_NUMBER: _ClassVar[int]
    session: str
    epoch: int
    instance: str
    valid_ms: int
    def __init__(self, session: _Optional[str] = ..., epoch: _Optional[int] = ..., instance: _Optional[str] = ..., valid_ms: _Optional[int] = ...) -> None: ...

class Base(_message.Message):
    __slots__ = ("revision", "secret_uid", "secret_resource_version")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SECRET_UID_FIELD_NUMBER: _ClassVar[int]
    SECRET_RESOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    secret_uid: str
    secret_resource_version: str
    def __init__(self, revision: _Optional[int] = ..., secret_uid: _Optional[str] = ..., secret_resource_version: _Optional[str] = ...) -> None: ...

class PullChartRequest(_message.Message):
    __slots__ = ("call", "repository", "name", "version", "max_index_age_ms", "access", "verification", "egress")
    CALL_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MAX_INDEX_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    VERIFICATION_FIELD_NUMBER: _ClassVar[int]
    EGRESS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    repository: str
    name: str
    version: str
    max_index_age_ms: int
    access: Access
    verification: Verification
    egress: Egress
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., repository: _Optional[str] = ..., name: _Optional[str] = ..., version: _Optional[str] = ..., max_index_age_ms: _Optional[int] = ..., access: _Optional[_Union[Access, _Mapping]] = ..., verification: _Optional[_Union[Verification, _Mapping]] = ..., egress: _Optional[_Union[Egress, _Mapping]] = ...) -> None: ...

class Access(_message.Message):
    __slots__ = ("username", "password", "bearer_token", "docker_config_json", "ca_pem", "certificate_pem", "key_pem", "skip_tls_verify", "plain_http", "pass_credentials")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    BEARER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DOCKER_CONFIG_JSON_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    KEY_PEM_FIELD_NUMBER: _ClassVar[int]
    SKIP_TLS_VERIFY_FIELD_NUMBER: _ClassVar[int]
    PLAIN_HTTP_FIELD_NUMBER: _ClassVar[int]
    PASS_CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    username: str
    password: str
    bearer_token: str
    docker_config_json: bytes
    ca_pem: bytes
    certificate_pem: bytes
    key_pem: bytes
    skip_tls_verify: bool
    plain_http: bool
    pass_credentials: bool
    def __init__(self, username: _Optional[str] = ..., password: _Optional[str] = ..., bearer_token: _Optional[str] = ..., docker_config_json: _Optional[bytes] = ..., ca_pem: _Optional[bytes] = ..., certificate_pem: _Optional[bytes] = ..., key_pem: _Optional[bytes] = ..., skip_tls_verify: _Optional[bool] = ..., plain_http: _Optional[bool] = ..., pass_credentials: _Optional[bool] = ...) -> None: ...

class Verification(_message.Message):
    __slots__ = ("provider", "keys")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, provider: _Optional[str] = ..., keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Egress(_message.Message):
    __slots__ = ("allowed",)
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    allowed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, allowed: _Optional[_Iterable[str]] = ...) -> None: ...

class PullChartReply(_message.Message):
    __slots__ = ("failure", "chart", "stale", "stale_reason", "known_for_ms")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    CHART_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    STALE_REASON_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FOR_MS_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    chart: Chart
    stale: bool
    stale_reason: str
    known_for_ms: int
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., chart: _Optional[_Union[Chart, _Mapping]] = ..., stale: _Optional[bool] = ..., stale_reason: _Optional[str] = ..., known_for_ms: _Optional[int] = ...) -> None: ...

class Chart(_message.Message):
    __slots__ = ("digest", "name", "version", "app_version", "signed_by")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    APP_VERSION_FIELD_NUMBER: _ClassVar[int]
    SIGNED_BY_FIELD_NUMBER: _ClassVar[int]
    digest: str
    name: str
    version: str
    app_version: str
    signed_by: str
    def __init__(self, digest: _Optional[str] = ..., name: _Optional[str] = ..., version: _Optional[str] = ..., app_version: _Optional[str] = ..., signed_by: _Optional[str] = ...) -> None: ...

class PackChartRequest(_message.Message):
    __slots__ = ("call", "key", "folder", "path", "skip_dependencies", "repositories", "egress", "max_index_age_ms")
    CALL_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SKIP_DEPENDENCIES_FIELD_NUMBER: _ClassVar[int]
    REPOSITORIES_FIELD_NUMBER: _ClassVar[int]
    EGRESS_FIELD_NUMBER: _ClassVar[int]
    MAX_INDEX_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    key: str
    folder: str
    path: str
    skip_dependencies: bool
    repositories: _containers.RepeatedCompositeFieldContainer[Repository]
    egress: Egress
    max_index_age_ms: int
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., key: _Optional[str] = ..., folder: _Optional[str] = ..., path: _Optional[str] = ..., skip_dependencies: _Optional[bool] = ..., repositories: _Optional[_Iterable[_Union[Repository, _Mapping]]] = ..., egress: _Optional[_Union[Egress, _Mapping]] = ..., max_index_age_ms: _Optional[int] = ...) -> None: ...

class Repository(_message.Message):
    __slots__ = ("name", "url", "access")
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    name: str
    url: str
    access: Access
    def __init__(self, name: _Optional[str] = ..., url: _Optional[str] = ..., access: _Optional[_Union[Access, _Mapping]] = ...) -> None: ...

class ReadChartFileRequest(_message.Message):
    __slots__ = ("call", "chart_digest", "path")
    CALL_FIELD_NUMBER: _ClassVar[int]
    CHART_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    call: Call
    chart_digest: str
    path: str
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., chart_digest: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class ReadChartFileReply(_message.Message):
    __slots__ = ("failure", "found", "content")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    found: bool
    content: bytes
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., found: _Optional[bool] = ..., content: _Optional[bytes] = ...) -> None: ...

class FetchDocumentRequest(_message.Message):
    __slots__ = ("call", "url", "max_bytes", "max_age_ms", "egress", "access")
    CALL_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    MAX_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    EGRESS_FIELD_NUMBER: _ClassVar[int]
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    url: str
    max_bytes: int
    max_age_ms: int
    egress: Egress
    access: Access
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., url: _Optional[str] = ..., max_bytes: _Optional[int] = ..., max_age_ms: _Optional[int] = ..., egress: _Optional[_Union[Egress, _Mapping]] = ..., access: _Optional[_Union[Access, _Mapping]] = ...) -> None: ...

class FetchDocumentReply(_message.Message):
    __slots__ = ("failure", "content", "stale", "stale_reason")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    STALE_REASON_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    content: bytes
    stale: bool
    stale_reason: str
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., content: _Optional[bytes] = ..., stale: _Optional[bool] = ..., stale_reason: _Optional[str] = ...) -> None: ...

class KustomizeRequest(_message.Message):
    __slots__ = ("call", "files", "path")
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
    CALL_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    call: Call
    files: _containers.ScalarMap[str, bytes]
    path: str
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., files: _Optional[_Mapping[str, bytes]] = ..., path: _Optional[str] = ...) -> None: ...

class KustomizeReply(_message.Message):
    __slots__ = ("failure", "objects", "file", "line")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    objects: _containers.RepeatedCompositeFieldContainer[BuiltObject]
    file: str
    line: int
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., objects: _Optional[_Iterable[_Union[BuiltObject, _Mapping]]] = ..., file: _Optional[str] = ..., line: _Optional[int] = ...) -> None: ...

class BuiltObject(_message.Message):
    __slots__ = ("json", "file")
    JSON_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    json: bytes
    file: str
    def __init__(self, json: _Optional[bytes] = ..., file: _Optional[str] = ...) -> None: ...

class VerifySignatureRequest(_message.Message):
    __slots__ = ("call", "payload", "signature", "pgp_keys", "ssh_keys")
    CALL_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    PGP_KEYS_FIELD_NUMBER: _ClassVar[int]
    SSH_KEYS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    payload: bytes
    signature: bytes
    pgp_keys: _containers.RepeatedScalarFieldContainer[bytes]
    ssh_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., payload: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., pgp_keys: _Optional[_Iterable[bytes]] = ..., ssh_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class VerifySignatureReply(_message.Message):
    __slots__ = ("failure", "signed_by")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    SIGNED_BY_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    signed_by: str
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., signed_by: _Optional[str] = ...) -> None: ...

class SignRequest(_message.Message):
    __slots__ = ("call", "payload", "private_key", "key_id")
    CALL_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIVATE_KEY_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    call: Call
    payload: bytes
    private_key: bytes
    key_id: str
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., payload: _Optional[bytes] = ..., private_key: _Optional[bytes] = ..., key_id: _Optional[str] = ...) -> None: ...

class SignReply(_message.Message):
    __slots__ = ("failure", "signature")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    signature: bytes
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., signature: _Optional[bytes] = ...) -> None: ...

class ActionRequest(_message.Message):
    __slots__ = ("call", "release", "writer", "base", "chart_digest", "values_json", "description", "annotations", "options", "object_annotations")
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ObjectAnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    CHART_DIGEST_FIELD_NUMBER: _ClassVar[int]
    VALUES_JSON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    writer: Writer
    base: Base
    chart_digest: str
    values_json: bytes
    description: str
    annotations: _containers.ScalarMap[str, str]
    options: ActionOptions
    object_annotations: _containers.ScalarMap[str, str]
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., writer: _Optional[_Union[Writer, _Mapping]] = ..., base: _Optional[_Union[Base, _Mapping]] = ..., chart_digest: _Optional[str] = ..., values_json: _Optional[bytes] = ..., description: _Optional[str] = ..., annotations: _Optional[_Mapping[str, str]] = ..., options: _Optional[_Union[ActionOptions, _Mapping]] = ..., object_annotations: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ActionOptions(_message.Message):
    __slots__ = ("timeout_ms", "wait", "max_history", "take_ownership", "force_conflicts", "disable_hooks", "skip_crds", "create_namespace", "disable_schema_validation", "force", "values", "disable_openapi_validation", "to_revision", "recreate", "cleanup", "stamp")
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    MAX_HISTORY_FIELD_NUMBER: _ClassVar[int]
    TAKE_OWNERSHIP_FIELD_NUMBER: _ClassVar[int]
    FORCE_CONFLICTS_FIELD_NUMBER: _ClassVar[int]
    DISABLE_HOOKS_FIELD_NUMBER: _ClassVar[int]
    SKIP_CRDS_FIELD_NUMBER: _ClassVar[int]
    CREATE_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    DISABLE_SCHEMA_VALIDATION_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    DISABLE_OPENAPI_VALIDATION_FIELD_NUMBER: _ClassVar[int]
    TO_REVISION_FIELD_NUMBER: _ClassVar[int]
    RECREATE_FIELD_NUMBER: _ClassVar[int]
    CLEANUP_FIELD_NUMBER: _ClassVar[int]
    STAMP_FIELD_NUMBER: _ClassVar[int]
    timeout_ms: int
    wait: bool
    max_history: int
    take_ownership: bool
    force_conflicts: bool
    disable_hooks: bool
    skip_crds: bool
    create_namespace: bool
    disable_schema_validation: bool
    force: bool
    values: ValuesPolicy
    disable_openapi_validation: bool
    to_revision: int
    recreate: bool
    cleanup: bool
    stamp: bool
    def __init__(self, timeout_ms: _Optional[int] = ..., wait: _Optional[bool] = ..., max_history: _Optional[int] = ..., take_ownership: _Optional[bool] = ..., force_conflicts: _Optional[bool] = ..., disable_hooks: _Optional[bool] = ..., skip_crds: _Optional[bool] = ..., create_namespace: _Optional[bool] = ..., disable_schema_validation: _Optional[bool] = ..., force: _Optional[bool] = ..., values: _Optional[_Union[ValuesPolicy, str]] = ..., disable_openapi_validation: _Optional[bool] = ..., to_revision: _Optional[int] = ..., recreate: _Optional[bool] = ..., cleanup: _Optional[bool] = ..., stamp: _Optional[bool] = ...) -> None: ...

class ActionEvent(_message.Message):
    __slots__ = ("phase", "log", "done")
    PHASE_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    phase: Phase
    log: Log
    done: Done
    def __init__(self, phase: _Optional[_Union[Phase, _Mapping]] = ..., log: _Optional[_Union[Log, _Mapping]] = ..., done: _Optional[_Union[Done, _Mapping]] = ...) -> None: ...

class Phase(_message.Message):
    __slots__ = ("name", "detail")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    name: str
    detail: str
    def __init__(self, name: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class Log(_message.Message):
    __slots__ = ("level", "message")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    level: str
    message: str
    def __init__(self, level: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ("failure", "revision", "stats")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    revision: Revision
    stats: ActionStats
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., revision: _Optional[_Union[Revision, _Mapping]] = ..., stats: _Optional[_Union[ActionStats, _Mapping]] = ...) -> None: ...

class ActionStats(_message.Message):
    __slots__ = ("api_requests", "duration_ms")
    API_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    api_requests: int
    duration_ms: int
    def __init__(self, api_requests: _Optional[int] = ..., duration_ms: _Optional[int] = ...) -> None: ...

class Revision(_message.Message):
    __slots__ = ("release", "revision", "status", "chart_name", "chart_version", "app_version", "description", "modified_unix_ms", "annotations", "secret_uid", "secret_resource_version", "manifest", "notes", "values_json")
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CHART_NAME_FIELD_NUMBER: _ClassVar[int]
    CHART_VERSION_FIELD_NUMBER: _ClassVar[int]
    APP_VERSION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    SECRET_UID_FIELD_NUMBER: _ClassVar[int]
    SECRET_RESOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    VALUES_JSON_FIELD_NUMBER: _ClassVar[int]
    release: ReleaseRef
    revision: int
    status: str
    chart_name: str
    chart_version: str
    app_version: str
    description: str
    modified_unix_ms: int
    annotations: _containers.ScalarMap[str, str]
    secret_uid: str
    secret_resource_version: str
    manifest: str
    notes: str
    values_json: bytes
    def __init__(self, release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., revision: _Optional[int] = ..., status: _Optional[str] = ..., chart_name: _Optional[str] = ..., chart_version: _Optional[str] = ..., app_version: _Optional[str] = ..., description: _Optional[str] = ..., modified_unix_ms: _Optional[int] = ..., annotations: _Optional[_Mapping[str, str]] = ..., secret_uid: _Optional[str] = ..., secret_resource_version: _Optional[str] = ..., manifest: _Optional[str] = ..., notes: _Optional[str] = ..., values_json: _Optional[bytes] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("kind", "message", "cause", "retry_after_ms", "violations")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNSPECIFIED: _ClassVar[Failure.Kind]
        SOURCE_UNAVAILABLE: _ClassVar[Failure.Kind]
        CHART_NOT_FOUND: _ClassVar[Failure.Kind]
        CHART_INVALID: _ClassVar[Failure.Kind]
        VALUES_INVALID: _ClassVar[Failure.Kind]
        CONFLICT: _ClassVar[Failure.Kind]
        NOT_OWNED: _ClassVar[Failure.Kind]
        REJECTED: _ClassVar[Failure.Kind]
        FORBIDDEN: _ClassVar[Failure.Kind]
        NAMESPACE_NOT_FOUND: _ClassVar[Failure.Kind]
        NAMESPACE_TERMINATING: _ClassVar[Failure.Kind]
        CLUSTER_UNAVAILABLE: _ClassVar[Failure.Kind]
        TIMEOUT: _ClassVar[Failure.Kind]
        CANCELLED: _ClassVar[Failure.Kind]
        HOOK_FAILED: _ClassVar[Failure.Kind]
        INVALID: _ClassVar[Failure.Kind]
        CHART_UNKNOWN: _ClassVar[Failure.Kind]
        INTERNAL: _ClassVar[Failure.Kind]
        NOT_READY: _ClassVar[Failure.Kind]
        TEST_FAILED: _ClassVar[Failure.Kind]
        SUPERSEDED: _ClassVar[Failure.Kind]
        SESSION_LOST: _ClassVar[Failure.Kind]
        UNVERIFIED: _ClassVar[Failure.Kind]
        NOT_ALLOWED: _ClassVar[Failure.Kind]
        TOO_LARGE: _ClassVar[Failure.Kind]
    UNSPECIFIED: Failure.Kind
    SOURCE_UNAVAILABLE: Failure.Kind
    CHART_NOT_FOUND: Failure.Kind
    CHART_INVALID: Failure.Kind
    VALUES_INVALID: Failure.Kind
    CONFLICT: Failure.Kind
    NOT_OWNED: Failure.Kind
    REJECTED: Failure.Kind
    FORBIDDEN: Failure.Kind
    NAMESPACE_NOT_FOUND: Failure.Kind
    NAMESPACE_TERMINATING: Failure.Kind
    CLUSTER_UNAVAILABLE: Failure.Kind
    TIMEOUT: Failure.Kind
    CANCELLED: Failure.Kind
    HOOK_FAILED: Failure.Kind
    INVALID: Failure.Kind
    CHART_UNKNOWN: Failure.Kind
    INTERNAL: Failure.Kind
    NOT_READY: Failure.Kind
    TEST_FAILED: Failure.Kind
    SUPERSEDED: Failure.Kind
    SESSION_LOST: Failure.Kind
    UNVERIFIED: Failure.Kind
    NOT_ALLOWED: Failure.Kind
    TOO_LARGE: Failure.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    kind: Failure.Kind
    message: str
    cause: Cause
    retry_after_ms: int
    violations: _containers.RepeatedCompositeFieldContainer[Violation]
    def __init__(self, kind: _Optional[_Union[Failure.Kind, str]] = ..., message: _Optional[str] = ..., cause: _Optional[_Union[Cause, _Mapping]] = ..., retry_after_ms: _Optional[int] = ..., violations: _Optional[_Iterable[_Union[Violation, _Mapping]]] = ...) -> None: ...

class Violation(_message.Message):
    __slots__ = ("path", "problem", "chart")
    PATH_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    CHART_FIELD_NUMBER: _ClassVar[int]
    path: _containers.RepeatedScalarFieldContainer[str]
    problem: str
    chart: str
    def __init__(self, path: _Optional[_Iterable[str]] = ..., problem: _Optional[str] = ..., chart: _Optional[str] = ...) -> None: ...

class Cause(_message.Message):
    __slots__ = ("object", "namespace", "pod", "container", "reason", "message", "exit_code", "log_lines", "event", "hopeless")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    POD_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    LOG_LINES_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    HOPELESS_FIELD_NUMBER: _ClassVar[int]
    object: str
    namespace: str
    pod: str
    container: str
    reason: str
    message: str
    exit_code: int
    log_lines: _containers.RepeatedScalarFieldContainer[str]
    event: str
    hopeless: bool
    def __init__(self, object: _Optional[str] = ..., namespace: _Optional[str] = ..., pod: _Optional[str] = ..., container: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., exit_code: _Optional[int] = ..., log_lines: _Optional[_Iterable[str]] = ..., event: _Optional[str] = ..., hopeless: _Optional[bool] = ...) -> None: ...

class SupersedeRequest(_message.Message):
    __slots__ = ("call", "release", "description")
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    description: str
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., description: _Optional[str] = ...) -> None: ...

class SupersedeReply(_message.Message):
    __slots__ = ("failure", "running")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    running: bool
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., running: _Optional[bool] = ...) -> None: ...

class CompareRequest(_message.Message):
    __slots__ = ("call", "release", "base", "chart_digest", "values_json", "owner_annotations")
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    CHART_DIGEST_FIELD_NUMBER: _ClassVar[int]
    VALUES_JSON_FIELD_NUMBER: _ClassVar[int]
    OWNER_ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    base: Base
    chart_digest: str
    values_json: bytes
    owner_annotations: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., base: _Optional[_Union[Base, _Mapping]] = ..., chart_digest: _Optional[str] = ..., values_json: _Optional[bytes] = ..., owner_annotations: _Optional[_Iterable[str]] = ...) -> None: ...

class CompareReply(_message.Message):
    __slots__ = ("failure", "same", "difference", "owner")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    SAME_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    same: bool
    difference: str
    owner: str
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., same: _Optional[bool] = ..., difference: _Optional[str] = ..., owner: _Optional[str] = ...) -> None: ...

class AnnotateRequest(_message.Message):
    __slots__ = ("call", "release", "base", "writer", "annotations")
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    base: Base
    writer: Writer
    annotations: _containers.ScalarMap[str, str]
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., base: _Optional[_Union[Base, _Mapping]] = ..., writer: _Optional[_Union[Writer, _Mapping]] = ..., annotations: _Optional[_Mapping[str, str]] = ...) -> None: ...

class AnnotateReply(_message.Message):
    __slots__ = ("failure", "revision")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    revision: Revision
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., revision: _Optional[_Union[Revision, _Mapping]] = ...) -> None: ...

class SweepRequest(_message.Message):
    __slots__ = ("call", "release", "base", "writer")
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    base: Base
    writer: Writer
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., base: _Optional[_Union[Base, _Mapping]] = ..., writer: _Optional[_Union[Writer, _Mapping]] = ...) -> None: ...

class SweepReply(_message.Message):
    __slots__ = ("failure", "deleted")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    deleted: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., deleted: _Optional[_Iterable[str]] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("call", "session", "valid_ms")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    VALID_MS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    session: str
    valid_ms: int
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., session: _Optional[str] = ..., valid_ms: _Optional[int] = ...) -> None: ...

class RenewReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ObjectRef(_message.Message):
    __slots__ = ("api_version", "kind", "namespace", "name")
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    api_version: str
    kind: str
    namespace: str
    name: str
    def __init__(self, api_version: _Optional[str] = ..., kind: _Optional[str] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class IgnoreRule(_message.Message):
    __slots__ = ("paths", "group", "version", "kind", "name", "namespace", "label_selector", "annotation_selector")
    PATHS_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    LABEL_SELECTOR_FIELD_NUMBER: _ClassVar[int]
    ANNOTATION_SELECTOR_FIELD_NUMBER: _ClassVar[int]
    paths: _containers.RepeatedScalarFieldContainer[str]
    group: str
    version: str
    kind: str
    name: str
    namespace: str
    label_selector: str
    annotation_selector: str
    def __init__(self, paths: _Optional[_Iterable[str]] = ..., group: _Optional[str] = ..., version: _Optional[str] = ..., kind: _Optional[str] = ..., name: _Optional[str] = ..., namespace: _Optional[str] = ..., label_selector: _Optional[str] = ..., annotation_selector: _Optional[str] = ...) -> None: ...

class DriftRequest(_message.Message):
    __slots__ = ("call", "release", "writer", "base", "objects", "ignore", "correct", "object_annotations")
    class ObjectAnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    IGNORE_FIELD_NUMBER: _ClassVar[int]
    CORRECT_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    writer: Writer
    base: Base
    objects: _containers.RepeatedCompositeFieldContainer[ObjectRef]
    ignore: _containers.RepeatedCompositeFieldContainer[IgnoreRule]
    correct: bool
    object_annotations: _containers.ScalarMap[str, str]
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., writer: _Optional[_Union[Writer, _Mapping]] = ..., base: _Optional[_Union[Base, _Mapping]] = ..., objects: _Optional[_Iterable[_Union[ObjectRef, _Mapping]]] = ..., ignore: _Optional[_Iterable[_Union[IgnoreRule, _Mapping]]] = ..., correct: _Optional[bool] = ..., object_annotations: _Optional[_Mapping[str, str]] = ...) -> None: ...

class DriftReply(_message.Message):
    __slots__ = ("failure", "found", "looked", "kinds", "objects", "stats")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    LOOKED_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    found: _containers.RepeatedCompositeFieldContainer[Divergence]
    looked: int
    kinds: str
    objects: str
    stats: ActionStats
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., found: _Optional[_Iterable[_Union[Divergence, _Mapping]]] = ..., looked: _Optional[int] = ..., kinds: _Optional[str] = ..., objects: _Optional[str] = ..., stats: _Optional[_Union[ActionStats, _Mapping]] = ...) -> None: ...

class Divergence(_message.Message):
    __slots__ = ("object", "gone", "changes", "corrected", "problem")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    object: ObjectRef
    gone: bool
    changes: _containers.RepeatedCompositeFieldContainer[FieldChange]
    corrected: bool
    problem: str
    def __init__(self, object: _Optional[_Union[ObjectRef, _Mapping]] = ..., gone: _Optional[bool] = ..., changes: _Optional[_Iterable[_Union[FieldChange, _Mapping]]] = ..., corrected: _Optional[bool] = ..., problem: _Optional[str] = ...) -> None: ...

class FieldChange(_message.Message):
    __slots__ = ("path", "desired", "live", "manager", "operation", "subresource", "at_unix_ms")
    PATH_FIELD_NUMBER: _ClassVar[int]
    DESIRED_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    MANAGER_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    SUBRESOURCE_FIELD_NUMBER: _ClassVar[int]
    AT_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    path: str
    desired: str
    live: str
    manager: str
    operation: str
    subresource: str
    at_unix_ms: int
    def __init__(self, path: _Optional[str] = ..., desired: _Optional[str] = ..., live: _Optional[str] = ..., manager: _Optional[str] = ..., operation: _Optional[str] = ..., subresource: _Optional[str] = ..., at_unix_ms: _Optional[int] = ...) -> None: ...

class JudgeRequest(_message.Message):
    __slots__ = ("call", "dependency_json", "self_json", "expression")
    CALL_FIELD_NUMBER: _ClassVar[int]
    DEPENDENCY_JSON_FIELD_NUMBER: _ClassVar[int]
    SELF_JSON_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    dependency_json: bytes
    self_json: bytes
    expression: str
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., dependency_json: _Optional[bytes] = ..., self_json: _Optional[bytes] = ..., expression: _Optional[str] = ...) -> None: ...

class JudgeReply(_message.Message):
    __slots__ = ("failure", "ready", "why")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    ready: bool
    why: str
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., ready: _Optional[bool] = ..., why: _Optional[str] = ...) -> None: ...

class UnlockRequest(_message.Message):
    __slots__ = ("call", "release", "base", "description")
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    base: Base
    description: str
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., base: _Optional[_Union[Base, _Mapping]] = ..., description: _Optional[str] = ...) -> None: ...

class UnlockReply(_message.Message):
    __slots__ = ("failure", "revision")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    revision: Revision
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., revision: _Optional[_Union[Revision, _Mapping]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("call", "release", "revision", "with_manifest", "with_values")
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    WITH_MANIFEST_FIELD_NUMBER: _ClassVar[int]
    WITH_VALUES_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    revision: int
    with_manifest: bool
    with_values: bool
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., revision: _Optional[int] = ..., with_manifest: _Optional[bool] = ..., with_values: _Optional[bool] = ...) -> None: ...

class GetReply(_message.Message):
    __slots__ = ("failure", "revision")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    revision: Revision
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., revision: _Optional[_Union[Revision, _Mapping]] = ...) -> None: ...

class HistoryRequest(_message.Message):
    __slots__ = ("call", "release", "max")
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    max: int
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., max: _Optional[int] = ...) -> None: ...

class HistoryReply(_message.Message):
    __slots__ = ("failure", "revisions")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    REVISIONS_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    revisions: _containers.RepeatedCompositeFieldContainer[Revision]
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., revisions: _Optional[_Iterable[_Union[Revision, _Mapping]]] = ...) -> None: ...

class TemplateRequest(_message.Message):
    __slots__ = ("call", "release", "chart_digest", "values_json", "is_upgrade", "skip_crds", "disable_schema_validation")
    CALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    CHART_DIGEST_FIELD_NUMBER: _ClassVar[int]
    VALUES_JSON_FIELD_NUMBER: _ClassVar[int]
    IS_UPGRADE_FIELD_NUMBER: _ClassVar[int]
    SKIP_CRDS_FIELD_NUMBER: _ClassVar[int]
    DISABLE_SCHEMA_VALIDATION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    release: ReleaseRef
    chart_digest: str
    values_json: bytes
    is_upgrade: bool
    skip_crds: bool
    disable_schema_validation: bool
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., release: _Optional[_Union[ReleaseRef, _Mapping]] = ..., chart_digest: _Optional[str] = ..., values_json: _Optional[bytes] = ..., is_upgrade: _Optional[bool] = ..., skip_crds: _Optional[bool] = ..., disable_schema_validation: _Optional[bool] = ...) -> None: ...

class TemplateReply(_message.Message):
    __slots__ = ("failure", "manifest", "notes")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    manifest: str
    notes: str
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ..., manifest: _Optional[str] = ..., notes: _Optional[str] = ...) -> None: ...

class InvalidateRequest(_message.Message):
    __slots__ = ("call", "discovery", "indexes", "releases")
    CALL_FIELD_NUMBER: _ClassVar[int]
    DISCOVERY_FIELD_NUMBER: _ClassVar[int]
    INDEXES_FIELD_NUMBER: _ClassVar[int]
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    call: Call
    discovery: bool
    indexes: bool
    releases: bool
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., discovery: _Optional[bool] = ..., indexes: _Optional[bool] = ..., releases: _Optional[bool] = ...) -> None: ...

class InvalidateReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StatsRequest(_message.Message):
    __slots__ = ("call",)
    CALL_FIELD_NUMBER: _ClassVar[int]
    call: Call
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ...) -> None: ...

class StatsReply(_message.Message):
    __slots__ = ("helm_version", "kubernetes_version", "instance", "rss_bytes", "cpu_ms", "api_requests", "index_requests", "chart_downloads", "charts_cached", "releases_cached", "goroutines")
    HELM_VERSION_FIELD_NUMBER: _ClassVar[int]
    KUBERNETES_VERSION_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_MS_FIELD_NUMBER: _ClassVar[int]
    API_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    INDEX_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    CHART_DOWNLOADS_FIELD_NUMBER: _ClassVar[int]
    CHARTS_CACHED_FIELD_NUMBER: _ClassVar[int]
    RELEASES_CACHED_FIELD_NUMBER: _ClassVar[int]
    GOROUTINES_FIELD_NUMBER: _ClassVar[int]
    helm_version: str
    kubernetes_version: str
    instance: str
    rss_bytes: int
    cpu_ms: int
    api_requests: int
    index_requests: int
    chart_downloads: int
    charts_cached: int
    releases_cached: int
    goroutines: int
    def __init__(self, helm_version: _Optional[str] = ..., kubernetes_version: _Optional[str] = ..., instance: _Optional[str] = ..., rss_bytes: _Optional[int] = ..., cpu_ms: _Optional[int] = ..., api_requests: _Optional[int] = ..., index_requests: _Optional[int] = ..., chart_downloads: _Optional[int] = ..., charts_cached: _Optional[int] = ..., releases_cached: _Optional[int] = ..., goroutines: _Optional[int] = ...) -> None: ...
