"""What each source has set, kept apart, for who asks where a value comes from.

Filled by `compose` where it is asked for; read by `provenance`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

CHART: Final = "the chart's own values.yaml"
"""The name of the lowest layer."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The values of one source; merged from the lowest up they are those of Helm."""

    name: str
    """The field of the spec, the flag, or `CHART`."""
    values: Mapping[str, Any]
    about: str = ""
    """The object and its key, the URL, or the file; empty where the name tells it all."""
    secret: bool = False
    """Whether its values are only shown to who insists."""
    in_chart: bool = False
    """Whether it is part of the chart, and came with its commit."""
