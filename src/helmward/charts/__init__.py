"""Where charts come from. Today: Helm repositories, fetched and kept by the engine.

What may live here: turning a reference into a `Chart` that the engine holds.
Credentials, OCI and git sources will have their rooms here.
"""

from helmward.charts.repository import Charts

__all__ = ["Charts"]
