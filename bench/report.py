"""Results into files: all figures as JSON, the table into its page of the documentation."""

from pathlib import Path
from typing import Final

import msgspec

from bench import table
from bench.results import Results

BEGIN: Final = "<!-- Written by `bench/run.py --write`: -->"
END: Final = "<!-- Up to here. -->"


def write_json(path: Path, results: Results) -> None:
    """Write every figure."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def write_page(path: Path, results: Results) -> None:
    """Put the table between the marks of the page.

    Raises:
        ValueError: the page has no marks.
    """
    head, rest = path.read_text().split(BEGIN)
    _, tail = rest.split(END)
    path.write_text(f"{head}{BEGIN}\n\n{table.as_markdown(results)}\n\n{END}{tail}")
