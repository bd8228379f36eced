"""What a remote has: branches, tags and the commits that they name; pure."""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

BRANCHES: Final = "refs/heads/"
TAGS: Final = "refs/tags/"

_SHOWN: Final = 10
_WHOLE: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT: Final = re.compile(r"[0-9a-f]{7,63}")


@dataclass(frozen=True, slots=True)
class Refs:
    """The branches and tags of a remote at one time."""

    default: str
    """The branch that HEAD names, if the remote tells."""
    commits: Mapping[str, str]
    """By full name; HEAD among them. A tag stands for the commit that it names."""

    @property
    def branches(self) -> dict[str, str]:
        """The commits of all branches by their short names."""
        return {
            name.removeprefix(BRANCHES): commit
            for name, commit in self.commits.items()
            if name.startswith(BRANCHES)
        }

    @property
    def tags(self) -> dict[str, str]:
        """The commits of all tags by their short names."""
        return {
            name.removeprefix(TAGS): commit
            for name, commit in self.commits.items()
            if name.startswith(TAGS)
        }

    def find(self, ref: str) -> str:
        """Return the full name of what is asked for; empty where there is no such.

        As git reads it: a full name, then a tag, then a branch. The first
        digits of a commit stand for a branch or tag that is just there.
        """
        for name in (ref, f"refs/{ref}", f"{TAGS}{ref}", f"{BRANCHES}{ref}"):
            if name in self.commits:
                return name
        if not is_short(ref):
            return ""
        tips = [name for name, commit in self.commits.items() if commit.startswith(ref)]
        same = len({self.commits[name] for name in tips}) == 1
        return tips[0] if same else ""

    def near(self, ref: str) -> str:
        """Say which branches and tags there are, those like the one asked for first."""
        names = sorted(
            {name.partition("/")[2].partition("/")[2] for name in self.commits if "/" in name}
        )
        if not names:
            return "it has no branch yet: push a commit"
        alike = difflib.get_close_matches(ref, names, n=3)
        if alike:
            return f"did you mean {' or '.join(alike)}?"
        more = " and more" if len(names) > _SHOWN else ""
        return f"there are {', '.join(names[:_SHOWN])}{more}"


def is_commit(ref: str) -> bool:
    """Tell whether it is the whole name of a commit, which never changes its meaning."""
    return bool(_WHOLE.fullmatch(ref))


def is_short(ref: str) -> bool:
    """Tell whether it may be the first digits of a commit."""
    return bool(_SHORT.fullmatch(ref))


def read_refs(listing: str, also: Collection[str] = ()) -> Refs:
    """Read what `git ls-remote --symref` prints: HEAD, branches, tags, and `also` these."""
    default = ""
    commits = {}
    for line in listing.splitlines():
        value, _, ref = line.partition("\t")
        # The commit of an annotated tag comes in a line of its own, behind the tag's.
        name = ref.removesuffix("^{}")
        if ref == "HEAD" and value.startswith("ref: "):
            default = value.removeprefix("ref: ").removeprefix(BRANCHES)
        elif name == "HEAD" or name.startswith((BRANCHES, TAGS)) or name in also:
            commits[name] = value
    return Refs(default, commits)
