"""What tests of signatures share: people who sign, and a repository that they commit to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helmward.git.complaints import FLAGS
from helmward.git.keyring import Keyring
from helmward.git.login import NOBODY, GitLogin
from helmward.git.mirror import AskLogin, Mirror
from helmward.git.remote import read_remote
from helmward.gitops.signers import Signatures
from helmward.gitops.snapshot import Head
from helmward.gitops.verify import Verifier, make_verifier
from helmward.settings import GitChartSettings, VerifySettings
from tests.support.git_repo import GitRepo
from tests.support.openpgp import PgpKey
from tests.support.sshsig import SshSigner

Sign = Callable[[bytes], bytes]
MAIN = "refs/heads/main"


def a_mirror(
    url: str,
    work: Path,
    login: GitLogin = NOBODY,
    ask: AskLogin | None = None,
    **settings: object,
) -> Mirror:
    """Build the mirror of an address, with one login or with what finds it."""
    kept = GitChartSettings(**settings)  # type: ignore[arg-type]
    remote = read_remote(url)
    keyring = Keyring(work / "home", remote, login, kept)
    return Mirror(work, remote, keyring, kept.timeout.total_seconds(), told=FLAGS, login=ask)


@dataclass
class Team:
    """Ada and Bob may sign, Eve may not; Ada has OpenPGP, Bob SSH."""

    folder: Path
    ada: PgpKey = field(default_factory=lambda: PgpKey("Ada <ada@example.com>"))
    bob: SshSigner = field(default_factory=SshSigner)
    eve: PgpKey = field(default_factory=lambda: PgpKey("Eve <eve@example.com>"))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "ada.asc").write_bytes(self.ada.armoured)
        (self.folder / "bob.pub").write_bytes(self.bob.public)

    def trusts(self, mode: str) -> VerifySettings:
        """Build the settings that trust those two."""
        pgp, ssh = self.folder / "ada.asc", self.folder / "bob.pub"
        return VerifySettings(mode, pgp_keys=(pgp,), ssh_keys=(ssh,))

    def sign(self, who: str) -> Sign | None:
        """Return how somebody signs; `-` is nobody."""
        return None if who == "-" else getattr(self, who).sign


def signed_commit(repo: GitRepo, sign: Sign | None, text: str, branch: str = "main") -> str:
    """Commit a text to the branch, signed if anybody signs."""
    sha = repo.commit({"a.yaml": text}, branch=branch)
    return signed(repo, sha, sign, branch)


def signed(repo: GitRepo, sha: str, sign: Sign | None, branch: str = "main") -> str:
    """Sign the newest commit of a branch."""
    done = repo.sign(sha, sign) if sign else sha
    repo.git("update-ref", f"refs/heads/{branch}", done)
    return done


def signed_tag(repo: GitRepo, name: str, sha: str, sign: Sign | None, said: str = "") -> None:
    """Tag a commit; `said` is the name that the tag itself has."""
    text = (
        f"object {sha}\ntype commit\ntag {said or name}\n"
        "tagger A Tester <tester@example.test> 1700000000 +0000\n\nfirst\n"
    ).encode()
    oid = repo.write("tag", text + (sign(text) if sign else b""))
    repo.git("update-ref", f"refs/tags/{name}", oid)


@dataclass
class Counting:
    """An engine whose questions are counted."""

    engine: Signatures
    asked: int = 0

    async def verify_signature(self, payload: bytes, signature: bytes, **keys: object) -> str:
        """Pass it on."""
        self.asked += 1
        return await self.engine.verify_signature(payload, signature, **keys)  # type: ignore[arg-type]

    @contextmanager
    def counted(self) -> Iterator[Callable[[], int]]:
        """Count what is asked within."""
        before = self.asked
        yield lambda: self.asked - before


def a_verifier(settings: VerifySettings, repo: GitRepo, work: Path, engine: Signatures) -> Verifier:
    """Build what looks at the signatures of a repository."""
    return make_verifier(settings, a_mirror(repo.url, work), work / "history", engine)


def a_head(sha: str, ref: str = "main", name: str = MAIN) -> Head:
    """Build what `GitSource.head` returns."""
    return Head(ref, sha, name)
