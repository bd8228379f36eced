"""A release's records as any helm decodes them, without what no two runs have in common.

Left out, with the reason:

- times, in labels (`createdAt`, `modifiedAt` keep their names) and content.
- annotations of the Secret: stock Helm writes none, ours say who wrote and why.
- the description of a failed revision: ours begins with why the revision was written and leaves
  out what the SDK wraps around a cause. Tests look for the cause in both.
- the namespace's own name, which is read as `NAMESPACE`, also in the chart's files.
"""

import base64
import gzip
import json
from typing import Any, Final

from helmward.kube import Kube
from helmward.kube.resources import SECRETS
from tests.differential.seen import Seen

TIMES: Final = frozenset(
    {"first_deployed", "last_deployed", "deleted", "started_at", "completed_at", "modtime"}
)
STAMPS: Final = ("createdAt", "modifiedAt")


async def records(kube: Kube, namespace: str) -> Seen:
    """Read all records of a namespace, by name."""
    found, _ = await kube.list(SECRETS, namespace, label_selector="owner=helm")
    return {one["metadata"]["name"]: _comparable(one, namespace) for one in found}


def decoded(secret: Any) -> Seen:
    """Read what is in a record."""
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    read: Seen = json.loads(gzip.decompress(packed))
    return read


def _comparable(secret: Any, namespace: str) -> Seen:
    labels = secret["metadata"]["labels"]
    release = _readable(decoded(secret))
    if release["info"]["status"] == "failed":
        release["info"]["description"] = "failed"
    whole = {
        "type": secret["type"],
        "keys": sorted(secret["data"]),
        "labels": {key: "time" if key in STAMPS else value for key, value in labels.items()},
        "release": release,
    }
    read: Seen = json.loads(json.dumps(whole).replace(namespace, "NAMESPACE"))
    return read


def _readable(content: Any) -> Any:
    """Decode the files of charts, and leave out times."""
    if isinstance(content, list):
        return [_readable(one) for one in content]
    if not isinstance(content, dict):
        return content
    read = {key: "time" if key in TIMES else _readable(one) for key, one in content.items()}
    if isinstance(content.get("data"), str) and "name" in content:
        read["data"] = base64.b64decode(content["data"]).decode()
    if isinstance(content.get("schema"), str):
        read["schema"] = base64.b64decode(content["schema"]).decode()
    return read
