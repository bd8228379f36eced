"""Flags of the commands about syncs: `syncs`, `approve`, `reconcile`."""

from datetime import timedelta
from typing import Final

import click

from helmward.cli.durations import Duration, show
from helmward.cli.flags import all_of, flag, who_flags
from helmward.cli.words import NamespaceName

FORMS: Final = ("table", "wide", "json", "yaml", "name")
PATIENCE: Final = timedelta(minutes=2)
_SECTION: Final = "GitSync"

_where = flag(
    _SECTION,
    "--namespace",
    "-n",
    type=NamespaceName(),
    show_default="all of them",
    help="Namespace that Helmward itself runs in.",
)

syncs_flags = all_of(
    [
        _where,
        flag(
            _SECTION,
            "--output",
            "-o",
            type=click.Choice(FORMS),
            default="table",
            help="How they are shown.",
        ),
        *who_flags,
    ]
)

approve_flags = all_of(
    [
        _where,
        flag(_SECTION, "--yes", "-y", is_flag=True, help="Approve without being asked."),
        *who_flags,
    ]
)

reconcile_flags = all_of(
    [
        _where,
        flag(_SECTION, "--wait", is_flag=True, help="Stay until the sync is done, and say how."),
        flag(
            _SECTION,
            "--timeout",
            type=Duration(),
            default=show(PATIENCE),
            help="How long --wait stays at most.",
        ),
        *who_flags,
    ]
)
