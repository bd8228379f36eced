"""Where charts come from, who may ask for them and on which terms.

What may live here: turning a reference into a `Chart` that the engine holds.
`pull` does, the rest says how: `credentials` of Secrets, `imported` ones of
repositories.yaml, `policy`, `keys` and `terms`, `egress`, `urls` as compared.
Fetching over HTTP and from registries is the engine's.
"""

from helmward.charts.pull import Charts

__all__ = ["Charts"]
