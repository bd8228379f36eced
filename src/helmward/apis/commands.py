"""What annotations of a HelmRelease tell us to do; the same in every generation.

Called by the generations. `reconcile.fluxcd.io/...` are tokens of any content,
as Flux 2 has them; those of `helmward.dev` take the words listed here.
"""

from collections.abc import Mapping
from typing import Final

from helmward.model import (
    DEPENDS_ON,
    DRIFT_DETECTION,
    FORCE_AT,
    PASS_CREDENTIALS,
    PLAIN_HTTP,
    REQUESTED_AT,
    RESET_AT,
    SKIP_TLS_VERIFY,
    SUSPEND,
    TAKE_OWNERSHIP,
    VERIFY,
    VERIFY_KEYS,
    VOLUMES_MAY_GO,
    Commands,
    SourceOptions,
)

YES_OR_NO: Final = {"true": True, "false": False}
WORDS: Final[Mapping[str, Mapping[str, bool]]] = {
    SUSPEND: YES_OR_NO,
    VOLUMES_MAY_GO: {"delete": True, "keep": False},
    TAKE_OWNERSHIP: YES_OR_NO,
    PLAIN_HTTP: YES_OR_NO,
    SKIP_TLS_VERIFY: YES_OR_NO,
    PASS_CREDENTIALS: YES_OR_NO,
    VERIFY: {"provenance": True, "cosign": True},
    DRIFT_DETECTION: {"enabled": True, "warn": True, "disabled": False},
}
MEANINGS: Final[Mapping[str, str]] = {
    SUSPEND: "Leaves the release alone until it is taken away; spec.suspend does the same.",
    REQUESTED_AT: "Another text than before has the release looked at now.",
    FORCE_AT: "The same text as in requestedAt makes an upgrade without another cause.",
    RESET_AT: "The same text as in requestedAt forgets the failures that were counted.",
    VOLUMES_MAY_GO: (
        "Whether PersistentVolumeClaims may go with a failed first install, "
        "or with the old release when it is renamed."
    ),
    TAKE_OWNERSHIP: "Whether objects that exist already and belong to no release are taken.",
    PLAIN_HTTP: "Whether the chart's registry is spoken to over HTTP, not HTTPS.",
    SKIP_TLS_VERIFY: "Whether any certificate of the chart's source is taken.",
    PASS_CREDENTIALS: "Whether the credentials of the chart's source may follow to other hosts.",
    VERIFY: (
        "Who must have signed the chart: a Helm provenance file or a signature of cosign "
        "is held against the keys of verify-keys, or of the operator's policy."
    ),
    DRIFT_DETECTION: (
        "What is done when somebody changes the release's objects, as "
        "spec.driftDetection.mode, which counts first; on one of its objects, `disabled` leaves "
        "that one alone."
    ),
    DEPENDS_ON: (
        "What has to be ready first, beside spec.dependsOn: `name`, `namespace/name` or "
        "`apiVersion/Kind/namespace/name`, several with commas."
    ),
    VERIFY_KEYS: "The Secret of the HelmRelease's namespace with the public keys for that.",
}
"""What each annotation does, for the reference page."""


def commands_of(annotations: Mapping[str, str], *, suspend: bool | None) -> Commands:
    """Return what is asked for; a word that says nothing counts as no."""
    return Commands(
        suspend=bool(suspend) or _says(annotations, SUSPEND),
        requested_at=annotations.get(REQUESTED_AT, ""),
        force_at=annotations.get(FORCE_AT, ""),
        reset_at=annotations.get(RESET_AT, ""),
        volumes_may_go=_says(annotations, VOLUMES_MAY_GO),
        take_ownership=_says(annotations, TAKE_OWNERSHIP),
    )


def source_of(annotations: Mapping[str, str]) -> SourceOptions:
    """Return how the chart's source is to be spoken to, and who must have signed."""
    return SourceOptions(
        plain_http=_says(annotations, PLAIN_HTTP),
        skip_tls_verify=_says(annotations, SKIP_TLS_VERIFY),
        pass_credentials=_says(annotations, PASS_CREDENTIALS),
        verify=annotations.get(VERIFY, "") if _says(annotations, VERIFY) else "",
        verify_keys=annotations.get(VERIFY_KEYS, ""),
    )


def command_problems(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """Name each annotation of ours whose word says nothing: a slip must not pass as no."""
    return tuple(
        f'metadata.annotations[{name}]: "{annotations[name]}" is none of {", ".join(words)}'
        for name, words in WORDS.items()
        if name in annotations and annotations[name] not in words
    ) + _keys_alone(annotations)


def _keys_alone(annotations: Mapping[str, str]) -> tuple[str, ...]:
    if VERIFY_KEYS not in annotations or VERIFY in annotations:
        return ()
    words = ", ".join(WORDS[VERIFY])
    return (f"metadata.annotations[{VERIFY_KEYS}]: says nothing without {VERIFY}: {words}",)


def _says(annotations: Mapping[str, str], name: str) -> bool:
    return WORDS[name].get(annotations.get(name, ""), False)
