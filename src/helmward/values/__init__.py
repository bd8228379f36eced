"""Composes the values of a HelmRelease: which source lies over which, what of it is secret.

What may live here: `sources` that values come from, `fetch` and `reading` of
their texts, `merge` and `setting` of one value, `compose` as the whole; `diff`
of two compositions, their `checksum`; `provenance` of each value, and `blame`.
What is done with values, `releases` knows; charts with defaults, Helm.
"""

from helmward.values.blame import blame, blamed
from helmward.values.checksum import checksum
from helmward.values.compose import compose
from helmward.values.composed import Composed, keep_secret
from helmward.values.diff import diff
from helmward.values.layers import CHART, Layer
from helmward.values.merge import Path, shown
from helmward.values.sources import ReleaseSources, Sources

__all__ = [
    "CHART",
    "Composed",
    "Layer",
    "Path",
    "ReleaseSources",
    "Sources",
    "blame",
    "blamed",
    "checksum",
    "compose",
    "diff",
    "keep_secret",
    "shown",
]
