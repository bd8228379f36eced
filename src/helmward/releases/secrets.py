"""What is secret in a release that nobody composes values for any more.

Called by `loop` for a HelmRelease that is being deleted: after a restart its
Secrets may be gone, while a hook may still tell of them.
"""

import json
from typing import Any

import msgspec

from helmward.engine import Engine
from helmward.model import HIDDEN, Declared, Revision
from helmward.redaction import REDACTOR, Redactor, secrets_of


async def learn_from_storage(
    engine: Engine, declared: Declared, newest: Revision | None, redactor: Redactor = REDACTOR
) -> None:
    """Have the values masked that once came from Secrets, read from the release itself.

    Asks only where the revision says that it has such values.

    Raises:
        ClusterUnavailable, EngineLost: it is not known what is secret.
    """
    if newest is None or HIDDEN not in newest.annotations:
        return
    content = await engine.content(newest.release, newest.number)
    if content is None:
        return
    values = msgspec.json.decode(content.values)
    places = json.loads(newest.annotations[HIDDEN])
    found = (_at(values, place) for place in places)
    redactor.learn(declared.key.owner, {text for one in found for text in secrets_of(one)})


def _at(values: Any, place: list[str | int]) -> Any:
    """Return what stands at a place; nothing where there is none."""
    for step in place:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return None
    return values
