"""The label and the annotation of Flux v1; expected values were made with Go's own packages."""

import pytest

from helmward.gitops.build import Manifest, ObjectId, build
from helmward.gitops.marks import CHECKSUM, MARK, checksum_of, flux_id, mark_of, marked, source_of
from tests.support.objects import config_map

PODINFO = ObjectId("helm.fluxcd.io", "HelmRelease", "default", "podinfo")
DEMO = ObjectId("", "Namespace", "", "demo")
GET_STARTED = "git@github.com:fluxcd/flux-get-started"


def manifest(text: str) -> Manifest:
    [found] = build({"a.yaml": text.encode()})
    return found


def test_an_object_is_called_as_flux_called_it() -> None:
    """Without the group, the kind in small letters."""
    assert flux_id(PODINFO) == "default:helmrelease/podinfo"
    assert flux_id(DEMO) == "<cluster>:namespace/demo"


def test_marks_are_those_of_flux() -> None:
    """So that what Flux applied counts as ours, and the other way round."""
    source = source_of(GET_STARTED, "master", ["namespaces", "releases"])

    assert source == "ocR4sy93pZNvM4ynL1qJwI21XmaGeGSobaoSPEoyltQ"
    assert mark_of(source, PODINFO) == "sha256.XRCvfrgFcpdTmKe7UdklY21DawB8MHlAhYUXkv1TVSY"
    assert mark_of(source, DEMO) == "sha256.3WJtdKLOGZgSLDeUdqfE2HhZvG06B8mr6BZxrD-iyIU"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        (GET_STARTED, "ssh://git@github.com/fluxcd/flux-get-started"),
        ("git@github.com:/fluxcd/a", "ssh://git@github.com/fluxcd/a"),
        ("https://me:secret@host:8443/a.git", "https://me@host:8443/a.git"),
        ("https://me:other@host:8443/a.git", "https://me:secret@host:8443/a.git"),
        ("https://t%2Fok$&+,;=!en@host/a", "https://t%2Fok$&+,;=%21en@host/a"),
        ("HTTPS://Host/A%20b", "https://Host/A%20b"),
        ("/srv/a", "file:///srv/a"),
    ],
)
def test_these_addresses_are_one_source(url: str, same: str) -> None:
    """As Go writes them; a new password is no new source."""
    assert source_of(url, "master", []) == source_of(same, "master", [])


@pytest.mark.parametrize(
    ("url", "ref", "paths"),
    [
        ("https://me@host/a", "main", ["x", "z"]),
        ("https://me@host/a", "master", ["z", "x"]),
        ("https://me@host/a", "master", []),
        ("https://you@host/a", "master", ["x", "z"]),
        ("https://host/a", "master", ["x", "z"]),
    ],
)
def test_these_settings_are_another_source(url: str, ref: str, paths: list[str]) -> None:
    """User, branch and the order of paths count, as they did for Flux."""
    assert source_of(url, ref, paths) != source_of("https://me@host/a", "master", ["x", "z"])


def test_a_mark_is_added_beside_what_is_there() -> None:
    one = manifest(config_map("one", extra="  labels: {a: b}\n  annotations:\n"))

    metadata = marked(one.object, one.id, "src", "abc")["metadata"]

    assert metadata["labels"] == {"a": "b", MARK: mark_of("src", one.id)}
    assert metadata["annotations"] == {CHECKSUM: "abc"}
    assert one.object["metadata"]["labels"] == {"a": "b"}


def test_what_the_manifest_says_itself_stays() -> None:
    """As Flux did it: files that were exported carry both."""
    extra = f"  labels: {{{MARK}: mine}}\n  annotations: {{{CHECKSUM}: mine}}\n"
    one = manifest(config_map("one", extra=extra))

    assert marked(one.object, one.id, "src", "abc") == one.object


def test_labels_that_are_none_are_left_for_the_api_server() -> None:
    """It says best what is wrong with them."""
    one = manifest(config_map("one", extra="  labels: [a]\n"))

    assert marked(one.object, one.id, "src", "abc")["metadata"]["labels"] == ["a"]


def test_the_checksum_is_of_the_content() -> None:
    one, same = manifest(config_map("one")), manifest(f"# note\n{config_map('one')}")

    assert checksum_of(one) == checksum_of(same) != checksum_of(manifest(config_map("one", "2")))
    assert len(checksum_of(one)) == 40
