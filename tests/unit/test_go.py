"""What Go's own tests show, of all programs."""

import pytest

from tests.support.go import go_test


@pytest.mark.timeout(900)
@pytest.mark.parametrize("module", ["engine", "devplane", "decrypt"])
async def test_the_units_of_a_go_module(module: str) -> None:
    """Built like the programs themselves, so nothing is compiled twice."""
    said = await go_test(module, "-timeout=5m", "./...")

    assert "ok " in said
