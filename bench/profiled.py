"""Runs `helmward` under cProfile: `python bench/profiled.py FILE operator ...`.

The clock is the CPU time of the main thread: waiting costs nothing there, and
neighbours on the machine do not show.
"""

import cProfile
import runpy
import sys
import time
from pathlib import Path


def main(file: Path) -> None:
    """Run until it ends, then write what it spent its time on."""
    profile = cProfile.Profile(time.thread_time)
    try:
        profile.runcall(runpy.run_module, "helmward", run_name="__main__", alter_sys=True)
    finally:
        profile.dump_stats(file)


if __name__ == "__main__":
    del sys.path[0]
    del sys.argv[0]
    main(Path(sys.argv[0]))
