"""What the settings of repositories must have together, whoever wrote them; pure.

Called for the flags and for the config file, which name the same things
differently: `Names` turns our name of a setting into the writer's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from helmward.errors import ConfigInvalid
from helmward.git.remote import likeness
from helmward.settings import (
    DeployKeySettings,
    GitSettings,
    RepositorySettings,
    StateSettings,
)

Names = Callable[[str], str]
_FLAGS: Final[Mapping[str, str]] = {
    "state.mode": "--sync-state",
    "state.readonly": "--git-readonly",
    "state.tag": "--git-sync-tag (or --git-label)",
    "state.user": "--git-user",
    "state.email": "--git-email",
    "state.signingKey": "--git-signing-key",
    "state.privateKeys": "--git-gpg-key-import",
    "verify.mode": "--git-verify-signatures-mode",
    "verify.pgpKeys": "--git-gpg-key-import",
    "verify.sshKeys": "--git-ssh-signers",
    "ref.tag": "--git-tag",
    "ref.semver": "--git-semver",
}
FLAG_NAMES: Final[Names] = _FLAGS.__getitem__
FIELD_NAMES: Final[Names] = str
_OF_TAG: Final[Mapping[str, str]] = {
    "state.tag": "tag",
    "state.user": "user",
    "state.email": "email",
    "state.signingKey": "signing_key",
}
_BITS: Final[Mapping[str, Callable[[int], bool]]] = {
    "rsa": lambda bits: 2048 <= bits <= 16384,  # noqa: PLR2004  # what ssh takes
    "ecdsa": lambda bits: bits in {256, 384, 521},
    "ed25519": lambda bits: bits == 256,  # noqa: PLR2004
}


def settled(
    repository: RepositorySettings, said: Names, where: str = ""
) -> tuple[RepositorySettings, tuple[str, ...]]:
    """Return the settings as they can be meant, and what was said in vain.

    `where` begins every message: the place of the repository in its file.

    Raises:
        ConfigInvalid: something needs what is not there; the message names both.
    """
    for problem in _missing(repository, said):
        raise ConfigInvalid(where + problem)
    state, notes = repository.state, [where + note for note in _in_vain(repository.state, said)]
    if state.readonly and state.mode == "git":
        notes.append(
            f"{where}{said('state.mode')} git is taken as secret: {said('state.readonly')} keeps "
            "anything from being pushed"
        )
        state = replace(state, mode="secret")
    return replace(repository, state=state), tuple(notes)


def _missing(repository: RepositorySettings, said: Names) -> Iterator[str]:
    state, verify, ref = repository.state, repository.verify, repository.ref
    if state.signing_key and not state.private_keys:
        yield (
            f"{said('state.signingKey')} names a key that is nowhere: give its file by "
            f"{said('state.privateKeys')}"
        )
    if verify.mode != "none" and not verify.pgp_keys and not verify.ssh_keys:
        yield (
            f"{said('verify.mode')} {verify.mode} needs the keys of those who may sign: give "
            f"them by {said('verify.pgpKeys')} or {said('verify.sshKeys')}"
        )
    tagged = (ref.tag or ref.semver) and not ref.name and not ref.commit
    if verify.mode in {"Tag", "TagAndHEAD"} and not tagged:
        yield (
            f"{said('verify.mode')} {verify.mode} checks a tag: follow one by "
            f"{said('ref.tag')} or {said('ref.semver')}"
        )


def _in_vain(state: StateSettings, said: Names) -> Iterator[str]:
    """Say which settings of a tag there are though no tag is moved."""
    if state.mode == "git" and not state.readonly:
        return
    why = f"without {said('state.mode')} git, or with {said('state.readonly')}, no tag is moved"
    for name, field in _OF_TAG.items():
        if getattr(state, field) != getattr(StateSettings(), field):
            yield f"{said(name)} has no effect: {why}"


def key_notes(git: GitSettings) -> tuple[str, ...]:
    """Say what can open nothing.

    Raises:
        ConfigInvalid: a deploy key of that kind cannot have so many bits.
    """
    _check_bits(git.deploy_key)
    notes = []
    if any(one.sops for one in git.repositories) and not (git.age_keys or git.pgp_keys):
        keys = "--sops-age-key, --sops-pgp-key or --git-gpg-key-import"
        notes.append(f"--sops opens nothing: no key is given by {keys}")
    if any(one.git_secret for one in git.repositories) and not git.pgp_keys:
        keys = "--sops-pgp-key or --git-gpg-key-import"
        notes.append(f"--git-secret opens nothing: no key is given by {keys}")
    return tuple(notes)


def _check_bits(key: DeployKeySettings) -> None:
    if key.bits and not _BITS[key.kind or "rsa"](key.bits):
        raise ConfigInvalid(
            f"--ssh-keygen-bits {key.bits}: no {key.kind} key has so many: rsa has 2048 to 16384, "
            "ecdsa 256, 384 or 521, ed25519 always 256"
        )


def among_each_other(repositories: Sequence[RepositorySettings]) -> None:
    """Refuse repositories of which one would take what is another's.

    Raises:
        ConfigInvalid: two have one name, move one tag, or write one annotation.
    """
    names = [one.name for one in repositories]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigInvalid(f"two repositories are called {twice[0]!r}: give one another name")
    tags = [
        f"{likeness(one.url)} {one.state.tag}" for one in repositories if one.state.mode == "git"
    ]
    if len(set(tags)) < len(tags):
        raise ConfigInvalid(
            "two repositories have one URL and move one tag: give one of them another "
            "state.tag (--git-sync-tag), or state.mode cluster (--sync-state)"
        )
    noting = [one.name for one in repositories if one.state.mode == "secret"]
    if len(noting) > 1:
        raise ConfigInvalid(
            f"repositories {', '.join(noting)} would note their place in one annotation: "
            "state.mode (--sync-state) may be secret for one of them; let the others say cluster"
        )
