"""In whose name calls are made, and by which name each can be found in the logs.

What `sources`, `git` and `client` have in common.
"""

import itertools
from datetime import timedelta

from helmward.engine import translate
from helmward.engine.calls import Calls
from helmward.engine.options import Identity
from helmward.engine.pb import engine_pb2 as pb


class Caller:
    """Calls of one identity."""

    def __init__(self, calls: Calls, identity: Identity) -> None:
        self._calls = calls
        self._identity = identity
        self._numbers = itertools.count(1)

    def _call(self, verb: str, about: str, deadline: timedelta) -> pb.Call:
        name = f"{verb}-{next(self._numbers)} {about}".strip()
        return translate.call_of(self._identity, deadline, name)
