"""One port, or a second one for metrics: metrics, health and webhooks; the dashboard later.

May hold whatever answers HTTP. Asks other rooms through callables and the
metrics registry only; knows no release, no cluster and no engine.
"""

from helmward.web.server import WebServer

__all__ = ["WebServer"]
