"""How verbs are performed, as far as the history decides it."""

import pytest

from helmward.model import Revision
from helmward.releases.act import Task
from tests.support.builders import a_declared, a_desired, a_revision, an_observed

ME = "ns/me"
GOOD = a_revision(1, session="ns/other")


def cut(number: int, outcome: str, session: str) -> Revision:
    return a_revision(number, "failed", outcome=outcome, session=session)


@pytest.mark.parametrize(
    ("history", "stamped"),
    [
        pytest.param([GOOD], False, id="nobody was cut off"),
        pytest.param([a_revision(2, "failed", session="ns/other"), GOOD], False, id="failed"),
        pytest.param([cut(2, "broken", "ns/other"), GOOD], True, id="another was cut off"),
        pytest.param([cut(2, "broken", ME), GOOD], True, id="our engine was killed"),
        pytest.param([cut(2, "cancelled", "ns/other"), GOOD], True, id="another was stopped"),
        pytest.param([cut(2, "cancelled", ME), GOOD], False, id="we cancelled it ourselves"),
        pytest.param(
            [a_revision(3, "failed", session=ME), cut(2, "broken", "ns/other"), GOOD],
            True,
            id="and since then nothing came to every object",
        ),
        pytest.param(
            [a_revision(3, session=ME), cut(2, "broken", "ns/other"), GOOD],
            False,
            id="but all objects were written since",
        ),
    ],
)
def test_objects_are_stamped_after_a_writer_was_cut_off(
    history: list[Revision], stamped: bool
) -> None:
    """Whatever that writer still has on its way must miss."""
    task = Task(a_declared(), a_desired(), "why", an_observed(*history))
    assert task.options(ME, first=False).stamp is stamped
