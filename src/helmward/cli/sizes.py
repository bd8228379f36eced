"""Sizes as Kubernetes people write them: `100Mi`, `2Gi`, `500M`, or bytes.

Called by the flags and by the reference page. `parse` and `show` are inverse.
"""

import re
from typing import Final

import click

UNITS: Final = {
    "": 1,
    "k": 1000,
    "M": 1000**2,
    "G": 1000**3,
    "T": 1000**4,
    "Ki": 1 << 10,
    "Mi": 1 << 20,
    "Gi": 1 << 30,
    "Ti": 1 << 40,
}
LARGEST: Final = (1 << 63) - 1
_SIZE: Final = re.compile(r"(\d{1,19})([kMGT]|[KMGT]i|)")


def parse(text: str) -> int:
    """Return how many bytes a text means.

    Raises:
        ValueError: that is no size; the message says how one looks.
    """
    found = _SIZE.fullmatch(text)
    size = int(found[1]) * UNITS[found[2]] if found else 0
    if found is None or size > LARGEST:
        raise ValueError(f"{text!r} is not a size such as 20Mi, 2Gi or 1000000")
    return size


def show(size: int) -> str:
    """Write a size as short as it can be without losing a byte."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if size and size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]}{unit}"
    return str(size)


class Size(click.ParamType[int]):
    """A flag's size, which must be more than zero."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the flag's text; click names the flag if it cannot be read."""
        if isinstance(value, int):
            return value
        try:
            size = parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not size:
            self.fail("must be more than zero", param, ctx)
        return size
