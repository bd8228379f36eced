"""Client of the Go engine: Helm's verbs as coroutines, and the process behind them.

May live here: the schema's messages turned into `model` and back, failures
turned into `errors`, starting and watching the process. No policy, no retry,
no HelmRelease.
"""

from helmward.engine.client import Engine
from helmward.engine.meters import EngineMeters
from helmward.engine.options import (
    OPERATOR,
    ActionOptions,
    Comparison,
    Judgement,
    OnPhase,
    Operator,
    Stats,
    User,
    WriterId,
)
from helmward.engine.supervise import EngineProcess

__all__ = [
    "OPERATOR",
    "ActionOptions",
    "Comparison",
    "Engine",
    "EngineMeters",
    "EngineProcess",
    "Judgement",
    "OnPhase",
    "Operator",
    "Stats",
    "User",
    "WriterId",
]
