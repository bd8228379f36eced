"""Composes the values of a HelmRelease: which source lies over which, what of it is secret.

What may live here: `sources` that values come from, `reading` their texts,
`merge`, `compose` as the whole, `diff` of two compositions, their `checksum`.
What is done with values, `releases` knows; charts with defaults, Helm.
"""

from helmward.values.checksum import checksum
from helmward.values.compose import Composed, compose, keep_secret
from helmward.values.diff import diff
from helmward.values.merge import Path, shown
from helmward.values.sources import ReleaseSources, Sources

__all__ = [
    "Composed",
    "Path",
    "ReleaseSources",
    "Sources",
    "checksum",
    "compose",
    "diff",
    "keep_secret",
    "shown",
]
