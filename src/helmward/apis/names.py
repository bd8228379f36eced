"""What a release may be called; the default names stand with the generations."""

import re
from typing import Final

MAX_NAME: Final = 53
"""Helm's own limit on a release name: 63 of a DNS label less room for suffixes."""
_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_NAMESPACE: Final = re.compile(_LABEL)
_LONGEST_LABEL: Final = 63


def name_problem(name: str, *, given: bool, default: str = "<namespace>-<name>") -> str:
    """Say what is wrong with a release name; empty when Helm takes it."""
    origin = "the name" if given else f"the default name ({default})"
    change = f"{'shorten' if given else 'set'} spec.releaseName"
    if len(name) > MAX_NAME:
        return (
            f'spec.releaseName: {origin} "{name}" has {len(name)} characters, '
            f"Helm allows {MAX_NAME}: {change}"
        )
    if not _NAME.fullmatch(name):
        return (
            f'spec.releaseName: Helm does not take {origin} "{name}": use lower-case letters, '
            "digits, and dashes or dots between them"
        )
    return ""


def namespace_problem(field: str, name: str) -> str:
    """Say what is wrong with the name of a namespace; empty when there can be one."""
    if len(name) <= _LONGEST_LABEL and _NAMESPACE.fullmatch(name):
        return ""
    return (
        f'{field}: "{name}" cannot name a namespace: lower-case letters, digits and '
        f"inner dashes, {_LONGEST_LABEL} at most"
    )
