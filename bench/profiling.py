"""`make bench-profile`: where operator and engine spend their time while storms go on.

py-spy looks at the operator, where it holds the interpreter's lock, and pprof
at the engine, for the same seconds of installs, upgrades and uninstalls. Left
behind in a folder: flame graphs, tables of the functions that cost most, and
the raw samples. Without py-spy the operator runs under cProfile; a profile is
no measurement of time either way.
"""

import argparse
import asyncio
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# Not this folder itself: its modules must not stand in for others of the same name.
sys.path[0] = str(ROOT)

import aiohttp  # noqa: E402

from bench import flame, stacks  # noqa: E402
from bench.contest import everyone, storm_names  # noqa: E402
from bench.helmward_operator import Helmward, helmward  # noqa: E402
from bench.loads import LARGE, NO_PODS, WITH_PODS  # noqa: E402
from bench.results import Verb  # noqa: E402
from bench.world import World, fresh_world  # noqa: E402

BIN: Final = ROOT / ".venv" / "bin"
PROFILED: Final = Path(__file__).parent / "profiled.py"
PPROF: Final = "HELMWARD_ENGINE_PPROF"
RATE: Final = "250"
SHOWN: Final = 25
LOADS: Final = {"no-pods": NO_PODS, "with-pods": WITH_PODS, "large": LARGE}


def main(words: Sequence[str]) -> int:
    """Profile, then write and print what was found."""
    asked = _parser().parse_args(words)
    asked.folder.mkdir(parents=True, exist_ok=True)
    spy = None if asked.cprofile else shutil.which(asked.py_spy, path=_path())
    if spy is None:
        print("without py-spy: the operator runs under cProfile", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        asyncio.run(_profile(asked, spy, Path(folder)))
    if spy is None:
        _cprofile(asked.folder)
    else:
        _show(
            "operator", stacks.of_pyspy((asked.folder / "operator.raw").read_text()), asked.folder
        )
    _show("engine", stacks.of_pprof(_traces(asked.folder / "engine.pprof")), asked.folder)
    print(f"\nflame graphs and raw samples: {asked.folder}")
    return 0


def _path() -> str:
    return f"{BIN}{os.pathsep}{os.environ['PATH']}"


async def _profile(asked: argparse.Namespace, spy: str | None, folder: Path) -> None:
    """Let storms go on until both profiles are complete."""
    program = ("-m", "helmward") if spy else (str(PROFILED), str(asked.folder / "operator.prof"))
    socket = folder / "pprof" / "engine.sock"
    os.environ[PPROF] = str(socket)
    async with (
        fresh_world(folder / "world", print, LOADS[asked.load]) as world,
        helmward(world, program=program) as operator,
    ):
        await _warm(operator, world)
        print(f"  {asked.seconds} s of storms of {asked.releases}")
        storms = asyncio.create_task(_storms(operator, storm_names(asked.releases)))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_engine(socket, asked))
                if spy:
                    group.create_task(_spied(spy, operator.process.pid, asked))
        finally:
            storms.cancel()
            with suppress(asyncio.CancelledError):
                await storms


async def _warm(operator: Helmward, world: World) -> None:
    for verb in Verb:
        await everyone(operator, verb, ["warm"])
    await world.idle(operator.pids)


async def _storms(operator: Helmward, names: list[str]) -> None:
    """Install, upgrade and uninstall, again and again, until cancelled."""
    for verb in cycle(Verb):
        await everyone(operator, verb, names)


async def _engine(socket: Path, asked: argparse.Namespace) -> None:
    """Take a profile of the engine's CPU while storms go on, and of its memory then."""
    long = aiohttp.ClientTimeout(total=asked.seconds + 60)
    async with aiohttp.ClientSession(
        "http://engine", connector=aiohttp.UnixConnector(str(socket)), timeout=long
    ) as client:
        for name, path in (
            ("engine.pprof", f"/debug/pprof/profile?seconds={asked.seconds}"),
            ("engine-heap.pprof", "/debug/pprof/heap"),
        ):
            async with client.get(path, raise_for_status=True) as answer:
                (asked.folder / name).write_bytes(await answer.read())


async def _spied(spy: str, pid: int, asked: argparse.Namespace) -> None:
    """Take samples of the operator's stacks."""
    command = [spy, "record", "--pid", str(pid), "--format", "raw", "--rate", RATE, "--gil"]
    command += ["--duration", str(asked.seconds), "--output", str(asked.folder / "operator.raw")]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        words = said.decode(errors="replace").strip()
        raise SystemExit(f"{words}\npy-spy must be allowed to trace processes; --cprofile need not")


def _traces(profile: Path) -> str:
    """Have Go write a profile as text."""
    command = [str(BIN / "go"), "tool", "pprof", "-traces", str(profile)]
    done = subprocess.run(command, check=True, capture_output=True)
    return done.stdout.decode(errors="replace")


def _show(name: str, found: Counter[stacks.Stack], folder: Path) -> None:
    """Write a flame graph and a table, and print the head of the table."""
    spent = stacks.tops(found)
    (folder / f"{name}.svg").write_text(flame.graph(found, f"{name}: width is CPU time"))
    (folder / f"{name}.txt").write_text(stacks.as_text(name, spent, 200) + "\n")
    print(stacks.as_text(name, spent, SHOWN))


def _cprofile(folder: Path) -> None:
    statistics = pstats.Stats(str(folder / "operator.prof"))
    statistics.sort_stats("tottime").print_stats(SHOWN)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/profiling.py", description=__doc__)
    add = parser.add_argument
    add("--folder", type=Path, default=ROOT / ".build" / "profile", help="where to leave it all")
    add("--seconds", type=int, default=30, help="how long to look (default 30)")
    add("-n", "--releases", type=int, default=100, help="releases of each storm (default 100)")
    add("--load", choices=list(LOADS), default="no-pods", help="the chart (default no-pods)")
    add("--py-spy", metavar="FILE", default="py-spy", help="where it is not in .venv or PATH")
    add("--cprofile", action="store_true", help="use cProfile though there is a py-spy")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
