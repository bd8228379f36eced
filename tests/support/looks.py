"""How often the API server was asked what an apply would change: one dry run a look."""

import re

from helmward.kube import Kube

LINE = re.compile(r"^apiserver_request_total\{(?P<labels>[^}]*)\} (?P<count>\S+)$", re.MULTILINE)


async def dry_runs(kube: Kube, plural: str) -> int:
    """Count them for one kind, since the plane began."""
    text = (await kube.raw("GET", "/metrics")).decode()
    wanted = ('dry_run="All"', f'resource="{plural}"')
    found = LINE.finditer(text)
    return sum(int(float(one["count"])) for one in found if all(w in one["labels"] for w in wanted))
