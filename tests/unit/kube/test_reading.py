"""Lists and watches cut into single objects."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.errors import ClusterUnavailable, Expired, Invalid
from helmward.kube.meta import decode_object, decode_partial
from helmward.kube.reading import lines, read_event, read_page
from helmward.kube.resources import DEPLOYMENTS, NAMESPACES, SECRETS, parse_api_version
from helmward.kube.translate import Target

PODS = Target("list", "pods")


async def stream(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@given(st.lists(st.binary(max_size=9)), st.data())
def test_lines_do_not_depend_on_the_chunks(parts: list[bytes], data: st.DataObject) -> None:
    """A network cuts wherever it likes."""
    text = b"".join(part.replace(b"x", b"\n") for part in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    async def cut() -> list[bytes]:
        return [line async for line in lines(stream(chunks))]

    assert asyncio.run(cut()) == text.split(b"\n")[:-1]


async def test_an_unfinished_line_is_dropped() -> None:
    """The connection broke in the middle of an object."""
    assert [line async for line in lines(stream([b"a\nb", b"c\nde"]))] == [b"a", b"bc"]


def test_an_empty_list_of_metadata_has_no_items() -> None:
    """The server writes null there."""
    page = read_page(b'{"metadata":{"resourceVersion":"7"},"items":null}', PODS)

    assert (page.items, page.resource_version, page.next) == (None, "7", "")


def test_items_stay_unread() -> None:
    """One that cannot be decoded does not stop the others."""
    page = read_page(b'{"metadata":{"continue":"c"},"items":[{"a":1},[],7]}', PODS)

    assert [bytes(item) for item in page.items or ()] == [b'{"a":1}', b"[]", b"7"]
    assert page.next == "c"


def test_an_error_in_the_stream_is_raised() -> None:
    """A version may expire while we watch."""
    line = b'{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}'

    with pytest.raises(Expired, match="too old"):
        read_event(line, PODS)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"items":7}', b"null"])
def test_an_answer_of_somebody_else_is_an_outage(body: bytes) -> None:
    """A proxy's error page with a code of 200."""
    with pytest.raises(ClusterUnavailable, match="no API server gave this answer"):
        read_page(body, PODS)
    with pytest.raises(ClusterUnavailable):
        read_event(body, PODS)


def test_managed_fields_are_dropped() -> None:
    """They are half of an object's weight and nobody here reads them."""
    document = b'{"metadata":{"name":"a","managedFields":[{}],"labels":{"x":"y"}},"spec":{"b":1}}'

    assert decode_object(document) == {
        "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {"b": 1},
    }
    assert decode_partial(document).metadata.labels == {"x": "y"}


def test_paths() -> None:
    """As the API server serves them."""
    assert SECRETS.path("a", "b") == "/api/v1/namespaces/a/secrets/b"
    assert SECRETS.path() == "/api/v1/secrets"
    assert DEPLOYMENTS.path("a", "b", "status") == (
        "/apis/apps/v1/namespaces/a/deployments/b/status"
    )
    assert NAMESPACES.path(None, "a") == NAMESPACES.path("ignored", "a") == "/api/v1/namespaces/a"


def test_a_name_cannot_leave_its_place_in_a_path() -> None:
    """Names come from custom resources."""
    assert SECRETS.path("a", "../../nodes?x") == (
        "/api/v1/namespaces/a/secrets/..%2F..%2Fnodes%3Fx"
    )


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_is_no_step_upwards(name: str) -> None:
    """HTTP libraries would walk it."""
    with pytest.raises(Invalid, match="is no name"):
        SECRETS.path("a", name)


def test_api_versions() -> None:
    """Both ways."""
    assert parse_api_version("v1") == ("", "v1")
    assert parse_api_version("apps/v1") == ("apps", "v1")
    assert (SECRETS.api_version, DEPLOYMENTS.api_version) == ("v1", "apps/v1")
    assert (str(SECRETS), str(DEPLOYMENTS)) == ("secrets", "deployments.apps")
