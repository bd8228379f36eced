"""One verb a file: each performs what was decided, once.

May live here: calls to the engine and to the API server. Whether and when to
act was settled in `decide`; what it led to is observed by the next look.
"""

from helmward.releases.act.hands import Hands, Task
from helmward.releases.act.perform import perform

__all__ = ["Hands", "Task", "perform"]
