"""Flags of the old operator that mean nothing any more: accepted, and named once at start.

Called by the commands and by the reference page. They are left out of `--help`,
which speaks to those who write arguments, not to those who have them.
"""

from collections.abc import Mapping
from typing import Any, Final

import click

from helmward.cli.flags import Decorator, all_of, flag
from helmward.cli.pflag import Switch

SECTION: Final = "Of the old operator, without effect"
_NO_TILLER: Final = "there is no Tiller"
_NO_CONVERSION: Final = "releases of Helm 2 are not converted"

WORDS: Final = {
    "--status-update-interval": "the status follows a watch of Helm's storage",
    "--tiller-ip": _NO_TILLER,
    "--tiller-port": _NO_TILLER,
    "--tiller-namespace": _NO_TILLER,
    "--tiller-tls-enable": _NO_TILLER,
    "--tiller-tls-verify": _NO_TILLER,
    "--tiller-tls-key-path": _NO_TILLER,
    "--tiller-tls-cert-path": _NO_TILLER,
    "--tiller-tls-ca-cert-path": _NO_TILLER,
    "--tiller-tls-hostname": _NO_TILLER,
    "--convert-tiller-out-cluster": _NO_CONVERSION,
    "--convert-release-storage": _NO_CONVERSION,
}
"""What to say of each flag that was given."""
SWITCHES: Final = frozenset(
    {
        "--tiller-tls-enable",
        "--tiller-tls-verify",
        "--convert-tiller-out-cluster",
    }
)
"""Those that need no value."""


def retired(section: str, whose: str, name: str, why: str, switch: bool) -> Decorator:
    """Declare a flag that is accepted and has no effect."""
    kind: click.ParamType[Any] = Switch() if switch else click.STRING
    words = f"Accepted from {whose}, without effect: {why}."
    metavar = "[=BOOL]" if switch else "VALUE"
    return flag(section, name, type=kind, metavar=metavar, help=words, hidden=True)


retired_flags = all_of(
    [
        retired(SECTION, "the old operator", name, why, name in SWITCHES)
        for name, why in WORDS.items()
    ]
)


def notes(flags: dict[str, Any]) -> tuple[str, ...]:
    """Say of each of the old operator's that was given in vain why it has no effect."""
    return given(flags, WORDS)


def given(flags: dict[str, Any], words: Mapping[str, str]) -> tuple[str, ...]:
    """Say of each flag of a table that was given that it has no effect, and why."""
    told = {name: why for name, why in words.items() if flags.get(_variable(name)) is not None}
    return tuple(f"{name} has no effect: {why}" for name, why in told.items())


def _variable(name: str) -> str:
    return name.lstrip("-").replace("-", "_")
