"""Which followed repositories a webhook is about, and a bell for each of them.

Built by `app`, rung by `notify`, `hooks` and `/api/v1/sync-git`. Anybody may
ring, so what it can cause is bounded: a look at a repository that is followed
anyway, at most once in `PAUSE`; calls between are answered by one more look.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from helmward.git.refs import BRANCHES
from helmward.git.remote import likeness
from helmward.settings import RepositorySettings
from helmward.web.refresh import Bell

PAUSE: Final = 1.0
"""Seconds between two looks at one repository."""
Look = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Followed:
    """A repository that is followed, and what has it looked at."""

    settings: RepositorySettings
    look: Look

    def is_about(self, wanted: frozenset[str], branch: str | None) -> bool:
        """Tell whether news of these addresses, and of that branch, may concern it."""
        if name_of(self.settings.url) not in wanted:
            return False
        followed = branch_of(self.settings)
        return not branch or not followed or branch.removeprefix(BRANCHES) == followed


class FollowedRepositories:
    """All of them. Its methods are called on the event loop, and return at once."""

    def __init__(self, followed: Iterable[Followed]) -> None:
        self._bells = [(one, Bell(one.look, pause=PAUSE)) for one in followed]

    def notified(self, urls: list[str], branch: str | None = None) -> None:
        """Have those looked at that an address is like; a branch that is not theirs is no news."""
        wanted = frozenset(map(name_of, urls)) - {""}
        for one, bell in self._bells:
            if one.is_about(wanted, branch):
                bell.ring()

    def ring(self) -> None:
        """Have all of them looked at."""
        for _, bell in self._bells:
            bell.ring()

    def still(self) -> None:
        """Forget rings that were not answered: the server stops."""
        for _, bell in self._bells:
            bell.still()


def name_of(url: str) -> str:
    """Return what all addresses of a repository have in common; a local one has its own alone."""
    return likeness(url) or url.removesuffix("/")


def branch_of(settings: RepositorySettings) -> str:
    """Return the branch that is followed; empty where it is a tag, a commit or HEAD's."""
    ref = settings.ref
    if ref.commit:
        return ""
    if ref.name:
        return ref.name.removeprefix(BRANCHES) if ref.name.startswith(BRANCHES) else ""
    return "" if ref.semver or ref.tag else ref.branch or ""
