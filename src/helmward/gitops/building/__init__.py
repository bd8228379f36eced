"""From a commit and one path of the settings to manifests.

Called by `paths`. Files are picked, opened where they are encrypted, built as
the path asks, read and given their variables. Here may live whatever belongs to
one of these steps; what becomes of the manifests is `plan`'s.
"""

from helmward.gitops.building.builder import Builder, Built
from helmward.gitops.building.tools import Tools

__all__ = ["Builder", "Built", "Tools"]
