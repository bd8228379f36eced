"""Flags of `helmward diff`; those about charts, keys and how git is applied come on top."""

from typing import Final

import click

from helmward.cli.flags import FILE, all_of, flag, who_flags
from helmward.cli.git_flags import BUILDS
from helmward.cli.git_words import Checked, Paths, name_problem
from helmward.cli.words import NamespaceName, TreePath

FORMS: Final = ("text", "json", "markdown")
_WHAT: Final = "What is compared"

diff_flags = all_of(
    [
        flag(
            _WHAT,
            "--git-path",
            type=TreePath(),
            multiple=True,
            show_default="the folder that is named, else what the operator has",
            help="A folder or file of the repository to apply; may be given several times, "
            "or as a list with commas.",
        ),
        flag(
            _WHAT,
            "--git-build",
            type=click.Choice(BUILDS),
            default="plain",
            help="How a path is read: every YAML file below it, its kustomization, or whichever "
            "of both is there.",
        ),
        flag(
            _WHAT,
            "--sync-config",
            type=FILE,
            help="The operator's file that names its repositories, instead of these flags.",
        ),
        flag(
            _WHAT,
            "--repository",
            type=Checked("name", name_problem),
            show_default="main, or the only one of --sync-config",
            help="What the operator calls the repository.",
        ),
        flag(
            _WHAT,
            "--namespace",
            "-n",
            type=NamespaceName(),
            show_default="the one that has a record of the repository",
            help="Namespace that Helmward itself runs in.",
        ),
        flag(
            _WHAT,
            "--no-render",
            is_flag=True,
            help="Leave out what HelmReleases would change inside of their releases.",
        ),
        flag(
            _WHAT,
            "--output",
            "-o",
            type=click.Choice(FORMS),
            default="text",
            help="Text, JSON for programs, or Markdown for a comment of a pull request.",
        ),
        flag(
            _WHAT,
            "--git-gpg-key-import",
            type=Paths(),
            multiple=True,
            help="File or folder with OpenPGP keys that open what SOPS and git-secret have hidden; "
            "may be given several times, or as a list with commas.",
        ),
        *who_flags,
    ]
)
