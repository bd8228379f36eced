"""The real `helm`, as users have it, against a control plane of the tests."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import helmward

PROGRAM = Path(helmward.__file__).parent / "_bin" / "helm"


@dataclass(frozen=True, slots=True)
class HelmCommand:
    """helm with a kubeconfig and a namespace."""

    kubeconfig: str
    namespace: str

    async def __call__(self, *words: str) -> str:
        """Run it and return what it printed; a failure shows what it said."""
        pipe = asyncio.subprocess.PIPE
        flags = (f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}")
        process = await asyncio.create_subprocess_exec(
            str(PROGRAM), *words, *flags, stdout=pipe, stderr=pipe
        )
        out, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        return out.decode()
