"""How `dependsOn` and its annotation read, and what of them breaks a rule."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from helmward.apis.names import namespace_problem
from helmward.apis.spec import DependsOn
from helmward.kube.meta import Meta
from helmward.model import DEPENDS_ON, Dependency

ANNOTATION: Final = f"metadata.annotations[{DEPENDS_ON}]"
OURS: Final = frozenset(
    {
        ("flux.weave.works/v1beta1", "HelmRelease"),
        ("helm.fluxcd.io/v1", "HelmRelease"),
    }
)
"""What is a HelmRelease of ours even where it is named as any other object."""
OF_NO_NAME: Final = frozenset(",=\\/% \t\n")
FORMS: Final = "name, namespace/name or apiVersion/Kind/namespace/name"


def dependencies_of(
    meta: Meta, entries: Sequence[DependsOn]
) -> tuple[tuple[Dependency, ...], tuple[str, ...]]:
    """Return what a HelmRelease depends on, the spec's before the annotation's, and problems."""
    read = [_entry(meta, at, one) for at, one in enumerate(entries)]
    words = (word.strip() for word in meta.annotations.get(DEPENDS_ON, "").split(","))
    read += [_word(meta, word) for word in words if word]
    found = [_ours(one) for one in read if isinstance(one, Dependency)]
    problems = [one for one in read if isinstance(one, str)]
    problems += [problem for one in found if (problem := _problem(meta, one))]
    return tuple(found), tuple(problems)


def _entry(meta: Meta, at: int, given: DependsOn) -> Dependency | str:
    field = f"spec.dependsOn[{at}]"
    if bool(given.kind) != bool(given.api_version):
        return f"{field}: apiVersion and kind come together; leave both out for a HelmRelease"
    if given.ready is False and given.ready_expr:
        return f"{field}.readyExpr: says nothing beside ready: false"
    return Dependency(
        field=field,
        namespace=meta.namespace if given.namespace is None else given.namespace,
        name=given.name,
        api_version=given.api_version or "",
        kind=given.kind or "",
        ready=given.ready is not False,
        expression=given.ready_expr or "",
    )


def _word(meta: Meta, word: str) -> Dependency | str:
    match word.split("/"):
        case [name]:
            return Dependency(ANNOTATION, meta.namespace, name)
        case [namespace, name]:
            return Dependency(ANNOTATION, namespace, name)
        case [version, kind, namespace, name] if version and kind:
            return Dependency(ANNOTATION, namespace, name, version, kind)
        case [group, version, kind, namespace, name] if group and version and kind:
            return Dependency(ANNOTATION, namespace, name, f"{group}/{version}", kind)
    return f'{ANNOTATION}: "{word}" is none of {FORMS}'


def _ours(one: Dependency) -> Dependency:
    """Read a HelmRelease as such: its namesake of the other generation counts as well."""
    ours = (one.api_version, one.kind) in OURS
    return replace(one, api_version="", kind="") if ours else one


def _problem(meta: Meta, one: Dependency) -> str:
    if not one.name:
        return f"{one.field}: has no name"
    if OF_NO_NAME & set(one.name):
        return f'{one.field}: "{one.name}" is no name of an object'
    if one.is_release and not one.namespace:
        return f"{one.field}: a HelmRelease has a namespace; give it or leave it out"
    if one.namespace and (problem := namespace_problem(one.field, one.namespace)):
        return problem
    if one.is_release and (one.namespace, one.name) == (meta.namespace, meta.name):
        return f"{one.field}: a HelmRelease cannot depend on itself"
    return ""
