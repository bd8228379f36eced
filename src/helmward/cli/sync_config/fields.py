"""The fields of the file, as msgspec reads them; the reference page is printed from them.

A field that is left out is what the flags say, which is why hardly any has a
default of its own.
"""

from typing import Annotated, Final, Literal

import msgspec

from helmward.apis.schema import said


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What has no other fields than those it names."""


class Ref(Strict, frozen=True):
    """Which commits are followed; the last of these that is given counts."""

    branch: Annotated[str | None, said("A branch; that of the remote's HEAD without any.")] = None
    tag: Annotated[str | None, said("A tag.")] = None
    semver: Annotated[str | None, said("A range of versions; the newest tag in it counts.")] = None
    name: Annotated[str | None, said("A ref by its full name, as refs/pull/1/head.")] = None
    commit: Annotated[str | None, said("One commit, by all of its digits.")] = None


class SubstituteFrom(Strict, frozen=True):
    """A ConfigMap or Secret whose entries are variables."""

    kind: Annotated[Literal["ConfigMap", "Secret"], said("What it is: ConfigMap or Secret.")]
    name: Annotated[str, said("Its name.")]
    namespace: Annotated[
        str | None, said("Its namespace; the default namespace of the repository.")
    ] = None
    optional: Annotated[bool, said("Whether to go on without it.")] = False


class TreePath(Strict, frozen=True):
    """One folder or file of the repository, that stands or falls by itself."""

    path: Annotated[str, said("Relative to the root of the repository; empty is all of it.")] = ""
    build: Annotated[
        Literal["plain", "kustomize", "auto"] | None,
        said(
            "How it is read: every YAML file below it (plain), its kustomization (kustomize), "
            "or whichever of both is there (auto)."
        ),
    ] = None
    substitute: Annotated[
        dict[str, str],
        said("Variables by name, put in for `${name}` after the build; these win over all."),
    ] = {}
    substitute_from: Annotated[
        tuple[SubstituteFrom, ...],
        said("Where more variables come from; later ones win over earlier ones."),
    ] = ()


class SecretRef(Strict, frozen=True):
    """A Secret of Helmward's own namespace."""

    name: Annotated[
        str,
        said(
            "Secret of Helmward's own namespace with the login: username and password, "
            "bearerToken, identity, known_hosts, ca.crt."
        ),
    ]


class Brake(Strict, frozen=True):
    """When a sync that removes much stops and asks."""

    share: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=1)] | None,
        said("A sync that would remove more than this part of its objects ..."),
    ] = None
    count: Annotated[
        Annotated[int, msgspec.Meta(ge=0)] | None,
        said("... and more than so many of them, stops and asks."),
    ] = None


class Prune(Strict, frozen=True):
    """What becomes of objects that git no longer has."""

    enabled: Annotated[bool | None, said("Whether they are removed.")] = None
    dry_run: Annotated[bool | None, said("Whether it is only said what would be.")] = None
    brake: Brake = Brake()


class Verify(Strict, frozen=True):
    """Who must have signed what is applied."""

    mode: Annotated[
        Literal["none", "all", "first-parent", "HEAD", "Tag", "TagAndHEAD"] | None,
        said(
            "What must be signed: nothing (none), every commit (all), those of the first parents "
            "(first-parent), the newest commit (HEAD), its tag (Tag), both (TagAndHEAD)."
        ),
    ] = None
    pgp_keys: Annotated[
        tuple[str, ...] | None, said("Files or folders with OpenPGP public keys.")
    ] = None
    ssh_keys: Annotated[
        tuple[str, ...] | None,
        said("Files with SSH public keys, or with allowed signers as ssh-keygen(1) has them."),
    ] = None


class State(Strict, frozen=True):
    """Where the commit in force is noted down besides in the cluster."""

    mode: Annotated[
        Literal["cluster", "git", "secret"] | None,
        said(
            "Nowhere (cluster), in a tag that is pushed (git), or in an annotation of the deploy "
            "key's Secret (secret)."
        ),
    ] = None
    tag: Annotated[str | None, said("The tag that mode git moves.")] = None
    readonly: Annotated[bool | None, said("Whether nothing is ever pushed.")] = None
    user: Annotated[str | None, said("Name of who makes the tag.")] = None
    email: Annotated[str | None, said("Address of who makes the tag.")] = None
    signing_key: Annotated[
        str | None, said("Fingerprint or address of the key of privateKeys that signs the tag.")
    ] = None
    private_keys: Annotated[
        tuple[str, ...] | None, said("Files or folders with OpenPGP private keys.")
    ] = None


class Repository(Strict, frozen=True):
    """One repository that is followed."""

    name: Annotated[str, said("What it is called in the cluster and in metrics; unique.")]
    url: Annotated[str, said("Where it is: https, ssh or file.")]
    ref: Ref = Ref()
    paths: Annotated[
        tuple[TreePath, ...],
        said("What of it is applied; the whole tree when left out."),
        msgspec.Meta(min_length=1),
    ] = (TreePath(),)
    poll_interval: Annotated[str | None, said("How often it is asked for new commits.")] = None
    sync_interval: Annotated[
        str | None, said("How often the cluster is compared with the commit in force.")
    ] = None
    timeout: Annotated[str | None, said("How long one git operation may take.")] = None
    sync_timeout: Annotated[str | None, said("How long applying one commit may take.")] = None
    default_namespace: Annotated[
        str | None, said("Namespace of objects that name none; the kubeconfig's, else default.")
    ] = None
    secret_ref: SecretRef | None = None
    ssh_key: Annotated[str | None, said("File with the private key for ssh://.")] = None
    known_hosts: Annotated[
        str | None, said("File with the host keys that are trusted for ssh://.")
    ] = None
    sops: Annotated[bool | None, said("Whether files that SOPS has encrypted are opened.")] = None
    git_secret: Annotated[
        bool | None, said("Whether files that git-secret has hidden are opened.")
    ] = None
    manifest_generation: Annotated[
        bool | None, said("Whether .flux.yaml files make manifests; their commands run here.")
    ] = None
    prune: Prune = Prune()
    verify: Verify = Verify()
    state: State = State()


class SyncConfig(Strict, frozen=True):
    """The whole file."""

    repositories: Annotated[
        tuple[Repository, ...],
        said("The repositories, in the order of their importance."),
        msgspec.Meta(min_length=1),
    ]


FLAGS: Final = {
    "paths[].build": "--git-build",
    "pollInterval": "--git-poll-interval",
    "syncInterval": "--sync-interval",
    "timeout": "--git-timeout",
    "syncTimeout": "--sync-timeout",
    "defaultNamespace": "--k8s-default-namespace",
    "sshKey": "--git-ssh-key",
    "knownHosts": "--git-known-hosts",
    "sops": "--sops",
    "gitSecret": "--git-secret",
    "manifestGeneration": "--manifest-generation",
    "prune.enabled": "--sync-garbage-collection",
    "prune.dryRun": "--sync-garbage-collection-dry",
    "prune.brake.share": "--prune-brake-share",
    "prune.brake.count": "--prune-brake-count",
    "verify.mode": "--git-verify-signatures-mode",
    "verify.pgpKeys": "--git-gpg-key-import",
    "verify.sshKeys": "--git-ssh-signers",
    "state.mode": "--sync-state",
    "state.tag": "--git-sync-tag",
    "state.readonly": "--git-readonly",
    "state.user": "--git-user",
    "state.email": "--git-email",
    "state.signingKey": "--git-signing-key",
    "state.privateKeys": "--git-gpg-key-import",
}
"""The flag that says what holds where a field of a repository is left out."""
OWN: Final = {
    "ref.branch": "the one that the remote's HEAD names",
    "paths": "the whole tree",
    "paths[].path": "the whole tree",
    "paths[].substitute": "none",
    "paths[].substituteFrom": "none",
    "paths[].substituteFrom[].namespace": "`defaultNamespace`",
    "paths[].substituteFrom[].optional": "`false`",
    "secretRef": "none",
}
"""What holds where no flag says it."""
