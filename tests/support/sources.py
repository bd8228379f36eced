"""What tests of followed repositories share: a source, and what it reads."""

from pathlib import Path
from typing import Any

import pytest

from helmward.errors import SourceUnavailable
from helmward.git.login import GitLogin
from helmward.gitops.source import GitSource
from helmward.gitops.tree import pick
from helmward.settings import PathSettings, RefSettings, RepositorySettings

_REF = ("branch", "tag", "semver", "name", "commit")
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"


def a_source(
    tmp_path: Path, url: str, *, login: Any = None, repository: str = "main", **given: Any
) -> GitSource:
    """Build a source; what is asked for by the fields of a ref, paths as plain texts."""
    ref = RefSettings(**{field: given.pop(field) for field in _REF if field in given})
    paths = tuple(PathSettings(path) for path in given.pop("paths", ("",)))
    settings = RepositorySettings(url=url, name=repository, ref=ref, paths=paths, **given)
    return GitSource(settings, tmp_path / "work", login=login)


def logins(*login: GitLogin) -> Any:
    """Answer with these logins one after another; the last one stays."""
    left = list(login)

    async def ask() -> GitLogin:
        return left.pop(0) if len(left) > 1 else left[0]

    return ask


async def files_of(source: GitSource, path: str = "") -> dict[str, bytes]:
    """Read all the manifests that the newest commit has below a path."""
    snapshot = await source.snapshot(await source.head())
    return await snapshot.read(pick(snapshot.tree, path, snapshot.head.sha))


async def failure_of(source: GitSource) -> str:
    """Return the message of the remote's failure."""
    with pytest.raises(SourceUnavailable) as caught:
        await files_of(source)
    return str(caught.value)
