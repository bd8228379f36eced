"""What a composition comes to, and what of it is masked from then on.

Made by `compose`; read by whoever hands values to Helm or tells of them.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from helmward.redaction import REDACTOR, Redactor
from helmward.values.layers import Layer
from helmward.values.merge import Path

_AT_ONCE: Final = 64 * 1024
"""Characters of secrets that are learned before anything else goes on."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The values that Helm is given, and what is known of them."""

    document: bytes
    """A JSON object; equal values are equal bytes."""
    secrets: frozenset[str] = frozenset()
    """Every text of a Secret that has to be masked, also of values that others cover."""
    origins: Mapping[Path, str] = field(default_factory=dict)
    """Which field of the spec set each leaf; a list is one leaf."""
    hidden: frozenset[Path] = frozenset()
    """The leaves that came from a Secret."""
    skipped: tuple[str, ...] = ()
    """Optional sources that were left out, each with the reason."""
    notes: tuple[str, ...] = ()
    """Sources that could not be asked, of which an older copy is used."""
    layers: tuple[Layer, ...] = ()
    """What each source has set, the chart's own values lowest; only where asked for."""


async def keep_secret(owner: str, composed: Composed, redactor: Redactor = REDACTOR) -> None:
    """Have all that came from Secrets masked from now on; the same again costs nothing."""
    if redactor.knows(owner, composed.secrets):
        return
    if sum(map(len, composed.secrets)) < _AT_ONCE:
        redactor.learn(owner, composed.secrets)
    else:
        await asyncio.to_thread(redactor.learn, owner, composed.secrets)
