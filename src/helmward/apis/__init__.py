"""The API generations: each into one model, and back into its own status.

What differs between generations (defaults, names of annotations, the rule of
the release name, the spelling of the status) stands in the module of that
generation and nowhere else. Nothing here talks to the cluster.
"""

from helmward.apis.generation import Generation
from helmward.apis.v1 import V1
from helmward.apis.v1beta1 import V1BETA1

GENERATIONS: tuple[Generation, ...] = (V1BETA1, V1)

__all__ = ["GENERATIONS", "V1", "V1BETA1", "Generation"]
