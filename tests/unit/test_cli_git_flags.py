"""Flags of git that need each other, and those that fluxd never had."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helmward.cli import fluxd
from helmward.settings import GitSettings, RefSettings, RepositorySettings
from tests.support.command_line import URL, CommandLine, followed

Look = Callable[[GitSettings], Any]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    return CommandLine(monkeypatch, tmp_path)


OURS: list[tuple[list[str], Look, Any]] = [
    (["--git-tag=v1"], lambda git: followed(git).ref, RefSettings(tag="v1")),
    (["--git-semver=>=1 <2"], lambda git: followed(git).ref, RefSettings(semver=">=1 <2")),
    (["--git-ref=refs/pull/1/head"], lambda git: followed(git).ref.name, "refs/pull/1/head"),
    ([f"--git-commit={'a' * 40}"], lambda git: followed(git).ref.commit, "a" * 40),
    (["--git-build=auto"], lambda git: followed(git).paths[0].build, "auto"),
    ([], lambda git: followed(git).paths[0].build, "plain"),
    ([], lambda git: followed(git).name, "main"),
    (["--git-name=shop"], lambda git: followed(git).name, "shop"),
    (["--git-auth-secret=login"], lambda git: followed(git).secret, "login"),
    (["--prune-brake-share=0.2"], lambda git: followed(git).prune.share, 0.2),
    (["--prune-brake-count=0"], lambda git: followed(git).prune.count, 0),
    (
        ["--git-tag=v1", "--git-verify-signatures-mode=Tag", "--git-ssh-signers=signers"],
        lambda git: followed(git).verify.mode,
        "Tag",
    ),
    (
        ["--sops-age-key=key.asc", "--sops-pgp-key=key.asc", "--git-gpg-key-import=keys"],
        lambda git: (git.age_keys, git.pgp_keys),
        ((Path("key.asc"),), (Path("key.asc"), Path("keys"))),
    ),
]


@pytest.mark.parametrize(("words", "look", "value"), OURS, ids=[str(row[0]) for row in OURS])
def test_what_fluxd_never_had(
    line: CommandLine, words: list[str], look: Look, value: object
) -> None:
    assert look(line.git(*words)) == value


NOTED = [
    (["--git-readonly", "--sync-state=git"], "--sync-state git is taken as secret: --git-readonly"),
    (["--git-readonly", "--git-user=me"], "--git-user has no effect: without --sync-state git"),
    (["--git-label=x"], "--git-sync-tag (or --git-label) has no effect: without --sync-state git"),
    (["--sops"], "--sops opens nothing: no key is given by --sops-age-key"),
    (["--git-secret"], "--git-secret opens nothing: no key is given by --sops-pgp-key"),
    (["--k8s-namespace-whitelist=a"], "--k8s-namespace-whitelist is outdated: say --k8s-allow"),
]


@pytest.mark.parametrize(("words", "said"), NOTED, ids=[str(row[0]) for row in NOTED])
def test_what_is_said_in_vain_is_told(line: CommandLine, words: list[str], said: str) -> None:
    notes = line.settings(URL, *words).notes

    assert len(notes) == 1
    assert notes[0].startswith(said)


def test_read_only_is_never_in_git(line: CommandLine) -> None:
    """As with fluxd: the place is then noted down at the deploy key's Secret."""
    assert followed(line.git("--git-readonly", "--sync-state=git")).state.mode == "secret"


REFUSED = [
    ([URL, "--git-path=/deploy"], "must be relative to the root of the git repository"),
    ([URL, "--git-path=a,./a/"], "--git-path './a/' is given twice"),
    ([URL, "--sync-state=sqlite"], "'--sync-state'"),
    ([URL, "--git-verify-signatures-mode=some"], "'--git-verify-signatures-mode'"),
    (
        [URL, "--git-verify-signatures"],
        "needs the keys of those who may sign: give them by --git-gpg-key-import or --git-ssh",
    ),
    (
        [URL, "--git-verify-signatures-mode=TagAndHEAD", "--git-ssh-signers=signers"],
        "checks a tag: follow one by --git-tag or --git-semver",
    ),
    (
        [URL, "--git-signing-key=AB", "--sync-state=git"],
        "--git-signing-key names a key that is nowhere: give its file by --git-gpg-key-import",
    ),
    ([URL, "--git-gpg-key-import=nowhere"], "'nowhere' does not exist"),
    ([URL, "--ssh-keygen-bits=512"], "--ssh-keygen-bits 512: no rsa key has so many"),
    ([URL, "--ssh-keygen-type=ecdsa", "--ssh-keygen-bits=2048"], "no ecdsa key has so many"),
    ([URL, "--ssh-keygen-type=dsa"], "'--ssh-keygen-type'"),
    ([URL, "--git-branch=refs/heads/main"], "leave refs/heads/ out"),
    ([URL, "--git-branch=a..b"], "'a..b' can name no branch"),
    ([URL, "--git-label=a b"], "'a b' can name no tag"),
    ([URL, "--git-ref=main"], "is no full name of a ref"),
    ([URL, "--git-commit=abc1234"], "is no commit by all of its 40"),
    ([URL, "--git-name=Shop"], "'Shop' is no name of lower-case letters"),
    ([URL, "--k8s-allow-namespace=a,B"], "'B' is no name of lower-case letters"),
    ([URL, "--prune-brake-share=nan"], "nan is no part of a whole"),
    ([URL, "--prune-brake-share=2"], "2 is no part of a whole: a number from 0 to 1"),
    (["--git-label=x"], "--git-label has no effect without --git-url or --sync-config"),
    (["--git-tag=x"], "--git-tag has no effect without --git-url"),
    (["--sync-garbage-collection"], "--sync-garbage-collection has no effect without --git-url"),
    (["--git-url=", "--git-branch=master"], "--git-branch has no effect without --git-url"),
    ([], "--git-url (or HELMWARD_GIT_URL) must name the repository to follow, or --sync-config"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_what_cannot_be_meant_is_refused_with_the_fix(
    line: CommandLine, words: list[str], said: str
) -> None:
    result = line.call(words)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert not line.has_served


def test_every_flag_of_git_has_an_environment_variable(line: CommandLine) -> None:
    git = line.git(
        HELMWARD_GIT_GPG_KEY_IMPORT="key.asc,keys",
        HELMWARD_K8S_ALLOW_NAMESPACE="a,b",
        HELMWARD_SYNC_GARBAGE_COLLECTION="true",
        HELMWARD_SYNC_STATE="secret",
    )

    assert git.pgp_keys == (Path("key.asc"), Path("keys"))
    assert git.allowed_namespaces == ("a", "b")
    assert followed(git).prune.enabled
    assert followed(git).state.mode == "secret"


def test_help_has_sections_and_leaves_out_what_means_nothing(line: CommandLine) -> None:
    text = line.call(["--help"]).output

    for section in ("Git:", "Sync:", "Keys:", "Place in history:", "Deploy key:", "Web and logs:"):
        assert f"\n{section}\n" in text
    assert [flag for flag in (*fluxd.WORDS, *fluxd.RENAMED) if f" {flag} " in text] == []
    assert max(map(len, text.splitlines())) <= 100


def test_without_git_flags_the_defaults_are_those_of_the_settings(line: CommandLine) -> None:
    """No default is decided twice."""
    git = line.git()

    assert git == GitSettings((RepositorySettings("git@git.example.com:shop/config.git"),))
