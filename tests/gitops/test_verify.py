"""Up to which commit what is in git may be applied, by real signatures of real commits."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helmward.errors import SourceUnavailable
from helmward.git import history
from helmward.gitops import verify
from helmward.gitops.snapshot import Head
from helmward.gitops.verify import Verdict, Verifier
from helmward.settings import VerifySettings
from tests.gitops.signing import (
    Counting,
    Team,
    a_head,
    a_verifier,
    signed,
    signed_commit,
    signed_tag,
)
from tests.support.engines import fetching
from tests.support.git_repo import GitRepo

SIGNED = Path(__file__).parent.parent / "support" / "signed"


@dataclass
class Stage:
    """A repository, who commits to it, and the engine that knows them."""

    repo: GitRepo
    team: Team
    engine: Counting
    work: Path

    def verifier(self, settings: VerifySettings) -> Verifier:
        return a_verifier(settings, self.repo, self.work, self.engine)


@pytest.fixture
async def stage(repo: GitRepo, tmp_path: Path) -> AsyncIterator[Stage]:
    async with fetching() as running:
        work = tmp_path / "work"
        work.mkdir()
        yield Stage(repo, Team(tmp_path / "keys"), Counting(running.engine), work)


def up_to(verdict: Verdict) -> str:
    return verdict.head.sha if verdict.head else ""


@pytest.mark.parametrize("mode", ["all", "first-parent"])
@pytest.mark.parametrize(
    ("people", "since", "newest", "words"),
    [
        ("ada bob ada", 0, 2, ""),
        ("ada - bob", 0, 0, "it is not signed"),
        ("ada eve bob", 0, 0, "not among those given"),
        ("- ada bob", 1, 2, ""),
        ("- ada bob", None, None, "it is not signed"),
        ("ada bob", None, 1, ""),
        ("ada -", None, 0, "it is not signed"),
        ("ada bob", 1, 1, ""),
        ("- ada", 0, None, "signatures are looked at from the commit in force on"),
    ],
)
async def test_what_is_before_the_first_bad_commit_is_applied(  # noqa: PLR0913, PLR0917 - a table
    stage: Stage,
    mode: str,
    people: str,
    since: int | None,
    newest: int | None,
    words: str,
) -> None:
    """As Flux v1 has it: from the oldest to the newest, and the one in force must be signed too."""
    shas = [
        signed_commit(stage.repo, stage.team.sign(who), str(text))
        for text, who in enumerate(people.split())
    ]
    verifier = stage.verifier(stage.team.trusts(mode))
    verdict = await verifier.newest(a_head(shas[-1]), "" if since is None else shas[since])

    assert up_to(verdict) == ("" if newest is None else shas[newest])
    assert words in verdict.problem
    assert bool(words) == bool(verdict.problem)


async def test_repositories_of_the_newer_hash_are_read(stage: Stage, tmp_path: Path) -> None:
    stage.repo = GitRepo(tmp_path / "repos" / "new.git", hashes="sha256")
    good = signed_commit(stage.repo, stage.team.ada.sign, "1")
    bad = signed_commit(stage.repo, None, "2")
    verifier = stage.verifier(stage.team.trusts("all"))

    assert len(bad) == 64
    assert up_to(await verifier.newest(a_head(bad))) == good


async def test_the_problem_names_commit_flag_and_cause(stage: Stage) -> None:
    good, bad = (
        signed_commit(stage.repo, stage.team.ada.sign, "1"),
        signed_commit(stage.repo, None, "2"),
    )
    verifier = stage.verifier(stage.team.trusts("all"))
    verdict = await verifier.newest(a_head(bad), good)

    assert verdict.head == Head("main", good, good)
    assert verdict.problem == (
        f"commit {bad[:12]} is not applied (--git-verify-signatures-mode=all): it is not signed"
    )
    assert verdict.signer.startswith("Ada <ada@example.com> ")


@pytest.mark.parametrize(("mode", "merged"), [("all", False), ("first-parent", True)])
async def test_what_a_merge_brings_in_counts_as_asked(
    stage: Stage, mode: str, merged: bool
) -> None:
    """A signed merge vouches for a branch if only first parents are looked at.

    The commits of the branch itself are never applied by themselves: they may
    lack what the main line had before.
    """
    first = signed_commit(stage.repo, stage.team.ada.sign, "1")
    stage.repo.git("branch", "topic")
    good = signed_commit(stage.repo, stage.team.ada.sign, "2", branch="topic")
    bad = signed_commit(stage.repo, None, "3", branch="topic")
    second = signed_commit(stage.repo, stage.team.ada.sign, "4")
    merge = signed(stage.repo, stage.repo.merge(bad), stage.team.bob.sign)
    verdict = await stage.verifier(stage.team.trusts(mode)).newest(a_head(merge), first)

    assert up_to(verdict) == (merge if merged else second) != good
    assert merged or bad[:12] in verdict.problem


async def test_a_branch_that_was_rewound_is_followed_to_what_is_signed(stage: Stage) -> None:
    """Nothing leads from the commit in force to one before it: that one is looked at."""
    unsigned = signed_commit(stage.repo, None, "1")
    good, newest = (signed_commit(stage.repo, stage.team.ada.sign, text) for text in "23")
    verifier = stage.verifier(stage.team.trusts("all"))

    assert up_to(await verifier.newest(a_head(good), newest)) == good
    verdict = await verifier.newest(a_head(unsigned), newest)
    assert up_to(verdict) == newest
    assert unsigned[:12] in verdict.problem


@pytest.mark.parametrize("mode", ["all", "HEAD"])
async def test_a_commit_that_is_too_large_is_refused(stage: Stage, mode: str) -> None:
    head = signed_commit(stage.repo, stage.team.ada.sign, "1")
    large = stage.repo.write("commit", stage.repo.raw(head) + b"x" * (2 << 20))
    stage.repo.rewind(large)
    verdict = await stage.verifier(stage.team.trusts(mode)).newest(a_head(large))

    assert verdict.head is None
    assert "it is too large for a commit" in verdict.problem


async def test_a_certificate_is_told_of(stage: Stage) -> None:
    """Git signs with those too; nobody here can look at them."""
    mark = b"-----BEGIN SIGNED MESSAGE-----\nMII=\n-----END SIGNED MESSAGE-----\n"
    head = signed_commit(stage.repo, lambda _: mark, "1")
    verdict = await stage.verifier(stage.team.trusts("HEAD")).newest(a_head(head))

    assert "signed with a certificate: use OpenPGP or SSH keys" in verdict.problem


@pytest.mark.parametrize(
    ("groups", "together"),
    [
        ([], []),
        (["a"], [["a"]]),
        (["a", "b", "c"], [["a", "b"], ["c"]]),
        (["a", "bcd", "e"], [["a", "bcd"], ["e"]]),
        (["abcd", "e", "fg"], [["abcd"], ["e", "fg"]]),
    ],
)
def test_commits_are_read_in_portions(
    groups: list[str], together: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one merge brings in stays together."""
    monkeypatch.setattr(verify, "AT_ONCE", 2)
    assert list(verify.portions(map(tuple, groups))) == [
        [tuple(group) for group in portion] for portion in together
    ]


async def test_a_history_that_is_too_long_is_told_of(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that is nearer makes it short again."""
    monkeypatch.setattr(history, "LONGEST", 1)
    first, second = (signed_commit(stage.repo, stage.team.ada.sign, text) for text in "12")
    verifier = stage.verifier(stage.team.trusts("all"))

    assert "more than 1 commits lead to" in (await verifier.newest(a_head(second))).problem
    assert up_to(await verifier.newest(a_head(second), first)) == second


async def test_a_remote_that_is_down_is_no_verdict(stage: Stage) -> None:
    head = signed_commit(stage.repo, stage.team.ada.sign, "1")
    verifier = stage.verifier(stage.team.trusts("all"))
    stage.repo.folder.rename(stage.work / "away")
    with pytest.raises(SourceUnavailable):
        await verifier.newest(a_head(head))


async def test_nothing_is_verified_twice(stage: Stage) -> None:
    first, second = (signed_commit(stage.repo, stage.team.ada.sign, text) for text in "12")
    verifier = stage.verifier(stage.team.trusts("all"))
    await verifier.newest(a_head(second), first)
    with stage.engine.counted() as asked:
        await verifier.newest(a_head(second), first)
        assert asked() == 0
        third = signed_commit(stage.repo, stage.team.bob.sign, "3")
        await verifier.newest(a_head(third), second)
        assert asked() == 1


async def test_a_key_that_is_taken_away_no_longer_counts(stage: Stage) -> None:
    """Keys are read at each look: what they verified is forgotten with them."""
    head = signed_commit(stage.repo, stage.team.ada.sign, "1")
    settings = VerifySettings("HEAD", pgp_keys=(stage.team.folder,))
    (stage.team.folder / "bob.pub").unlink()
    verifier = stage.verifier(settings)
    assert up_to(await verifier.newest(a_head(head))) == head
    (stage.team.folder / "ada.asc").write_bytes(stage.team.eve.armoured)

    assert "not among those given" in (await verifier.newest(a_head(head))).problem


@pytest.mark.parametrize(
    ("mode", "head_by", "tag_by", "words"),
    [
        ("HEAD", "ada", "-", ""),
        ("HEAD", "-", "ada", r"commit \w+ is not applied .*: it is not signed"),
        ("Tag", "-", "bob", ""),
        ("Tag", "ada", "eve", r"tag v1 is not applied .*: .* not among those given"),
        ("Tag", "ada", "-", "tag v1 is not applied .*: it is not signed"),
        ("TagAndHEAD", "ada", "bob", ""),
        ("TagAndHEAD", "ada", "-", "tag v1"),
        ("TagAndHEAD", "-", "bob", "commit"),
    ],
)
async def test_the_tip_counts_alone(
    stage: Stage,
    mode: str,
    head_by: str,
    tag_by: str,
    words: str,
) -> None:
    """Flux 2's modes, whatever came before."""
    signed_commit(stage.repo, None, "1")
    head = signed_commit(stage.repo, stage.team.sign(head_by), "2")
    signed_tag(stage.repo, "v1", head, stage.team.sign(tag_by))
    verifier = stage.verifier(stage.team.trusts(mode))
    verdict = await verifier.newest(a_head(head, "v1", "refs/tags/v1"))

    assert up_to(verdict) == ("" if words else head)
    assert not words or re.search(words, verdict.problem)


async def test_a_signed_tag_does_not_count_under_another_name(stage: Stage) -> None:
    """Whoever may push could let an old release pass for a new one."""
    head = signed_commit(stage.repo, None, "1")
    signed_tag(stage.repo, "v2", head, stage.team.ada.sign, said="v1")
    verifier = stage.verifier(stage.team.trusts("Tag"))
    verdict = await verifier.newest(a_head(head, "v2", "refs/tags/v2"))

    assert verdict == Verdict(None, "tag v2 was made as 'v1' and renamed: its signature is void")


async def test_a_tag_that_nobody_can_sign_is_told_of(stage: Stage) -> None:
    head = signed_commit(stage.repo, stage.team.ada.sign, "1")
    stage.repo.git("tag", "light")
    verifier = stage.verifier(stage.team.trusts("Tag"))

    verdict = await verifier.newest(a_head(head, "light", "refs/tags/light"))
    assert "tag light is a lightweight one" in verdict.problem
    verdict = await verifier.newest(a_head(head))
    assert "'main' is none: follow one by --git-tag" in verdict.problem


async def test_a_tag_that_moves_meanwhile_is_looked_at_again(stage: Stage) -> None:
    first, second = (signed_commit(stage.repo, stage.team.ada.sign, text) for text in "12")
    signed_tag(stage.repo, "v1", second, stage.team.ada.sign)
    verifier = stage.verifier(stage.team.trusts("Tag"))

    verdict = await verifier.newest(a_head(first, "v1", "refs/tags/v1"))
    assert "was moved while it was looked at" in verdict.problem


async def test_keys_that_sign_may_lie_beside_those_that_verify(
    stage: Stage, tmp_path: Path
) -> None:
    """Flux v1 imported both from one folder."""
    keys = tmp_path / "imported"
    keys.mkdir()
    for name in ("ada.secret.asc", "ron.asc"):
        (keys / name).write_bytes((SIGNED / name).read_bytes())
    sha = stage.repo.write("commit", (SIGNED / "commit").read_bytes())
    head = stage.repo.sign(sha, lambda _: (SIGNED / "ada.sig").read_bytes())
    stage.repo.rewind(head)
    verifier = stage.verifier(VerifySettings("all", pgp_keys=(keys,)))

    assert up_to(await verifier.newest(a_head(head))) == head


async def test_without_a_mode_nothing_is_asked(stage: Stage) -> None:
    head = a_head(signed_commit(stage.repo, None, "1"))
    verifier = stage.verifier(stage.team.trusts("none"))

    assert await verifier.newest(head) == Verdict(head)
    assert not (stage.work / "history").exists()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "give --git-gpg-key-import or --git-ssh-signers"),
        ({"pgp_keys": ("gone.asc",)}, r"--git-gpg-key-import .*gone.asc: No such file"),
        ({"ssh_keys": ("large",)}, r"--git-ssh-signers .*large: more than 1048576 bytes"),
    ],
)
async def test_keys_that_cannot_be_read_let_nothing_pass(
    stage: Stage, keys: dict[str, tuple[str]], words: str
) -> None:
    (stage.work / "large").write_bytes(b"x" * (2 << 20))
    paths = {kind: tuple(stage.work / name for name in names) for kind, names in keys.items()}
    head = a_head(stage.repo.commit({"a.yaml": "1"}))
    settings = VerifySettings("all", **paths)
    verdict = await stage.verifier(settings).newest(head)

    assert verdict.head is None
    assert re.search(words, verdict.problem)
