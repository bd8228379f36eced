"""Who asks for which object, among the repositories of one process.

Shared by the loops. An object that another repository asks for is neither
applied nor removed.
"""

from collections.abc import Iterable, Mapping

from helmward.gitops.build import ObjectId


class Claims:
    """The objects of all repositories, each of which belongs to the first that asked."""

    def __init__(self) -> None:
        self._owners: dict[ObjectId, str] = {}

    def others(self, repository: str) -> Mapping[ObjectId, str]:
        """Return what other repositories have asked for, and which."""
        return {found: owner for found, owner in self._owners.items() if owner != repository}

    def renew(self, repository: str, objects: Iterable[ObjectId]) -> None:
        """Say what a repository asks for now; it has made sure that nobody else does."""
        self._owners = dict(self.others(repository)) | dict.fromkeys(objects, repository)
