"""Which commit is followed: by branch, tag, range, ref or its own name."""

from pathlib import Path

import pytest

from helmward.errors import ConfigInvalid
from tests.support.git_repo import GitRepo
from tests.support.git_server import http_git
from tests.support.sources import NAMESPACE, a_source, failure_of, files_of

SHA = "0123456789abcdef0123456789abcdef01234567"


def a_tag(repo: GitRepo, name: str, commit: str, *, heavy: bool = False) -> None:
    """Set a tag, or move it."""
    annotated = ("-a", "-m", "release") if heavy else ()
    repo.git("tag", "--force", *annotated, name, commit)


async def test_a_tag_is_followed_when_it_moves(repo: GitRepo, tmp_path: Path) -> None:
    """An annotated one stands for its commit."""
    first = repo.commit({"one.yaml": NAMESPACE})
    second = repo.commit({"one.yaml": None, "two.yaml": NAMESPACE})
    repo.commit({"main.yaml": NAMESPACE})
    a_tag(repo, "live", first)
    source = a_source(tmp_path, repo.url, tag="live")
    head = await source.head()
    assert (head.ref, head.sha, head.name) == ("live", first, "refs/tags/live")
    assert set(await files_of(source)) == {"one.yaml"}

    a_tag(repo, "live", second, heavy=True)

    assert (await source.head()).sha == second
    assert set(await files_of(source)) == {"two.yaml"}


async def test_the_newest_tag_of_a_range_is_followed(repo: GitRepo, tmp_path: Path) -> None:
    """New tags in the range are found, others are not looked at."""
    for tag in ("v1.2.0", "v1.10.0", "v1.11.0-rc.1", "v2.0.0", "nightly"):
        a_tag(repo, tag, repo.commit({"tag.yaml": f"# {tag}\n"}), heavy=tag == "v1.10.0")
    source = a_source(tmp_path, repo.url, semver="1.x")
    assert await files_of(source) == {"tag.yaml": b"# v1.10.0\n"}

    a_tag(repo, "v1.11.0", repo.commit({"tag.yaml": "# newer\n"}))

    assert (await source.head()).ref == "v1.11.0"
    assert await files_of(source) == {"tag.yaml": b"# newer\n"}


@pytest.mark.parametrize("heavy", [False, True])
async def test_any_ref_is_followed_by_its_full_name(
    repo: GitRepo, tmp_path: Path, heavy: bool
) -> None:
    """Forges keep pull requests where no branch is."""
    pull = repo.commit({"pull.yaml": NAMESPACE}, branch="topic")
    repo.commit({"main.yaml": NAMESPACE})
    if heavy:
        a_tag(repo, "t", pull, heavy=True)
    repo.git("update-ref", "refs/pull/1/head", "refs/tags/t" if heavy else pull)
    repo.git("update-ref", "-d", "refs/heads/topic")
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git", name="refs/pull/1/head")
        head = await source.head()
        assert (head.ref, head.sha) == ("refs/pull/1/head", pull)
        assert set(await files_of(source)) == {"pull.yaml"}


async def test_a_commit_is_fetched_by_its_name(repo: GitRepo, tmp_path: Path) -> None:
    """Where the remote stands does not matter, so it is not asked."""
    pinned = repo.commit({"ns.yaml": NAMESPACE})
    repo.commit({"ns.yaml": "later"})
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git", commit=pinned)
        head = await source.head()
        assert (head.ref, head.sha, server.requests) == (pinned, pinned, 0)
        assert await files_of(source) == {"ns.yaml": NAMESPACE.encode()}
        asked = server.requests
        await files_of(source)

    assert server.requests == asked


async def test_the_last_field_that_is_given_counts(repo: GitRepo, tmp_path: Path) -> None:
    """As Flux 2 has it: branch, tag, range, name, commit."""
    shas = [repo.commit({"ns.yaml": f"# {number}\n"}, branch=f"b{number}") for number in range(5)]
    a_tag(repo, "t", shas[1])
    a_tag(repo, "v1.0.0", shas[2])
    repo.git("update-ref", "refs/pull/1/head", shas[3])
    asked = {"branch": "b0", "tag": "t", "semver": "*", "name": "refs/pull/1/head"}
    fields = asked | {"commit": shas[4]}

    found = []
    for count in range(1, 6):
        given = dict(list(fields.items())[:count])
        found.append((await a_source(tmp_path, repo.url, **given).head()).sha)

    assert found == shas


async def test_a_head_that_names_no_branch_is_followed(repo: GitRepo, tmp_path: Path) -> None:
    """A detached one: it is what the remote calls its own."""
    sha = repo.commit({"ns.yaml": NAMESPACE}, branch="other")
    repo.git("update-ref", "--no-deref", "HEAD", sha)
    source = a_source(tmp_path, repo.url)

    assert ((await source.head()).ref, set(await files_of(source))) == ("HEAD", {"ns.yaml"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"branch": "mian"}, "no branch 'mian' (--git-branch); did you mean main?"),
        ({"tag": "v1.0"}, "no tag 'v1.0' (--git-tag); did you mean v1.0.0?"),
        ({"semver": ">=2"}, "no tag in the range '>=2' (--git-semver); the newest are v1.0.0"),
        ({"name": "refs/pull/9/head"}, "no ref 'refs/pull/9/head' (--git-ref); there are main"),
    ],
)
async def test_what_is_not_there_is_said_with_what_is(
    repo: GitRepo, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    """The flag is named, too."""
    a_tag(repo, "v1.0.0", repo.commit({"ns.yaml": NAMESPACE}))

    assert said in await failure_of(a_source(tmp_path, repo.url, **given))


async def test_a_range_without_any_version_is_said(repo: GitRepo, tmp_path: Path) -> None:
    """Tags that are no versions are none of its."""
    a_tag(repo, "release-1", repo.commit({"ns.yaml": NAMESPACE}))

    assert "no tag is a version" in await failure_of(a_source(tmp_path, repo.url, semver="1.x"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        *(
            ({"branch": name}, "--git-branch")
            for name in ("-x", "a b", "a..b", "a:b", "a.lock", "x^", "@{u}")
        ),
        ({"tag": "v1:v2"}, "--git-tag 'v1:v2' is no name of a tag"),
        ({"semver": "latest"}, "--git-semver 'latest' is no range of versions"),
        ({"name": "main"}, "--git-ref 'main' is no full name"),
        ({"name": "refs/heads/../x"}, "--git-ref"),
        ({"commit": SHA[:12]}, "give all its digits"),
        ({"commit": "main"}, "--git-commit"),
    ],
)
def test_what_no_ref_can_be_is_refused(tmp_path: Path, given: dict[str, str], said: str) -> None:
    """At once, and before git could read more into it."""
    with pytest.raises(ConfigInvalid, match=said.replace("(", r"\(")):
        a_source(tmp_path, "/repo", **given)
