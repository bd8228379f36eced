"""Which objects of releases somebody may have changed, seen by watching their metadata.

May hold what is needed to suspect an object. Whether it differs from its
revision is found out by the engine, and what is then done by `decide`.
"""

from helmward.releases.awake.awake import Awake, Mark
from helmward.releases.awake.inventory import inventory_of
from helmward.releases.awake.watching import State

__all__ = ["Awake", "Mark", "State", "inventory_of"]
