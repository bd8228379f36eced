"""The real kubectl, as users have it, against a control plane of the tests."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "kubectl"


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with a kubeconfig and a namespace."""

    kubeconfig: str
    namespace: str

    async def __call__(self, *words: str, stdin: str = "") -> str:
        """Run it and return what it printed; a failure shows what it said."""
        code, out, errors = await self.tried(*words, stdin=stdin)
        assert code == 0, errors
        return out

    async def tried(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Run it and return its exit code and both of its outputs."""
        pipe = asyncio.subprocess.PIPE
        flags = (f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}")
        process = await asyncio.create_subprocess_exec(
            str(PROGRAM), *flags, *words, stdin=pipe, stdout=pipe, stderr=pipe
        )
        out, errors = await process.communicate(stdin.encode())
        return process.returncode or 0, out.decode(), errors.decode()
