"""`make bench`: Helmward beside the `helm` CLI and the raw writes, part by part.

The door: flags in, tables out. Exit code 0 when every part came through,
3 when one did not; a bar that was missed is a verdict, not a failure.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Not this folder itself: its modules must not stand in for others of the same name.
sys.path[0] = str(ROOT)

from bench import page, tables  # noqa: E402
from bench.collected import Collected  # noqa: E402
from bench.contest import CONTESTANTS  # noqa: E402
from bench.contest_table import details_as_text  # noqa: E402
from bench.grid import as_text  # noqa: E402
from bench.machine import machine  # noqa: E402
from bench.parts.all import PARTS, measure  # noqa: E402
from bench.parts.part import Ask  # noqa: E402
from bench.scale import FULL, QUICK  # noqa: E402


def main(words: Sequence[str]) -> int:
    """Measure, print the tables, and write what was asked for."""
    asked = _parser().parse_args(words)
    collected = page.read_json(asked.read) if asked.read else _measured(asked)
    _show(asked, collected)
    if asked.json:
        page.write_json(asked.json, collected)
    if asked.write:
        page.write_docs(ROOT / "docs", collected)
    return 3 if collected.failed else 0


def _measured(asked: argparse.Namespace) -> Collected:
    """Measure the parts one after the other; one that fails does not stop the others."""
    if "helm" in asked.contestants:
        _build_helm()
    collected = Collected(machine(), quick=asked.quick)
    scale = QUICK if asked.quick else FULL
    for name in asked.only:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            ask = Ask(scale, tuple(asked.contestants), Path(folder), _say)
            asyncio.run(measure(ask, name, collected))
    return collected


def _show(asked: argparse.Namespace, collected: Collected) -> None:
    print(f"\n{tables.heading(collected.machine)}")
    for grid in tables.grids(collected):
        print(as_text(grid))
    if asked.details:
        print(details_as_text(collected.contests))


def _build_helm() -> None:
    """Build `helm` from the engine's module; one that is up to date is left alone."""
    subprocess.run([sys.executable, ROOT / "tools" / "gobuild.py", "helm"], check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="a few releases of everything: does it work at all?")
    add(
        "--only",
        type=lambda text: _names(text, PARTS),
        default=list(PARTS),
        metavar="PARTS",
        help=f"some of {', '.join(PARTS)}, with commas",
    )
    add(
        "--contestants",
        type=lambda text: _names(text, CONTESTANTS),
        default=list(CONTESTANTS),
        metavar="NAMES",
        help=f"some of {', '.join(CONTESTANTS)}, with commas",
    )
    add("--details", action="store_true", help="print also the requests and the plane's CPU")
    add("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    add("--write", action="store_true", help="put tables, chart and figures into docs/")
    add("--read", type=Path, metavar="FILE", help="measure nothing: take the figures from FILE")
    return parser


def _names(text: str, known: Iterable[str]) -> list[str]:
    """Read names with commas, put in their order.

    Raises:
        argparse.ArgumentTypeError: there is no such name.
    """
    given = {name.strip() for name in text.split(",")}
    if unknown := given - set(known):
        raise argparse.ArgumentTypeError(
            f"no {', '.join(sorted(unknown))}; there are {', '.join(known)}"
        )
    return [name for name in known if name in given]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
