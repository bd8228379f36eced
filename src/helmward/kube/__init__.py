"""Client of the API server: requests, watches, errors translated at the door.

May hold whatever speaks HTTP to Kubernetes. Knows no HelmRelease, no queue and
no policy; `runtime` builds informers and Leases on it.
"""

from helmward.kube.client import Kube
from helmward.kube.config import ClusterConfig, load_config
from helmward.kube.handed import write_kubeconfig
from helmward.kube.listing import Selection, Start
from helmward.kube.meta import Meta, OwnerReference, PartialObject, decode_object, decode_partial
from helmward.kube.reading import Page, WatchEvent
from helmward.kube.resources import Resource

__all__ = [
    "ClusterConfig",
    "Kube",
    "Meta",
    "OwnerReference",
    "Page",
    "PartialObject",
    "Resource",
    "Selection",
    "Start",
    "WatchEvent",
    "decode_object",
    "decode_partial",
    "load_config",
    "write_kubeconfig",
]
