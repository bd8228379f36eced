"""From the parts that a generation has read to one `Declared`.

Called by the generations at the end of their `decode`.
"""

from collections.abc import Iterable

from helmward.apis.commands import command_problems, commands_of, source_of
from helmward.apis.dependencies import dependencies_of
from helmward.apis.drift import drift_of
from helmward.apis.sources import Sources
from helmward.apis.spec import Spec, values_of
from helmward.kube.meta import Meta
from helmward.kube.resources import Resource
from helmward.model import ChartRef, Declared, GitChart, Key, ReleaseOptions, ReleaseRef, Told


def declare(  # noqa: PLR0913  # what generations read in their own way, by name
    resource: Resource,
    meta: Meta,
    spec: Spec,
    *,
    release: ReleaseRef,
    chart: ChartRef | GitChart,
    sources: Sources,
    options: ReleaseOptions,
    antecedent: str,
    told: Told,
    problems: Iterable[str],
) -> Declared:
    """Put together what all generations have in common and what one has read."""
    drift, drift_problems = drift_of(spec.drift_detection, meta.annotations)
    depends_on, unclear = dependencies_of(meta, spec.depends_on or ())
    every = (
        *problems,
        *sources.problems,
        *command_problems(meta.annotations),
        *drift_problems,
        *unclear,
    )
    return Declared(
        key=Key(resource.api_version, meta.namespace, meta.name),
        uid=meta.uid,
        resource_version=meta.resource_version,
        generation=meta.generation,
        created=meta.creation_timestamp,
        deleting=meta.deleting,
        finalizers=meta.finalizers,
        release=release,
        chart=chart,
        values=values_of(spec),
        values_from=sources.found,
        options=options,
        commands=commands_of(meta.annotations, suspend=spec.suspend),
        source=source_of(meta.annotations),
        drift=drift,
        depends_on=depends_on,
        antecedent=(antecedent, f"{meta.namespace}:helmrelease/{meta.name}"),
        told=told,
        problem="; ".join(filter(None, every)),
    )


def default_name(*parts: str) -> str:
    """Return the release name of a resource that gives none; no namespace is `default`."""
    return "-".join(part or "default" for part in parts)
