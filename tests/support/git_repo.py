"""A git repository on disk that tests and demos commit to."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

_WHO = {
    "GIT_AUTHOR_NAME": "A Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.test",
    "GIT_COMMITTER_NAME": "A Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.test",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


class GitRepo:
    """A bare repository; commits are made without any working tree."""

    def __init__(self, folder: Path, branch: str = "main", *, hashes: str = "sha1") -> None:
        self.folder = folder
        self.branch = branch
        folder.mkdir(parents=True, exist_ok=True)
        init = ("init", "--quiet", "--bare", f"--object-format={hashes}")
        self.git(*init, f"--initial-branch={branch}")

    @property
    def url(self) -> str:
        """The repository as a file URL."""
        return self.folder.as_uri()

    def commit(
        self,
        files: Mapping[str, str | None],
        message: str = "change",
        *,
        links: Mapping[str, str] | None = None,
        branch: str | None = None,
    ) -> str:
        """Write files over the branch's last commit; None deletes one. Return the new commit."""
        ref = f"refs/heads/{branch or self.branch}"
        parent = self.git("for-each-ref", "--format=%(objectname)", ref)
        self.git("read-tree", parent or "--empty")
        for path, text in files.items():
            self._stage(path, text, "100644")
        for path, target in (links or {}).items():
            self._stage(path, target, "120000")
        tree = self.git("write-tree")
        parents = ["-p", parent] if parent else []
        sha = self.git("commit-tree", tree, *parents, "-m", message)
        self.git("update-ref", ref, sha)
        return sha

    def bulk(self, files: Mapping[str, str], message: str = "many") -> str:
        """Write very many files at once over the branch's last commit. Return the new commit."""
        ref = f"refs/heads/{self.branch}"
        parent = self.git("for-each-ref", "--format=%(objectname)", ref)
        lines = [f"commit {ref}", "committer A Tester <tester@example.test> 1700000000 +0000"]
        lines += [f"data {len(message)}", message, *([f"from {parent}"] if parent else [])]
        for path, text in files.items():
            lines += [f"M 100644 inline {path}", f"data {len(text.encode())}", text]
        self.git("fast-import", "--quiet", stdin="\n".join([*lines, ""]))
        return self.git("rev-parse", ref)

    def allow(self, *names: str) -> None:
        """Let servers do more than by default, such as `allowFilter`."""
        for name in names:
            self.git("config", f"uploadpack.{name}", "true")

    def read_only(self) -> None:
        """Let nobody push over HTTP; else everybody may who is let in."""
        self.git("config", "http.receivepack", "false")

    def merge(self, *others: str, files: Mapping[str, str] | None = None) -> str:
        """Merge commits into the branch, with its own tree or these files. Return the commit."""
        head = self.git("rev-parse", self.branch)
        for path, text in (files or {}).items():
            self.git("read-tree", head)
            self._stage(path, text, "100644")
        tree = self.git("write-tree") if files else f"{head}^{{tree}}"
        parents = [word for one in (head, *others) for word in ("-p", one)]
        sha = self.git("commit-tree", self.git("rev-parse", tree), *parents, "-m", "merge")
        self.rewind(sha)
        return sha

    def sign(self, sha: str, sign: Callable[[bytes], bytes]) -> str:
        """Sign a commit, as git writes it down. Return the commit that it becomes."""
        raw = self.raw(sha)
        head, _, message = raw.partition(b"\n\n")
        folded = b"\n ".join(sign(raw).rstrip(b"\n").split(b"\n"))
        header = b"gpgsig" if len(sha) == 40 else b"gpgsig-sha256"
        return self.write("commit", head + b"\n" + header + b" " + folded + b"\n\n" + message)

    def raw(self, oid: str, kind: str = "commit") -> bytes:
        """Return an object as git keeps it."""
        return self.git_bytes("cat-file", kind, oid)

    def write(self, kind: str, raw: bytes) -> str:
        """Write an object as git keeps it. Return its name."""
        written = ("hash-object", "-t", kind, "-w", "--stdin")
        return self.git_bytes(*written, stdin=raw).decode().strip()

    def submodule(self, path: str) -> str:
        """Put a submodule there, as `git submodule add` does. Return the new commit."""
        sha = self.git("rev-parse", self.branch)
        self.git("read-tree", sha)
        self.git("update-index", "--add", "--cacheinfo", f"160000,{sha},{path}")
        commit = self.git("commit-tree", self.git("write-tree"), "-p", sha, "-m", "submodule")
        self.rewind(commit)
        return commit

    def replace(self, files: Mapping[str, str | None], message: str = "anew") -> str:
        """Throw the branch's history away, as a force-push does, and commit these files alone."""
        self.git("update-ref", "-d", f"refs/heads/{self.branch}")
        return self.commit(files, message)

    def rewind(self, sha: str) -> None:
        """Let the branch point to an earlier commit."""
        self.git("update-ref", f"refs/heads/{self.branch}", sha)

    def _stage(self, path: str, text: str | None, mode: str) -> None:
        if text is None:
            # A bare repository has no work tree from which the file could be missing.
            self.git("update-index", "--index-info", stdin=f"0 {'0' * 40}\t{path}\n")
            return
        oid = self.git("hash-object", "-w", "--stdin", stdin=text)
        self.git("update-index", "--add", "--cacheinfo", f"{mode},{oid},{path}")

    def git(self, *args: str, stdin: str = "") -> str:
        """Run git in the repository and return what it prints."""
        return (
            self.git_bytes(*args, stdin=stdin.encode("utf-8", "surrogateescape")).decode().strip()
        )

    def git_bytes(self, *args: str, stdin: bytes = b"") -> bytes:
        """Run git in the repository and return what it prints, as it is."""
        result = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **_WHO},
        )
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout
