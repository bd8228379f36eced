"""Flags about who is trusted in git and with which keys, and what is written back to it.

Called by the commands and by the reference page, as `flags` is.
"""

from typing import Final

import click

from helmward import settings
from helmward.cli.flags import all_of, flag
from helmward.cli.git_words import Checked, Paths, tag_problem
from helmward.cli.pflag import Switch

KEYS: Final = "Keys"
PLACE: Final = "Place in history"
MODES: Final = ("none", "all", "first-parent", "HEAD", "Tag", "TagAndHEAD")
STATES: Final = ("cluster", "git", "secret")
_STATE: Final = settings.StateSettings()

trust_flags = all_of(
    [
        flag(
            KEYS,
            "--git-gpg-key-import",
            type=Paths(),
            multiple=True,
            help="File or folder with OpenPGP keys: public ones check signatures, private ones "
            "sign, and open what SOPS and git-secret have hidden; may be given several times, or "
            "as a list with commas.",
        ),
        flag(
            KEYS,
            "--git-ssh-signers",
            type=Paths(),
            multiple=True,
            help="File with SSH public keys, or with allowed signers as ssh-keygen(1) has them, "
            "that check signatures; may be given several times, or as a list with commas.",
        ),
        flag(
            KEYS,
            "--git-verify-signatures-mode",
            type=click.Choice(MODES),
            show_default=settings.VerifySettings().mode,
            help="What must be signed: every commit, those of the first parents, or the newest "
            "commit, its tag, or both.",
        ),
        flag(
            PLACE,
            "--sync-state",
            type=click.Choice(STATES),
            default=_STATE.mode,
            help="Where the commit in force is noted down besides in the cluster: in a tag that "
            "is pushed (git), in an annotation of the deploy key's Secret (secret), nowhere.",
        ),
        flag(
            PLACE,
            "--git-sync-tag",
            type=Checked("tag", tag_problem),
            show_default=_STATE.tag,
            help="The tag that --sync-state=git moves to the commit in force.",
        ),
        flag(
            PLACE,
            "--git-label",
            type=Checked("tag", tag_problem),
            help="The same as --git-sync-tag, and goes before it.",
        ),
        flag(
            PLACE,
            "--git-readonly",
            type=Switch(),
            default=_STATE.readonly,
            metavar="[=BOOL]",
            help="Never push anything.",
        ),
        flag(
            PLACE,
            "--git-user",
            default=_STATE.user,
            metavar="NAME",
            help="Name of who makes the tag of --sync-state=git.",
        ),
        flag(
            PLACE,
            "--git-email",
            default=_STATE.email,
            metavar="ADDRESS",
            help="Address of who makes the tag of --sync-state=git.",
        ),
        flag(
            PLACE,
            "--git-signing-key",
            metavar="KEY",
            help="Fingerprint or address of the key of --git-gpg-key-import that signs the tag of "
            "--sync-state=git.",
        ),
    ]
)
