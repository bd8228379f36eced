"""`make bench-profile` leaves samples of both processes behind."""

import pstats
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_both_processes_are_profiled_while_storms_go_on(tmp_path: Path) -> None:
    """With cProfile: whether py-spy may trace is the machine's to say."""
    asked = ("--cprofile", "--seconds", "3", "--releases", "3", "--folder", str(tmp_path))
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "profiling.py"), *asked],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "helmward.dev/engine/internal" in (tmp_path / "engine.txt").read_text()
    assert (tmp_path / "engine.svg").read_text().startswith("<svg")
    assert (tmp_path / "engine-heap.pprof").stat().st_size
    functions = pstats.Stats(str(tmp_path / "operator.prof")).get_stats_profile().func_profiles
    assert "decide" in functions
