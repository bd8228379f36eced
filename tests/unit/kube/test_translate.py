"""Foreign errors in our tree; nothing of a Secret passes."""

from typing import Any

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.errors import (
    AccessDenied,
    ClusterUnavailable,
    Conflict,
    Expired,
    HelmwardError,
    Invalid,
    NamespaceUnready,
    NotFound,
)
from helmward.kube.translate import Target, read_status, refused, unreachable

DEPLOYMENT = Target("apply", "deployments", "team-a", "web")
SECRET = Target("apply", "secrets", "team-a", "key")


def translated(
    code: int, target: Target = DEPLOYMENT, headers: dict[str, str] | None = None, **status: Any
) -> HelmwardError:
    return refused(target, read_status(code, msgspec.json.encode(status)), headers or {})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Invalid),
        (401, AccessDenied),
        (403, AccessDenied),
        (404, NotFound),
        (409, Conflict),
        (410, Expired),
        (415, Invalid),
        (422, Invalid),
        (429, ClusterUnavailable),
        (500, ClusterUnavailable),
        (503, ClusterUnavailable),
        (302, ClusterUnavailable),
    ],
)
def test_each_code_has_its_branch(code: int, kind: type[HelmwardError]) -> None:
    """The branch says who moves next."""
    error = translated(code, message="why not")

    assert type(error) is kind
    assert str(error) == "cannot apply deployments team-a/web: why not"


def test_a_namespace_that_ends_or_is_absent_may_come() -> None:
    """The server says 403 and 404; neither is about our rights or our object."""
    ending = translated(403, details={"causes": [{"reason": "NamespaceTerminating"}]})
    absent = translated(404, details={"kind": "namespaces", "name": "team-a"})

    assert type(ending) is type(absent) is NamespaceUnready


def test_a_namespace_asked_for_by_name_is_simply_not_found() -> None:
    """Here it is the object itself."""
    target = Target("get", "namespaces", None, "team-a")

    assert type(translated(404, target, details={"kind": "namespaces"})) is NotFound


def test_an_unknown_field_is_the_specs_fault() -> None:
    """The server calls it a 500, but asking again mends nothing."""
    message = "failed to create typed patch object (a/b; apps/v1, Kind=Deployment): .spec.x: ..."

    assert type(translated(500, message=message)) is Invalid


def test_a_version_from_the_future_is_expired() -> None:
    """Storage was restored from a backup: list anew."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]

    assert type(translated(504, details={"causes": causes})) is Expired


def test_the_wait_that_the_server_asks_for() -> None:
    """From the header, or else from the body."""
    assert translated(429, headers={"Retry-After": "7"}).retry_after == 7  # type: ignore[attr-defined]
    assert translated(503, details={"retryAfterSeconds": 3}).retry_after == 3  # type: ignore[attr-defined]
    assert translated(503).retry_after is None  # type: ignore[attr-defined]


def test_a_creation_that_came_too_late_is_told_from_a_lost_race() -> None:
    """Claims depend on it."""
    late, raced = translated(409, reason="AlreadyExists"), translated(409, reason="Conflict")

    assert isinstance(late, Conflict)
    assert isinstance(raced, Conflict)
    assert (late.exists, raced.exists) == (True, False)


def test_the_causes_of_a_refusal_are_lines() -> None:
    """One for each field."""
    causes = [{"field": "spec.replicas", "message": "must be positive"}, {"message": "and more"}]
    error = translated(422, details={"causes": causes})

    assert isinstance(error, Invalid)
    assert error.causes == ("spec.replicas: must be positive", "and more")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"details":{"causes":7}}', b"\xff"])
def test_a_body_that_is_no_status(body: bytes) -> None:
    """Proxies answer too."""
    error = refused(DEPLOYMENT, read_status(502, body), {})

    assert str(error) == "cannot apply deployments team-a/web: the API server answers 502"


def test_a_message_is_one_line_and_not_endless() -> None:
    """It goes into a condition."""
    error = translated(400, message="a\n b\t c" + "x" * 5000)

    assert "a b c" in str(error)
    assert len(str(error)) < 2100


@given(
    st.sampled_from([400, 401, 403, 404, 409, 422, 429, 500, 503]),
    st.text("ab c\n\"'.:", max_size=40),
)
def test_nothing_of_a_secret_passes(code: int, noise: str) -> None:
    """The server and its webhooks quote what they refuse."""
    planted = "hunter2"
    message = f'{noise} Invalid value: "{planted}" {noise}'
    causes = [{"field": "data[key]", "reason": "FieldValueInvalid", "message": message}]
    error = translated(code, SECRET, message=message, reason="Invalid", details={"causes": causes})

    assert planted not in str(error) + repr(error) + str(vars(error))
    assert "secrets team-a/key" in str(error)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ('secrets "key" not found', 'secrets "key" not found'),
        ('secrets "key" already exists', "already exists"),
        ("Operation cannot be fulfilled: the object has been modified; x", "has been modified"),
        (
            'secrets is forbidden: User "sa" cannot list resource "secrets" in API group ""',
            'User "sa" cannot list resource "secrets"',
        ),
    ],
)
def test_harmless_words_about_a_secret_stay(message: str, kept: str) -> None:
    """They say what to mend."""
    assert kept in str(translated(403, SECRET, message=message))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "does not answer in time"),
        (aiohttp.ServerDisconnectedError(), "closed the connection"),
        (ConnectionResetError(), "closed the connection"),
        (aiohttp.ClientError("ssl:<object at 0x7f>"), "the connection failed (ClientError)"),
    ],
)
def test_the_network_in_plain_words(error: Exception, said: str) -> None:
    """Without objects' addresses in memory."""
    found = unreachable(DEPLOYMENT, error)

    assert str(found) == f"cannot apply deployments team-a/web: {_sentence(said)}"


def _sentence(said: str) -> str:
    return said if said.startswith("the ") else f"the API server {said}"


def test_a_target_reads_like_a_command() -> None:
    """In all its forms."""
    words = [
        Target("list", "pods"),
        Target("list", "pods", "a"),
        Target("get", "nodes", None, "n1"),
        Target("get", "pods", "a", "p"),
    ]

    assert [str(target) for target in words] == [
        "list pods",
        "list pods in a",
        "get nodes n1",
        "get pods a/p",
    ]
