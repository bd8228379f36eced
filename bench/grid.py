"""Rows as a table: laid out for a terminal, and in Markdown. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a title; as many columns as are named stand to the left."""

    title: str
    heads: Row
    rows: Sequence[Row]
    words: int = 1
    """How many columns are words; the rest are figures."""
    notes: Sequence[str] = field(default=())


def as_text(grid: Grid) -> str:
    """Lay the table out for a terminal."""
    rows = [grid.heads, *grid.rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (_line(row, widths, grid.words) for row in rows)
    return "\n".join(["", grid.title, "", *lines, *_after(grid.notes)])


def as_markdown(grid: Grid) -> str:
    """Write the table in Markdown."""
    borders = tuple("---" if at < grid.words else "---:" for at in range(len(grid.heads)))
    lines = (f"| {' | '.join(row)} |" for row in (grid.heads, borders, *grid.rows))
    return "\n".join([f"### {grid.title}", "", *lines, *_after(grid.notes)])


def _line(row: Row, widths: Sequence[int], words: int) -> str:
    cells = (
        cell.ljust(width) if at < words else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _after(notes: Sequence[str]) -> Iterable[str]:
    for note in notes:
        yield ""
        yield note
