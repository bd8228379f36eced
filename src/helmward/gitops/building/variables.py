"""The variables of a path: from ConfigMaps, Secrets and the settings.

Called by `builder`, for each build anew: what is in the cluster changes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from helmward.errors import NotFound, SourceRejected
from helmward.gitops.building.tools import Tools
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.settings import PathSettings, Substitutes

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESOURCES: Final = {one.kind: one for one in (CONFIG_MAPS, SECRETS)}


@dataclass(frozen=True)
class Variables:
    """Values by name; of some nobody may see them."""

    values: Mapping[str, str]
    secret: frozenset[str] = field(default_factory=frozenset)
    """Names of those that a Secret gave."""


def wants_variables(path: PathSettings) -> bool:
    """Tell whether anything is replaced: without variables `${` is text."""
    return bool(path.substitute or path.substitute_from)


async def read_variables(path: PathSettings, tools: Tools) -> Variables:
    """Return the variables of a path; later sources win, the settings' own over all.

    Entries whose names no variable can have are left out. Values go on one
    line, as under Flux.

    Raises:
        NotFound: a ConfigMap or Secret is not there and not optional.
        SourceRejected: an entry is no text.
        AccessDenied, ClusterUnavailable: it is not known what is in it.
    """
    values: dict[str, str] = {}
    secret: set[str] = set()
    for source in path.substitute_from:
        found = await _entries(source, path, tools)
        values |= found
        secret = secret | found.keys() if source.kind == SECRETS.kind else secret - found.keys()
    values |= path.substitute
    return Variables(values, frozenset(secret - path.substitute.keys()))


async def _entries(source: Substitutes, path: PathSettings, tools: Tools) -> dict[str, str]:
    namespace = source.namespace or tools.namespace
    said = f"variables of {path.path or '.'}: {source.kind} {namespace}/{source.name}"
    try:
        found = await tools.entries.entries(_RESOURCES[source.kind], namespace, source.name)
    except NotFound as error:
        if source.optional:
            return {}
        raise NotFound(f"{said} is not there: make it, or mark it as optional") from error
    return {key: _text(key, raw, said) for key, raw in found.items() if _NAME.fullmatch(key)}


def _text(key: str, raw: bytes, said: str) -> str:
    try:
        return raw.decode().replace("\n", "")
    except UnicodeDecodeError:
        raise SourceRejected(f"{said}: {key} is no text in UTF-8") from None
