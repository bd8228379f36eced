"""How `driftDetection` reads, and what of it breaks a rule; the same in every generation."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Final

from helmward.apis.spec import DriftDetection, DriftIgnore, DriftTarget
from helmward.model import DRIFT_DETECTION, DriftMode, DriftPolicy, IgnoreRule
from helmward.model import DriftTarget as Target

FIELD: Final = "spec.driftDetection"


def drift_of(
    given: DriftDetection | None, annotations: Mapping[str, str]
) -> tuple[DriftPolicy, tuple[str, ...]]:
    """Return what a HelmRelease says of drift, and its problems; the spec counts first."""
    detection = given or DriftDetection()
    mode = _mode(detection.mode) or _mode(annotations.get(DRIFT_DETECTION))
    rules = detection.ignore or ()
    problems = chain(
        _mode_problems(detection.mode),
        *(_rule_problems(f"{FIELD}.ignore[{at}]", rule) for at, rule in enumerate(rules)),
    )
    return DriftPolicy(mode, tuple(map(_rule, rules))), tuple(problems)


def _mode(word: str | None) -> DriftMode | None:
    return DriftMode(word) if word in set(DriftMode) else None


def _mode_problems(word: str | None) -> tuple[str, ...]:
    if not word or word in set(DriftMode):
        return ()
    return (f'{FIELD}.mode: "{word}" is none of {", ".join(DriftMode)}',)


def _rule(given: DriftIgnore) -> IgnoreRule:
    of = given.target or DriftTarget()
    return IgnoreRule(
        given.paths,
        Target(
            group=of.group or "",
            version=of.version or "",
            kind=of.kind or "",
            name=of.name or "",
            namespace=of.namespace or "",
            label_selector=of.label_selector or "",
            annotation_selector=of.annotation_selector or "",
        ),
    )


def _rule_problems(field: str, given: DriftIgnore) -> list[str]:
    """Name what of a rule cannot mean anything; selectors are read by the engine."""
    found = [] if given.paths else [f"{field}.paths: names no path; give one, as /spec/replicas"]
    for at, path in enumerate(given.paths):
        if path and not path.startswith("/"):
            found.append(f'{field}.paths[{at}]: "{path}" is no JSON pointer; begin it with /')
    of = given.target or DriftTarget()
    for name in ("group", "version", "kind", "name", "namespace"):
        pattern = getattr(of, name) or ""
        try:
            re.compile(pattern)
        except re.error as error:
            found.append(f'{field}.target.{name}: "{pattern}" is no regular expression: {error}')
    return found
