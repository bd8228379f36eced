"""Whether this operator offers what a part measures."""

import asyncio
import sys
from typing import Any

from helmward.apis import GENERATIONS
from helmward.apis.generation import Generation


async def operator_has(flag: str) -> bool:
    """Tell whether `helmward operator` knows a flag."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "helmward", "operator", "--help"), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return flag in said.decode()


def generation_with(field: str) -> Generation | None:
    """Return the first generation of HelmReleases whose spec has a field; None without one."""
    return next((one for one in GENERATIONS if field in _spec(one.crd())), None)


def _spec(crd: dict[str, Any]) -> dict[str, Any]:
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    fields: dict[str, Any] = schema["properties"]["spec"].get("properties", {})
    return fields
