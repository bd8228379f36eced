"""What stock Helm 3 and 4 say of a release, without what no two runs have in common.

Times are left out, and the description of what failed, as in `records`; also the live objects
that `status` shows, which are compared otherwise.
"""

import asyncio
import json
from typing import Any, Final

from tests.differential.case import Case
from tests.differential.paths import Stock
from tests.differential.records import TIMES
from tests.differential.seen import Seen

PROGRAMS: Final = ("helm", "helm3")
DATED: Final = ("LAST DEPLOYED:", "Last Started:", "Last Completed:")


async def readings(stock: Stock, namespace: str, case: Case) -> Seen:
    """Ask both for history, status and everything there is to get."""
    return {program: await _read(stock, program, namespace, case) for program in PROGRAMS}


async def _read(stock: Stock, program: str, namespace: str, case: Case) -> Seen:
    verbs = ("history", "status") if case.status else ("history",)
    asked = (stock.read(program, namespace, verb, case.release, "-ojson") for verb in verbs)
    everything, *told = await asyncio.gather(
        stock.read(program, namespace, "get", "all", case.release), *asked
    )
    lines = [line for line in everything.splitlines() if not line.startswith(DATED)]
    read = {verb: _comparable(one) for verb, one in zip(verbs, told, strict=True)}
    return {"all": "\n".join(lines), **read}


def _comparable(text: str) -> Any:
    """Read JSON without times; what is none is an error, told as it is."""
    try:
        return _undated(json.loads(text))
    except ValueError:
        return text


def _undated(content: Any) -> Any:
    if isinstance(content, list):
        return [_undated(one) for one in content]
    if not isinstance(content, dict):
        return content
    left = {
        *TIMES,
        "updated",
        "resources",
        *(["description"] if content.get("status") == "failed" else []),
    }
    return {key: "" if key in left else _undated(one) for key, one in content.items()}
