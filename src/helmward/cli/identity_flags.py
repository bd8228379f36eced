"""The flags of `helmward identity`: which Secret, and what a new key is like."""

from typing import Final

import click

from helmward.cli.flags import all_of, flag, who_flags
from helmward.cli.words import NamespaceName
from helmward.settings import DeployKeySettings

KINDS: Final = ("dsa", "ecdsa", "ed25519", "rsa")
KEPT: Final = DeployKeySettings()

identity_flags = all_of(
    [
        *who_flags,
        flag(
            "Deploy key",
            "--namespace",
            "-n",
            type=NamespaceName(),
            show_default="the kubeconfig's, else `default`",
            help="Where Helmward runs.",
        ),
        flag(
            "Deploy key",
            "--k8s-secret-name",
            "secret",
            default=KEPT.secret,
            metavar="NAME",
            help="Secret that holds the key.",
        ),
        flag(
            "Deploy key",
            "--k8s-secret-data-key",
            "entry",
            default=KEPT.entry,
            metavar="NAME",
            help="Entry of the Secret that is the key.",
        ),
        flag(
            "Deploy key",
            "--regenerate",
            "-r",
            is_flag=True,
            help="Make a new key first; the old one is gone.",
        ),
        flag(
            "Deploy key",
            "--ssh-keygen-type",
            "kind",
            type=click.Choice(KINDS),
            show_default="ed25519",
            help="Kind of a new key.",
        ),
        flag(
            "Deploy key",
            "--ssh-keygen-bits",
            "bits",
            type=click.IntRange(min=1),
            show_default="as the kind has it",
            help="Length of a new key.",
        ),
    ]
)
