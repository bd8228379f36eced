"""Whether an object is ready, as the client asks for it; the rules are tested in Go."""

import json
from typing import Any

import pytest

from helmward.engine import Judgement
from helmward.errors import SpecInvalid
from tests.support.engines import Fetching


def the_object(ready: str, name: str = "db") -> bytes:
    condition = {"type": "Ready", "status": ready, "message": "no disk"}
    value: dict[str, Any] = {"apiVersion": "example.com/v1", "kind": "Database"}
    return json.dumps(
        value | {"metadata": {"name": name}, "status": {"conditions": [condition]}}
    ).encode()


async def test_without_an_expression_its_conditions_count(web: Fetching) -> None:
    assert await web.engine.judge(the_object("True")) == Judgement(ready=True)
    assert await web.engine.judge(the_object("False")) == Judgement(ready=False, why="no disk")


async def test_an_expression_sees_both(web: Fetching) -> None:
    asking = b'{"metadata": {"name": "web"}}'
    expression = "dep.metadata.name != self.metadata.name && size(dep.status.conditions) == 1"
    judgement = await web.engine.judge(the_object("False"), asking=asking, expression=expression)
    assert judgement == Judgement(ready=True)


async def test_a_fault_in_an_expression_is_told_with_its_place(web: Fetching) -> None:
    """It is the spec's, and no try again mends it."""
    with pytest.raises(SpecInvalid, match=r"CEL expression is refused: 1:8: undeclared .*'other'"):
        await web.engine.judge(the_object("True"), expression="true ||other.ready")
