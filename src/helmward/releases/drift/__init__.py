"""What is known of drift: what differs, who fights over it, how it is told.

May live here: memory that a restart may forget, and words. Pure but for the
clock it is given; the watch stands beside it (`awake`), the calls in `act`.
"""

from helmward.releases.drift.keeper import Keeper, Watch
from helmward.releases.drift.known import News
from helmward.releases.drift.words import fought, listed

__all__ = ["Keeper", "News", "Watch", "fought", "listed"]
