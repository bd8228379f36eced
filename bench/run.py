"""`make bench`: 100 releases by Helmward, beside the `helm` CLI and the raw writes.

The door: flags in, a table out. Exit code 0 when every contestant came
through, 3 when one did not.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Not this folder itself: its modules must not stand in for others of the same name.
sys.path[0] = str(ROOT)

from bench import report, table  # noqa: E402
from bench.contest import CONTESTANTS, BenchFailed, Plan, run  # noqa: E402
from helmward.devplane import DevplaneFailed  # noqa: E402


def main(words: Sequence[str]) -> int:
    """Measure, print the table, and write what was asked for."""
    asked = _parser().parse_args(words)
    if "helm" in asked.only:
        _build_helm()
    plan = Plan(
        releases=asked.releases or (20 if asked.quick else 100),
        alone=3 if asked.quick else 15,
        contestants=tuple(asked.only),
        profile=asked.profile,
    )
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            results = asyncio.run(run(plan, Path(folder), say=_say))
    except (BenchFailed, DevplaneFailed) as error:
        _say(str(error))
        return 3
    print(table.as_text(results))
    if asked.details:
        print(table.details_as_text(results))
    if asked.json:
        report.write_json(asked.json, results)
    if asked.write:
        report.write_page(ROOT / "docs" / "performance.md", results)
    return 0


def _build_helm() -> None:
    """Build `helm` from the engine's module; one that is up to date is left alone."""
    subprocess.run([sys.executable, ROOT / "tools" / "gobuild.py", "helm"], check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    add = parser.add_argument
    add("-n", "--releases", type=int, metavar="N", help="releases of a storm (default 100)")
    add("--quick", action="store_true", help="20 releases, 3 alone: does it work at all?")
    add(
        "--only",
        type=_names,
        default=list(CONTESTANTS),
        metavar="NAMES",
        help=f"some of {', '.join(CONTESTANTS)}, with commas",
    )
    add("--details", action="store_true", help="print also the requests and the plane's CPU")
    add("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    add("--write", action="store_true", help="put the table into docs/performance.md")
    add("--profile", type=Path, metavar="FILE", help="run the operator under cProfile")
    return parser


def _names(text: str) -> list[str]:
    """Read names with commas, put in the order of the table.

    Raises:
        argparse.ArgumentTypeError: there is no such contestant.
    """
    given = {name.strip() for name in text.split(",")}
    if unknown := given - set(CONTESTANTS):
        raise argparse.ArgumentTypeError(f"no contestant {', '.join(sorted(unknown))}")
    return [name for name in CONTESTANTS if name in given]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
