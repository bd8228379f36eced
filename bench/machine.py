"""What machine this is, and which versions are measured."""

import os
import platform
from pathlib import Path
from typing import Final

import helmward
from bench.collected import Machine

ROOT: Final = Path(__file__).resolve().parent.parent


def machine() -> Machine:
    """Look at this machine, and at what is pinned."""
    return Machine(
        cores=os.cpu_count() or 0,
        memory_gb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        processor=_processor(),
        python=platform.python_version(),
        helmward=helmward.__version__,
        helm_sdk=_required("engine", "helm.sh/helm/v4"),
        kubernetes=_required("devplane", "k8s.io/kubernetes"),
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _required(program: str, module: str) -> str:
    """Return the version of a Go module that a program of ours is built from."""
    lines = (ROOT / program / "go.mod").read_text().splitlines()
    found = (line.split()[1] for line in lines if line.split()[:1] == [module])
    return next(found, "unknown")
