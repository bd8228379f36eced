"""Of a commit only what is asked for is read, and nothing that is no file of it."""

from pathlib import Path

import pytest

from helmward.errors import SourceRejected
from helmward.git.copies import Broken
from helmward.gitops import files
from helmward.gitops.snapshot import Snapshot
from helmward.gitops.source import GitSource
from tests.support.git_repo import GitRepo
from tests.support.git_server import http_git
from tests.support.sources import NAMESPACE, a_source, files_of

POINTER = """version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
"""


async def newest(source: GitSource) -> Snapshot:
    return await source.snapshot(await source.head())


async def refusal_of(source: GitSource, *paths: str) -> str:
    """Return why these files are not read."""
    snapshot = await newest(source)
    with pytest.raises(SourceRejected) as caught:
        await snapshot.read(paths)
    return str(caught.value)


async def test_hooks_and_odd_names_do_nothing(repo: GitRepo, tmp_path: Path) -> None:
    """Files are read from git's store, so a name is only a name."""
    names = ["a b.yaml", "-n.yaml", "ü.yaml", "new\nline.yaml", "'q\".yaml"]
    repo.commit({name: f"# {number}\n" for number, name in enumerate(names)})

    found = await files_of(a_source(tmp_path, repo.url))

    assert {name: found[name] for name in names} == {
        name: f"# {number}\n".encode() for number, name in enumerate(names)
    }


async def test_a_link_stands_for_a_file_of_the_commit(repo: GitRepo, tmp_path: Path) -> None:
    """It is resolved inside the tree, never on disk."""
    repo.commit({"base/ns.yaml": NAMESPACE}, links={"prod/ns.yaml": "../base/ns.yaml"})

    assert await files_of(a_source(tmp_path, repo.url), "prod") == {
        "prod/ns.yaml": NAMESPACE.encode()
    }


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "../x.yaml"])
async def test_a_link_that_leaves_the_tree_is_refused(
    repo: GitRepo, tmp_path: Path, target: str
) -> None:
    """It would read the operator's own files."""
    repo.commit({"ns.yaml": NAMESPACE}, links={"evil.yaml": target})

    with pytest.raises(SourceRejected, match=r"evil\.yaml: .* leads out of the repository"):
        await files_of(a_source(tmp_path, repo.url))


async def test_a_submodule_is_left_alone(repo: GitRepo, tmp_path: Path) -> None:
    """Its repository is never asked for."""
    sha = repo.commit({"ns.yaml": NAMESPACE, ".gitmodules": "[submodule]\n"})
    repo.git("read-tree", sha)
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{sha},sub")
    commit = repo.git("commit-tree", repo.git("write-tree"), "-p", sha, "-m", "sub")
    repo.rewind(commit)

    assert set(await files_of(a_source(tmp_path, repo.url))) == {"ns.yaml"}


async def test_submodules_are_listed(repo: GitRepo, tmp_path: Path) -> None:
    """So that somebody can say why nothing of them is there."""
    repo.commit({"ns.yaml": NAMESPACE})
    repo.submodule("vendor/sub")

    snapshot = await newest(a_source(tmp_path, repo.url))

    assert snapshot.submodules == ("vendor/sub",)
    assert set(snapshot.tree) == {"ns.yaml"}


async def test_a_file_is_read_through_a_link(repo: GitRepo, tmp_path: Path) -> None:
    """By its own name, or by way of a folder that is a link."""
    repo.commit({"v2/ns.yaml": NAMESPACE}, links={"ns.yaml": "v2/ns.yaml", "now": "v2"})
    snapshot = await newest(a_source(tmp_path, repo.url))

    read = await snapshot.read(["ns.yaml", "now/ns.yaml"])

    assert read == {"ns.yaml": NAMESPACE.encode(), "now/ns.yaml": NAMESPACE.encode()}
    assert snapshot.tree["now"].target == "v2"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("evil.yaml", "evil.yaml leads out of the repository"),
        ("none.yaml", "none.yaml: is no file of commit"),
        ("base", "base: is no file of commit"),
        ("/etc/passwd", "/etc/passwd: is no file of commit"),
        ("../x.yaml", "../x.yaml: is no file of commit"),
    ],
)
async def test_what_is_no_file_is_not_read(
    repo: GitRepo, tmp_path: Path, path: str, said: str
) -> None:
    repo.commit({"base/ns.yaml": NAMESPACE}, links={"evil.yaml": "../../etc/passwd"})

    assert said in await refusal_of(a_source(tmp_path, repo.url), path)


async def test_pointers_of_git_lfs_are_named(repo: GitRepo, tmp_path: Path) -> None:
    """Git has no more of such a file than where it is kept."""
    repo.commit({"ns.yaml": NAMESPACE, "a/big.yaml": POINTER, "b.yaml": POINTER})

    message = await refusal_of(a_source(tmp_path, repo.url), "ns.yaml", "a/big.yaml", "b.yaml")

    said = "this is a pointer of Git LFS, which Helmward does not follow: keep the manifest itself"
    assert message.splitlines() == [f"a/big.yaml:1: {said} in git", f"b.yaml:1: {said} in git"]


async def test_a_huge_file_is_named_and_not_read(repo: GitRepo, tmp_path: Path) -> None:
    """It does no harm as long as nobody asks for it."""
    repo.commit({"ns.yaml": NAMESPACE, "huge.yaml": "#" * (files.MAX_FILE + 1)})
    source = a_source(tmp_path, repo.url)

    message = await refusal_of(source, "ns.yaml", "huge.yaml")

    assert message.startswith(f"huge.yaml: {files.MAX_FILE + 1} bytes are more than")
    assert await (await newest(source)).read(["ns.yaml"])


async def test_files_have_a_limit_together(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may be small, and there are too many of them."""
    monkeypatch.setattr(files, "MAX_TOTAL", 2 * len(NAMESPACE))
    repo.commit({f"{number}.yaml": NAMESPACE for number in range(3)})
    source = a_source(tmp_path, repo.url)

    assert "in all" in await refusal_of(source, "0.yaml", "1.yaml", "2.yaml")
    assert len(await (await newest(source)).read(["0.yaml", "1.yaml"])) == 2


async def test_names_that_are_no_utf8_can_be_printed(repo: GitRepo, tmp_path: Path) -> None:
    """Git's names are bytes; ours stand in logs."""
    oid = repo.git("hash-object", "-w", "--stdin", stdin=NAMESPACE)
    name = b"caf\xe9/ns.yaml".decode(errors="surrogateescape")
    link = repo.git("hash-object", "-w", "--stdin", stdin=name)
    lines = f"100644 {oid}\t{name}\0" + f"120000 {link}\tlink.yaml\0"
    repo.git("update-index", "-z", "--index-info", stdin=lines)
    repo.rewind(repo.git("commit-tree", repo.git("write-tree"), "-m", "latin"))

    assert await files_of(a_source(tmp_path, repo.url)) == {
        "caf\\xe9/ns.yaml": NAMESPACE.encode(),
        "link.yaml": NAMESPACE.encode(),
    }


async def test_of_a_large_repository_only_what_is_read_is_fetched(
    repo: GitRepo, tmp_path: Path
) -> None:
    """And no history: ten thousand files cost their names."""
    repo.allow("allowFilter", "allowAnySHA1InWant")
    repo.bulk({f"d{n % 100}/f{n}.yaml": f"# {n}\n" for n in range(10_000)})
    older = repo.git("rev-parse", "main")
    repo.commit({"d1/f1.yaml": "# changed\n"})
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git")
        snapshot = await newest(source)
        read = await snapshot.read(["d1/f1.yaml", "d2/f2.yaml"])

    assert len(snapshot.tree) == 10_000
    assert read == {"d1/f1.yaml": b"# changed\n", "d2/f2.yaml": b"# 2\n"}
    assert not await source.mirror.has(older)
    assert await source.mirror.local("cat-file", "-t", snapshot.tree["d2/f2.yaml"].oid)
    with pytest.raises(Broken):
        await source.mirror.local("cat-file", "-t", snapshot.tree["d3/f3.yaml"].oid)


async def test_what_changed_is_all_that_is_fetched_again(repo: GitRepo, tmp_path: Path) -> None:
    """One request for what is meant, one for the commit, one for the file."""
    repo.allow("allowFilter", "allowAnySHA1InWant")
    repo.bulk({f"f{n}.yaml": f"# {n}\n" for n in range(200)})
    async with http_git(repo.folder.parent) as server:
        source = a_source(tmp_path, f"{server.url}/shop.git")
        await files_of(source)
        repo.commit({"f1.yaml": "# changed\n"})
        before = len(server.asked)
        snapshot = await newest(source)
        assert await snapshot.read(["f1.yaml"]) == {"f1.yaml": b"# changed\n"}
        changed = server.asked[before:]
        again = await newest(source)
        await again.read(["f1.yaml", "f2.yaml"])
        idle = server.asked[before + len(changed) :]

    assert len(changed) <= 8
    assert [one for one in idle if "POST" in one] == ["POST /shop.git/git-upload-pack"]
