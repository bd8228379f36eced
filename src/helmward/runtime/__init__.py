"""Informer, keyed queue, workers, Leases and events: Kubernetes, not Helm.

May hold whatever an operator of any kind needs. Knows no HelmRelease and no
policy; waiting lives here, and time comes from outside so that tests own it.
"""

from helmward.runtime.backoff import Backoff
from helmward.runtime.events import EventRecorder, Regarding
from helmward.runtime.informer import Informer
from helmward.runtime.leader import Leader, keep_leading
from helmward.runtime.lease import Rhythm, Session
from helmward.runtime.queue import KeyedQueue
from helmward.runtime.references import References
from helmward.runtime.sessions import Sessions
from helmward.runtime.store import EventType, Store
from helmward.runtime.workers import Workers

__all__ = [
    "Backoff",
    "EventRecorder",
    "EventType",
    "Informer",
    "KeyedQueue",
    "Leader",
    "References",
    "Regarding",
    "Rhythm",
    "Session",
    "Sessions",
    "Store",
    "Workers",
    "keep_leading",
]
