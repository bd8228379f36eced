"""All formats tell the same; a comment fits, and nothing in it breaks out of its place."""

import json
import re

import pytest

from helmward.gitops.build import ObjectId
from helmward.preview.as_json import as_json
from helmward.preview.findings import Fate, ObjectChange, Preview, Refused, ReleaseChange, Verb
from helmward.preview.markdown import as_markdown, marker
from helmward.preview.text import as_text
from helmward.preview.words import summary

WEB = ObjectId("apps", "Deployment", "shop", "web")
CHANGED = ObjectChange(WEB, Verb.CHANGE, "a.yaml:1", ("@@ -1 +1 @@", "-a: 1", "+a: 2"), ("a",))
RELEASE = ReleaseChange(
    "shop/cart",
    "shop/shop-cart",
    Fate.UPGRADE,
    ("cart-1.0.0", "cart-1.1.0"),
    "replicas: 1 -> 2",
    (CHANGED,),
)
PREVIEW = Preview("main", "HEAD", (CHANGED,), (RELEASE,), unchanged=3)
FORMATS = [as_text, as_markdown, as_json]


def test_the_summary_counts_outside_and_inside() -> None:
    assert summary(PREVIEW) == "+0 ~1 -0 objects; 1 HelmRelease, inside of them +0 ~1 -0"


def test_no_difference_is_said_in_one_line() -> None:
    nothing = Preview("main", "HEAD", unchanged=3)
    assert as_text(nothing) == "main, HEAD: no difference (3 objects)\n"
    assert not nothing.differs


@pytest.mark.parametrize("written", FORMATS)
def test_every_format_shows_release_values_and_lines(written: object) -> None:
    said = written(PREVIEW)  # type: ignore[operator]
    for word in ("shop/cart", "cart-1.1.0", "replicas", "+a: 2", "a.yaml:1"):
        assert word in said.replace("\\", "")


def test_refusals_and_the_brake_are_said() -> None:
    preview = Preview(
        "main", "x", refused=(Refused(WEB, "b.yaml:2", "no such field"),), braked="60%"
    )
    for written in (as_text(preview), as_markdown(preview), as_json(preview)):
        assert "no such field" in written
        assert "60%" in written


def test_colours_are_for_terminals_only() -> None:
    assert "\x1b[" not in as_text(PREVIEW)
    assert "\x1b[32m" in as_text(PREVIEW, colour=True)


def test_json_has_the_fields_that_programs_rely_on() -> None:
    document = json.loads(as_json(PREVIEW))
    assert document["version"] == 1
    assert document["differs"] is True
    assert document["counts"]["inside"]["change"] == 1
    assert document["objects"][0]["kind"] == "Deployment"
    assert document["objects"][0]["fields"] == ["a"]
    assert document["releases"][0]["chart"] == {"before": "cart-1.0.0", "after": "cart-1.1.0"}


def test_a_comment_is_found_again_by_its_first_line() -> None:
    assert as_markdown(PREVIEW).splitlines()[0] == marker("main")
    assert "-->" not in marker("a-->b")[:-3]


def test_a_comment_is_cut_between_objects() -> None:
    many = tuple(
        ObjectChange(ObjectId("", "ConfigMap", "shop", f"c{n}"), Verb.CREATE, "", ("+x" * 50,))
        for n in range(100)
    )
    text = as_markdown(Preview("main", "x", many), longest=3_000)
    assert len(text) <= 3_000
    assert text.count("<details>") == text.count("</details>") > 0
    left_out = re.search(r"(\d+) more left out", text)
    assert left_out
    assert int(left_out[1]) + text.count("<details>") == 100


def test_a_fence_in_the_content_does_not_end_the_block() -> None:
    change = ObjectChange(WEB, Verb.CHANGE, "", ("+```", "+<script>"))
    text = as_markdown(Preview("main", "x", (change,)))
    assert "````diff" in text


def test_words_cannot_become_markup_or_call_people() -> None:
    text = as_markdown(Preview("main", "x", notes=("**bold** <img> @everyone",)))
    assert "**bold**" not in text
    assert "<img>" not in text
    assert "@everyone" not in text
