"""Which commit of a remote the settings mean; pure.

Used by `source` with what the remote says that it has. Whoever asks for what
is not there hears what is.
"""

from typing import Final

from helmward.errors import ConfigInvalid, SourceUnavailable
from helmward.git.refs import BRANCHES, TAGS, Refs, is_commit
from helmward.git.remote import is_name
from helmward.git.semver import newest_first, parse_range
from helmward.gitops.snapshot import Head
from helmward.settings import RefSettings

_SHOWN: Final = 5


def check_ref(ref: RefSettings) -> None:
    """Refuse what no ref can be.

    Raises:
        ConfigInvalid: the message names the flag.
    """
    for what, name in (("branch", ref.branch), ("tag", ref.tag), ("ref", ref.name)):
        if name and not is_name(name):
            raise ConfigInvalid(f"--git-{what} {name!r} is no name of a {what}")
    if ref.name and ref.name != "HEAD" and not ref.name.startswith("refs/"):
        raise ConfigInvalid(
            f"--git-ref {ref.name!r} is no full name of a ref, as refs/heads/main or"
            " refs/pull/1/head; for a branch say --git-branch, for a tag --git-tag"
        )
    if ref.commit and not is_commit(ref.commit):
        raise ConfigInvalid(
            f"--git-commit {ref.commit!r} is no whole name of a commit: give all its digits"
            " (git rev-parse)"
        )
    if ref.semver:
        _check_range(ref.semver)


def pinned(ref: RefSettings) -> Head | None:
    """Return the one commit that is asked for by its own name, if one is."""
    return Head(ref.commit, ref.commit, ref.commit) if ref.commit else None


def others(ref: RefSettings) -> tuple[str, ...]:
    """Name the refs besides branches and tags that have to be asked for."""
    return (ref.name,) if ref.name else ()


def resolve(ref: RefSettings, refs: Refs) -> Head:
    """Return the commit that the settings mean now; the last field that is given counts.

    Raises:
        SourceUnavailable: the remote has no such; it may come.
    """
    if ref.name:
        return _found(ref.name, ref.name, refs, f"no ref {ref.name!r} (--git-ref)")
    if ref.semver:
        return _newest(ref.semver, refs)
    if ref.tag:
        return _found(ref.tag, f"{TAGS}{ref.tag}", refs, f"no tag {ref.tag!r} (--git-tag)")
    if ref.branch:
        name = f"{BRANCHES}{ref.branch}"
        return _found(ref.branch, name, refs, f"no branch {ref.branch!r} (--git-branch)")
    return _default(refs)


def _default(refs: Refs) -> Head:
    """Return what the remote's HEAD names; a HEAD that names no branch is one itself."""
    name = f"{BRANCHES}{refs.default}" if refs.default else "HEAD"
    return _found(refs.default or "HEAD", name, refs, "no default branch (--git-branch)")


def _newest(text: str, refs: Refs) -> Head:
    tag = parse_range(text).newest(refs.tags)
    if tag:
        return Head(tag, refs.tags[tag], f"{TAGS}{tag}")
    newest = newest_first(refs.tags)[:_SHOWN]
    have = f"the newest are {', '.join(newest)}" if newest else "no tag is a version, as v1.2.3"
    raise SourceUnavailable(f"it has no tag in the range {text!r} (--git-semver); {have}")


def _found(said: str, name: str, refs: Refs, missing: str) -> Head:
    if name in refs.commits:
        return Head(said, refs.commits[name], name)
    raise SourceUnavailable(f"it has {missing}; {refs.near(said)}")


def _check_range(text: str) -> None:
    try:
        parse_range(text)
    except ValueError:
        raise ConfigInvalid(
            f"--git-semver {text!r} is no range of versions, as 1.x, ~1.2 or '>=1.2 <2'"
        ) from None
