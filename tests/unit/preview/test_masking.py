"""Of a Secret nothing shows but whether it changed."""

import base64

import pytest

from helmward.preview.masking import Masking

PLANTED = "correct horse battery"


def secret(value: str) -> dict[str, object]:
    encoded = base64.b64encode(value.encode()).decode()
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"p": encoded}}


def test_a_secret_shows_nothing_of_its_content() -> None:
    masked = str(Masking().of(secret(PLANTED)))
    assert PLANTED not in masked
    assert base64.b64encode(PLANTED.encode()).decode() not in masked


def test_a_change_shows_and_sameness_too() -> None:
    masking = Masking()
    assert masking.of(secret("one")) == masking.of(secret("one"))
    assert masking.of(secret("one")) != masking.of(secret("two"))


def test_plain_and_encoded_entries_of_one_value_look_alike() -> None:
    masking = Masking()
    plain = {"apiVersion": "v1", "kind": "Secret", "stringData": {"p": PLANTED}}
    assert masking.of(plain)["stringData"] == masking.of(secret(PLANTED))["data"]


def test_another_run_has_other_letters() -> None:
    """Else they could be compared with those of guesses."""
    assert Masking().word(PLANTED) != Masking().word(PLANTED)


def test_of_a_file_that_was_encrypted_only_the_names_show() -> None:
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"p": PLANTED},
    }
    masked = Masking().of(document, secret=True)
    assert masked["metadata"] == {"name": "a"}
    assert PLANTED not in str(masked)


def test_other_kinds_are_left_as_they_are() -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"p": "1"}}
    assert Masking().of(document) == document


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_notes_of_an_object_whose_file_was_encrypted_do_not_show(kind: str) -> None:
    """SOPS encrypts all of a file unless it is told what to leave."""
    notes = {"note": PLANTED}
    metadata = {"name": "a", "annotations": notes, "labels": notes}
    document = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    masked = Masking().of(document, secret=True)
    assert masked["metadata"]["name"] == "a"
    assert PLANTED not in str(masked)


def test_content_of_no_proper_form_does_not_show_either() -> None:
    """The API server will refuse it; what it refuses is shown as well."""
    document = {"apiVersion": "v1", "kind": "Secret", "data": [PLANTED], "stringData": PLANTED}
    assert PLANTED not in str(Masking().of(document))
