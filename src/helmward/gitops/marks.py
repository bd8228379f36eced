"""The label and the annotation by which Flux v1 knew its objects; pure.

Written to every object that is applied, exactly as Flux wrote them: so the
objects of a Flux that was here before are told from others, and a way back
to it stays open.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote

from helmward.gitops.build import Manifest, ObjectId

MARK: Final = "fluxcd.io/sync-gc-mark"
CHECKSUM: Final = "fluxcd.io/sync-checksum"

_CLUSTER: Final = "<cluster>"
_USER_MAY_HAVE: Final = "$&+,;="
"""Of the characters that mean something in a URL, those that Go leaves as they are in a user."""
_SCP: Final = re.compile(r"(?P<user>\w+@)?(?P<host>[\w.-]+):(?P<path>.+)")


def source_of(url: str, ref: str, paths: Sequence[str]) -> str:
    """Return what all marks of a repository, a branch and its paths have in common.

    `url` and `paths` are those that fluxd was given, the order of the paths
    counts; `ref` is the branch's name. A password in the URL does not count.
    """
    text = "".join((_safe(url), ref, *paths))
    return _base64(hashlib.sha256(text.encode()).digest())


def mark_of(source: str, found: ObjectId) -> str:
    """Return the mark of one object: copied to another, it is not that one's mark.

    The namespace has to be filled in; without one the object is the cluster's.
    """
    return f"sha256.{_base64(hashlib.sha256((source + flux_id(found)).encode()).digest())}"


def flux_id(found: ObjectId) -> str:
    """Return how Flux v1 calls an object: `default:helmrelease/podinfo`."""
    return f"{found.namespace or _CLUSTER}:{found.kind.lower()}/{found.name}"


def checksum_of(manifest: Manifest) -> str:
    """Return the manifest's content as a SHA-1 in hexadecimal: Flux's own where it is known."""
    known: str = getattr(manifest, "checksum", "")
    return known or _sha1(json.dumps(manifest.object, sort_keys=True))


def marked(obj: Mapping[str, Any], found: ObjectId, source: str, checksum: str) -> dict[str, Any]:
    """Return the object with its mark and checksum; what it says itself stays."""
    metadata = dict(obj["metadata"])
    additions = {"labels": (MARK, mark_of(source, found)), "annotations": (CHECKSUM, checksum)}
    for field, (key, value) in additions.items():
        written = metadata.get(field)
        # What is no mapping is left for the API server to refuse in its own words.
        if written is None or isinstance(written, dict):
            metadata[field] = {key: value, **(written or {})}
    return {**obj, "metadata": metadata}


def _safe(url: str) -> str:
    """Return the URL as Go writes it, without a password; the user stays."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _local(url)
    authority, slash, path = rest.partition("/")
    userinfo, at, host = authority.rpartition("@")
    user = quote(unquote(userinfo.partition(":")[0]), safe=_USER_MAY_HAVE)
    return f"{scheme.lower()}://{user}{at}{host}{slash}{path}"


def _local(url: str) -> str:
    """Read what has no scheme: `git@host:path` as SSH, anything else as a folder."""
    scp = _SCP.fullmatch(url)
    if scp is None:
        return f"file://{url}"
    return f"ssh://{scp['user'] or ''}{scp['host']}/{scp['path'].removeprefix('/')}"


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
