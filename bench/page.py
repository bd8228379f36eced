"""What one run leaves behind: all figures as JSON, the tables in their page, the chart."""

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from bench import tables
from bench.collected import Collected
from bench.grid import as_markdown
from bench.svg import chart

BEGIN: Final = "<!-- Written by `bench/run.py --write`: -->"
END: Final = "<!-- Up to here. -->"
FIGURES: Final = "Every figure of this run: [performance.json](performance.json)."
CHART: Final = "![Wall time of each storm as a ratio to the floor](performance.svg)"


def write_json(path: Path, collected: Collected) -> None:
    """Write every figure."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(collected), indent=1) + b"\n")


def read_json(path: Path) -> Collected:
    """Read what an earlier run has written."""
    return msgspec.json.decode(
        path.read_bytes(), type=Collected, dec_hook=lambda _, found: Counter(found)
    )


def write_docs(folder: Path, collected: Collected) -> None:
    """Write performance.json and performance.svg, and the tables into performance.md.

    Raises:
        ValueError: the page has no marks.
    """
    write_json(folder / "performance.json", collected)
    (folder / "performance.svg").write_text(chart(collected))
    write_page(folder / "performance.md", collected)


def write_page(path: Path, collected: Collected) -> None:
    """Put the tables between the marks of the page.

    Raises:
        ValueError: the page has no marks.
    """
    head, rest = path.read_text().split(BEGIN)
    _, tail = rest.split(END)
    found = map(as_markdown, tables.grids(collected))
    written = "\n\n".join([BEGIN, tables.heading(collected.machine), CHART, *found, FIGURES, END])
    path.write_text(f"{head}{written}{tail}")
