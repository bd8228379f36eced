"""The first real cause of a failure is found on a real API server."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

from tests.support.plane import Plane

ENGINE = Path(__file__).parents[2] / "engine"
BESIDE_PYTHON = str(Path(sys.executable).parent)
# As tools/gobuild.py builds, so that what was compiled there serves here too.
AS_BUILT = {
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
    "CGO_ENABLED": "0",
    "GOFLAGS": "-trimpath -buildvcs=false",
}


async def test_causes_are_found_on_a_plane(plane: Plane) -> None:
    """What is tested stands in engine/internal/cause/plane_test.go; this gives it a cluster."""
    go = shutil.which("go", path=os.pathsep.join([BESIDE_PYTHON, os.environ["PATH"]]))
    assert go, "the engine could not have been built"
    environment = os.environ | AS_BUILT | {"HELMWARD_TEST_KUBECONFIG": plane.kubeconfig}
    testing = await asyncio.create_subprocess_exec(
        go,
        *("test", "-count=1", "-timeout=3m", "-v", "./internal/cause"),
        cwd=ENGINE,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await testing.communicate()

    assert testing.returncode == 0, output.decode()
    assert b"--- PASS: TestOnAPlane" in output, output.decode()
