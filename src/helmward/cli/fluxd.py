"""Every flag of fluxd 1.25: which mean nothing any more, and which are called otherwise now.

Called by the commands and by the reference page. Those that go on meaning what
they meant stand in `git_flags`, `git_trust_flags` and `flags`; the others are
accepted here, left out of `--help`, and named once at start.
"""

from typing import Any, Final

from helmward.cli.flags import FILE, all_of, flag
from helmward.cli.git_words import Namespaces
from helmward.cli.pflag import Switch
from helmward.cli.retired import given, retired

SECTION: Final = "Of fluxd, without effect"
RENAMED_SECTION: Final = "Of fluxd, called otherwise now"
_NO_SCAN: Final = "registries are not scanned for images"
_NO_COMMIT: Final = "no commits are made"
_NO_UPSTREAM: Final = "there is no upstream service"

WORDS: Final = {
    "--kubernetes-kubectl": "kubectl is not used",
    "--git-set-author": _NO_COMMIT,
    "--git-ci-skip": _NO_COMMIT,
    "--git-ci-skip-message": _NO_COMMIT,
    "--git-notes-ref": "no notes are written",
    "--memcached-hostname": _NO_SCAN,
    "--memcached-port": _NO_SCAN,
    "--memcached-timeout": _NO_SCAN,
    "--memcached-service": _NO_SCAN,
    "--registry-disable-scanning": _NO_SCAN,
    "--automation-interval": _NO_SCAN,
    "--registry-poll-interval": _NO_SCAN,
    "--registry-rps": _NO_SCAN,
    "--registry-burst": _NO_SCAN,
    "--registry-trace": _NO_SCAN,
    "--registry-insecure-host": _NO_SCAN,
    "--registry-exclude-image": _NO_SCAN,
    "--registry-include-image": _NO_SCAN,
    "--registry-use-labels": _NO_SCAN,
    "--registry-ecr-region": _NO_SCAN,
    "--registry-ecr-include-id": _NO_SCAN,
    "--registry-ecr-exclude-id": _NO_SCAN,
    "--registry-require": _NO_SCAN,
    "--registry-cache-expiry": _NO_SCAN,
    "--docker-config": _NO_SCAN,
    "--k8s-in-cluster": "whether this is a pod is found out",
    "--k8s-verbosity": "--log-level says how much is logged",
    "--ssh-keygen-dir": "keys are made without a file",
    "--ssh-keygen-format": "keys are written as OpenSSH writes them",
    "--connect": _NO_UPSTREAM,
    "--token": _NO_UPSTREAM,
    "--rpc-timeout": _NO_UPSTREAM,
}
"""What to say of each flag that was given."""
SWITCHES: Final = frozenset(
    {
        *("--git-set-author", "--git-ci-skip", "--registry-disable-scanning"),
        *("--registry-trace", "--k8s-in-cluster"),
    }
)
"""Those that need no value."""
RENAMED: Final = {
    "--git-verify-signatures": "--git-verify-signatures-mode all",
    "--k8s-namespace-whitelist": "--k8s-allow-namespace",
    "--kube-config": "--kubeconfig",
}
"""Those that fluxd itself called outdated, and what says the same."""
KEPT: Final = (
    *("--log-format", "--listen", "-l", "--listen-metrics", "--version"),
    *("--git-url", "--git-branch", "--git-path", "--git-readonly", "--git-user", "--git-email"),
    *("--git-label", "--git-secret", "--sops", "--git-sync-tag"),
    *("--git-poll-interval", "--git-timeout", "--git-gpg-key-import", "--git-signing-key"),
    *("--git-verify-signatures-mode", "--sync-interval", "--sync-timeout"),
    *("--sync-garbage-collection", "--sync-garbage-collection-dry", "--sync-state"),
    *("--k8s-secret-name", "--k8s-secret-volume-mount-path", "--k8s-secret-data-key"),
    *("--k8s-allow-namespace", "--k8s-default-namespace", "--k8s-unsafe-exclude-resource"),
    *("--ssh-keygen-bits", "--ssh-keygen-type", "--manifest-generation"),
)
"""Those that mean what they meant."""
OTHERWISE: Final = {
    "--log-format": "The default was `fmt`.",
    "--git-branch": "The default was `master`: name it, if nothing named it.",
    "--sync-state": "The default was `git`: without the flag nothing is pushed any more.",
    "--git-label": "It also named the ref of notes; there are none.",
    "--git-url": "A password in it is used and never shown.",
    "--git-path": "A path that leads out of the repository is refused.",
    "--git-gpg-key-import": "What is not there is an error at start; no keyring of gpg is read.",
    "--git-secret": "Opened with the keys of --git-gpg-key-import and --sops-pgp-key alone.",
    "--sops": "Opened with the keys of --git-gpg-key-import, --sops-pgp-key and --sops-age-key "
    "alone.",
    "--git-readonly": "It forces --sync-state=git to secret, as it did.",
    "--git-signing-key": "The key must be one of --git-gpg-key-import.",
    "--git-verify-signatures-mode": "HEAD, Tag and TagAndHEAD are new; it needs keys.",
    "--ssh-keygen-bits": "What its kind does not take is an error at start; alone it asks for rsa.",
    "--ssh-keygen-type": "The default was ssh-keygen's; there is no dsa.",
    "--listen-metrics": "As it was: with it, `--listen` has no /metrics.",
}
"""What is not quite as it was with fluxd, for those who move."""

fluxd_flags = all_of(
    [
        *(retired(SECTION, "fluxd", name, why, name in SWITCHES) for name, why in WORDS.items()),
        flag(
            RENAMED_SECTION,
            "--git-verify-signatures",
            type=Switch(),
            metavar="[=BOOL]",
            hidden=True,
            help=f"The same as {RENAMED['--git-verify-signatures']}.",
        ),
        flag(
            RENAMED_SECTION,
            "--k8s-namespace-whitelist",
            type=Namespaces(),
            multiple=True,
            hidden=True,
            help=f"The same as {RENAMED['--k8s-namespace-whitelist']}, and adds to it.",
        ),
        flag(
            RENAMED_SECTION,
            "--kube-config",
            type=FILE,
            hidden=True,
            help=f"The same as {RENAMED['--kube-config']}, which goes before it.",
        ),
    ]
)

Flags = dict[str, Any]


def notes(flags: Flags) -> tuple[str, ...]:
    """Say of each flag that has no effect why, and of each old name what the new one is."""
    renamed = (
        f"{name} is outdated: say {new}" for name, new in RENAMED.items() if flags.get(_key(name))
    )
    return (*given(flags, WORDS), *renamed)


def _key(name: str) -> str:
    return name.lstrip("-").replace("-", "_")
