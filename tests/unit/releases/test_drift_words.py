"""How drift reads: who changed what, and never too much of it."""

import pytest

from helmward.model import Author, Divergence, ObjectRef
from helmward.releases.drift.fights import Bout
from helmward.releases.drift.words import fought, joined, listed, said
from tests.support.drift import AT, CONFIG, SCALE, WEB, a_change, deleted, scaled

EDIT = Author("kubectl-edit", "Update", AT)

SENTENCES = [
    pytest.param(
        scaled(),
        "Deployment shop/web: /spec/replicas 1 -> 5 by kubectl-scale "
        "(Update, subresource scale) at 10:40:12Z",
        id="a field that another manager took",
    ),
    pytest.param(deleted(), "ConfigMap shop/web: deleted", id="an object that is not there"),
    pytest.param(
        Divergence(CONFIG, changes=(a_change("/data/a", '"x"', "", None),)),
        'ConfigMap shop/web: /data/a "x" removed',
        id="a field that is nobody's any more",
    ),
    pytest.param(
        Divergence(CONFIG, changes=(a_change("/data/a", "", '"x"', EDIT),)),
        'ConfigMap shop/web: /data/a "x" added by kubectl-edit (Update) at 10:40:12Z',
        id="a field that the revision does not have",
    ),
    pytest.param(
        Divergence(
            WEB,
            changes=(
                a_change("/a", author=EDIT),
                a_change("/b", author=EDIT),
                a_change("/c", author=SCALE),
            ),
        ),
        "Deployment shop/web: /a 1 -> 5, /b 1 -> 5 by kubectl-edit (Update) at 10:40:12Z, "
        "/c 1 -> 5 by kubectl-scale (Update, subresource scale) at 10:40:12Z",
        id="fields of one author are told together",
    ),
    pytest.param(
        Divergence(WEB, changes=(a_change(author=Author("vpa", "Apply")),)),
        "Deployment shop/web: /spec/replicas 1 -> 5 by vpa (Apply)",
        id="a time that is not known is left out",
    ),
    pytest.param(
        Divergence(WEB, changes=tuple(a_change(f"/{at}", author=None) for at in "abcdefg")),
        "Deployment shop/web: /a 1 -> 5, /b 1 -> 5, /c 1 -> 5, /d 1 -> 5, /e 1 -> 5 and 2 more",
        id="many fields are cut",
    ),
    pytest.param(
        deleted(problem="not put right: forbidden"),
        "ConfigMap shop/web: deleted, not put right: forbidden",
        id="what could not be put right says why",
    ),
]


@pytest.mark.parametrize(("found", "words"), SENTENCES)
def test_what_an_object_says(found: Divergence, words: str) -> None:
    assert said(found) == words


def test_many_objects_are_cut() -> None:
    """The rest is counted, so that nobody takes the list for whole."""
    found = [deleted(ObjectRef("v1", "ConfigMap", "shop", f"c{at}")) for at in range(10)]
    assert listed(reversed(found)) == (
        "ConfigMap shop/c0: deleted; ConfigMap shop/c1: deleted; ConfigMap shop/c2: deleted; "
        "and 7 more"
    )


def test_a_list_never_outgrows_a_condition() -> None:
    """An event has room for 1,024 characters."""
    long = [a_change("/" + "x" * 500, '"' + "y" * 60 + '"', '"' + "z" * 60 + '"')] * 7
    found = [
        Divergence(ObjectRef("v1", "ConfigMap", "shop", f"{'n' * 200}{at}"), changes=tuple(long))
        for at in range(5)
    ]
    assert len(listed(found)) < 1000
    assert listed(found).endswith("...; and 2 more")
    assert len(joined(listed(found), listed(found))) < 1000


def test_a_fight_says_when_its_turn_is_next() -> None:
    bout = Bout(scaled(), contested=True, until=AT)
    assert fought([bout]) == (
        f"{said(scaled())} (put right again and again, and undone each time, next at 10:40:12Z)"
    )
