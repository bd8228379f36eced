"""Go's own tests, run as tools/gobuild.py builds."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BESIDE_PYTHON = str(Path(sys.executable).parent)
AS_BUILT = {
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
    "CGO_ENABLED": "0",
    "GOFLAGS": "-trimpath -buildvcs=false",
}


async def go_test(module: str, *words: str, **environment: str) -> str:
    """Run `go test` in a module; what it says, once all have passed."""
    go = shutil.which("go", path=os.pathsep.join([BESIDE_PYTHON, os.environ["PATH"]]))
    assert go, "the engine could not have been built"
    testing = await asyncio.create_subprocess_exec(
        go,
        "test",
        *words,
        cwd=ROOT / module,
        env=os.environ | AS_BUILT | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await testing.communicate()
    assert testing.returncode == 0, output.decode()
    return output.decode()
