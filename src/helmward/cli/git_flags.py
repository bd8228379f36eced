"""Flags about the repositories that are followed, and how what is in them is applied.

Called by the commands and by the reference page, as `flags` is. Their names and
meanings are those of fluxd where it had them.
"""

from pathlib import Path
from typing import Final

import click

from helmward import settings
from helmward.cli.durations import Duration, show
from helmward.cli.flags import FILE, all_of, flag
from helmward.cli.git_words import (
    Checked,
    Namespaces,
    Part,
    branch_problem,
    commit_problem,
    full_ref_problem,
    name_problem,
    object_problem,
    range_problem,
    tag_problem,
)
from helmward.cli.pflag import Switch
from helmward.cli.words import Listed, NamespaceName, TreePath

GIT: Final = "Git"
SYNC: Final = "Sync"
BUILDS: Final = ("plain", "kustomize", "auto")
_PRUNE: Final = settings.PruneSettings()

followed_flags = all_of(
    [
        flag(
            GIT,
            "--git-url",
            metavar="URL",
            help="The git repository to follow: https, ssh or file.",
        ),
        flag(
            GIT,
            "--git-branch",
            type=Checked("name", branch_problem),
            show_default="the one that the remote's HEAD names",
            help="The branch to follow.",
        ),
        flag(
            GIT,
            "--git-tag",
            type=Checked("name", tag_problem),
            help="The tag to follow instead of a branch.",
        ),
        flag(
            GIT,
            "--git-semver",
            type=Checked("range", range_problem),
            metavar="RANGE",
            help="The newest tag in this range of versions instead, such as `>=1.2 <2`.",
        ),
        flag(
            GIT,
            "--git-ref",
            type=Checked("ref", full_ref_problem),
            help="A ref by its full name instead, such as refs/pull/1/head.",
        ),
        flag(
            GIT,
            "--git-commit",
            type=Checked("commit", commit_problem),
            help="One commit instead, by all of its digits.",
        ),
        flag(
            GIT,
            "--git-path",
            type=TreePath(),
            multiple=True,
            show_default="the whole tree",
            help="A folder or file of the repository to apply; may be given several times, "
            "or as a list with commas.",
        ),
        flag(
            GIT,
            "--git-build",
            type=click.Choice(BUILDS),
            default="plain",
            help="How a path is read: every YAML file below it, its kustomization, or whichever "
            "of both is there.",
        ),
        flag(
            GIT,
            "--git-name",
            type=Checked("name", name_problem),
            show_default="main",
            help="What the repository is called in the cluster and in metrics.",
        ),
        flag(
            GIT,
            "--git-auth-secret",
            type=Checked("name", object_problem),
            help="Secret of Helmward's own namespace with the login: username and password, "
            "bearerToken, identity, known_hosts, ca.crt.",
        ),
        flag(
            GIT,
            "--sync-config",
            type=FILE,
            help="YAML file that names several repositories; flags are the defaults for all "
            "of them, and --git-url is one more.",
        ),
    ]
)

applied_flags = all_of(
    [
        flag(
            SYNC,
            "--sync-interval",
            type=Duration(),
            default=show(settings.SYNC_INTERVAL),
            help="How often the cluster is compared with the commit in force, which heals "
            "changes by hand.",
        ),
        flag(
            SYNC,
            "--sync-timeout",
            type=Duration(),
            default=show(settings.SYNC_TIMEOUT),
            help="How long applying one commit may take.",
        ),
        flag(
            SYNC,
            "--k8s-default-namespace",
            type=NamespaceName(optional=True),
            show_default="the kubeconfig's, else `default`",
            help="Namespace of objects in git that name none.",
        ),
        flag(
            SYNC,
            "--k8s-allow-namespace",
            type=Namespaces(),
            multiple=True,
            show_default="all of them",
            help="The only namespaces in which anything is applied or removed; may be given "
            "several times, or as a list with commas.",
        ),
        flag(
            SYNC,
            "--k8s-unsafe-exclude-resource",
            type=Listed(),
            multiple=True,
            default=settings.EXCLUDED,
            show_default=", ".join(settings.EXCLUDED),
            metavar="GLOB",
            help="Kinds that the cluster is never asked for, as group/version/kind; may be given "
            "several times, or as a list with commas.",
        ),
        flag(
            SYNC,
            "--sync-garbage-collection",
            type=Switch(),
            default=_PRUNE.enabled,
            metavar="[=BOOL]",
            help="Remove from the cluster what was applied from git and is no longer there.",
        ),
        flag(
            SYNC,
            "--sync-garbage-collection-dry",
            type=Switch(),
            default=_PRUNE.dry,
            metavar="[=BOOL]",
            help="Only say what would be removed; needs no second flag.",
        ),
        flag(
            SYNC,
            "--prune-brake-share",
            type=Part(),
            default=_PRUNE.share,
            help="A sync that would remove more than this part of its objects ...",
        ),
        flag(
            SYNC,
            "--prune-brake-count",
            type=click.IntRange(min=0),
            metavar="COUNT",
            default=_PRUNE.count,
            help="... and more than so many of them, stops and asks.",
        ),
        flag(
            SYNC,
            "--sops",
            type=Switch(),
            default=False,
            metavar="[=BOOL]",
            help="Open the files in git that SOPS has encrypted.",
        ),
        flag(
            SYNC,
            "--git-secret",
            type=Switch(),
            default=False,
            metavar="[=BOOL]",
            help="Open the files in git that git-secret has hidden.",
        ),
        flag(
            SYNC,
            "--manifest-generation",
            type=Switch(),
            default=False,
            metavar="[=BOOL]",
            help="Let `.flux.yaml` files make manifests; their commands run here.",
        ),
    ]
)
_KEY: Final = settings.DeployKeySettings()

deploy_key_flags = all_of(
    [
        flag(
            "Deploy key",
            "--k8s-secret-name",
            type=Checked("name", object_problem),
            default=_KEY.secret,
            help="Secret of Helmward's own namespace with the SSH key; made where there is none.",
        ),
        flag(
            "Deploy key",
            "--k8s-secret-data-key",
            default=_KEY.entry,
            metavar="ENTRY",
            help="Entry of that Secret that holds the private key.",
        ),
        flag(
            "Deploy key",
            "--k8s-secret-volume-mount-path",
            type=click.Path(path_type=Path),
            default=str(_KEY.mount),
            help="Folder where a pod has that Secret; a key in it counts before the Secret's.",
        ),
        flag(
            "Deploy key",
            "--ssh-keygen-type",
            type=click.Choice(["ed25519", "ecdsa", "rsa"]),
            show_default="ed25519; rsa where --ssh-keygen-bits is given",
            help="Kind of a key that is made.",
        ),
        flag(
            "Deploy key",
            "--ssh-keygen-bits",
            type=click.IntRange(min=1),
            metavar="BITS",
            show_default="what is usual for its kind",
            help="Bits of a key that is made.",
        ),
    ]
)
