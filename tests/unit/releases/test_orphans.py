"""Whose release goes although nobody had let its HelmRelease go."""

from typing import Any

import pytest

from helmward.apis.generation import FINALIZER
from helmward.model import Key
from helmward.releases.orphans import Orphans
from tests.support.builders import KEY, a_declared, a_revision, commands

HELD = (FINALIZER,)
ROWS: dict[str, tuple[dict[str, Any], bool]] = {
    "deleted while the finalizer was put on": ({"finalizers": HELD}, True),
    "let go: the finalizer was taken away": ({"deleting": True}, False),
    "its finalizer taken away by hand before": ({}, False),
    "seen to go while it was being deleted": ({"finalizers": HELD, "deleting": True}, False),
    "suspended": ({"finalizers": HELD, "commands": commands(suspend=True)}, False),
}


@pytest.mark.parametrize(("last", "lost"), ROWS.values(), ids=ROWS)
def test_the_last_state_tells_whether_it_was_let_go(last: dict[str, Any], lost: bool) -> None:
    orphans = Orphans()
    assert orphans.saw_last(a_declared(**last)) == lost
    found = orphans.get(KEY)
    assert (found is not None) == lost
    if found:
        assert (found.deleting, found.gone) == (True, True)
        orphans.let_go(KEY)
        assert orphans.get(KEY) is None


def test_what_a_process_that_ended_has_marked_is_gone_on_with() -> None:
    orphans = Orphans()
    marked = a_revision(3, orphaned="uid-7")
    assert orphans.read_off([marked, a_revision(1, owner="nobody", orphaned="x")]) == [KEY]
    assert orphans.read_off([marked]) == []
    found = orphans.get(KEY)
    assert found is not None
    assert (found.uid, found.release, found.deleting) == ("uid-7", marked.release, True)


def test_an_owner_is_read_back_and_a_word_that_is_none_is_nobody() -> None:
    assert Key.of_owner(KEY.owner) == KEY
    for word in ("", "helm.fluxcd.io/v1", "helm.fluxcd.io/v1:web", "helm.fluxcd.io/v1:/web"):
        assert Key.of_owner(word) is None
