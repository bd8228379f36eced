"""What `helmward values` does: compose the values of one HelmRelease and say whose they are.

Runs in the user's own process, with an engine of its own: what the user may
not read is not shown.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import msgspec

from helmward.apis import GENERATIONS
from helmward.charts import Charts
from helmward.cli.explained import Shown, written
from helmward.cli.own_engine import own_engine
from helmward.cli.shape import Exit
from helmward.errors import (
    ChartNotFound,
    ChartRejected,
    ChartUnverified,
    ConfigInvalid,
    NotFound,
    SourceForbidden,
    SpecInvalid,
    ValuesInvalid,
    ValuesUnavailable,
)
from helmward.kube import Kube, load_config
from helmward.kube.entries import ClusterEntries
from helmward.logs import configure
from helmward.model import Declared
from helmward.redaction import REDACTOR
from helmward.settings import CHARTS_SYNC_INTERVAL, ChartSettings
from helmward.sops import Decrypter, read_keys
from helmward.values import ReleaseSources, compose, keep_secret
from helmward.values.provenance import trace

NOT_AS_ASKED: Final = (
    ChartNotFound,
    ChartRejected,
    ChartUnverified,
    NotFound,
    SourceForbidden,
    SpecInvalid,
    ValuesInvalid,
    ValuesUnavailable,
)
"""What is wrong with the HelmRelease or missing for it, rather than with the cluster."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which values are asked for, and how they are to be shown."""

    name: str
    namespace: str | None
    api: str | None
    """`v1` or `v1beta1`; None: the only one that has the name."""
    output: str
    show_secrets: bool
    kubeconfig: Path | None
    context: str | None
    charts: ChartSettings


async def explain(question: Question) -> int:
    """Print the values of a HelmRelease; return the exit code.

    Raises:
        ConfigInvalid: a flag or the kubeconfig is wrong, or the name is ambiguous.
        HelmwardError: the cluster, the engine or a repository said no.
    """
    configure("auto", "warning")
    path = str(question.kubeconfig) if question.kubeconfig else None
    try:
        async with Kube(load_config(path, question.context)) as kube:
            text = await _answer(kube, question)
    except NOT_AS_ASKED as error:
        click.echo(f"Error: {REDACTOR.mask(' '.join(str(error).split()))}", err=True)
        return Exit.NOT_READY
    click.echo(text, nl=False)
    return Exit.FINE


async def _answer(kube: Kube, question: Question) -> str:
    declared = await _find(kube, question)
    if declared.problem:
        raise SpecInvalid(declared.problem)
    settings, entries = question.charts, ClusterEntries(kube)
    decrypter = Decrypter(read_keys(settings.age_keys, settings.pgp_keys))
    fresh = CHARTS_SYNC_INTERVAL
    async with own_engine(kube, settings) as (engine, work):
        charts = Charts(engine, settings, work=work / "mirrors")
        chart = await charts.pull(declared, entries, fresh=fresh)
        sources = ReleaseSources(
            entries, engine, chart, fresh=fresh, allowed=settings.allowed, decrypter=decrypter
        )
        values = await compose(declared, sources, defaults=settings.defaults, in_layers=True)
    await keep_secret(declared.key.owner, values)
    for why in (*values.skipped, *values.notes):
        click.echo(f"Note: {REDACTOR.mask(why)}", err=True)
    shown = Shown(chart, None if question.show_secrets else REDACTOR)
    return written(trace(values.layers), shown, question.output)


async def _find(kube: Kube, question: Question) -> Declared:
    """Return the HelmRelease of the name, of whichever generation has it.

    Raises:
        NotFound: there is none.
        ConfigInvalid: there are several.
        SpecInvalid: it cannot be read.
    """
    namespace = question.namespace or kube.config.namespace
    named = f"{namespace}/{question.name}"
    found: dict[str, Declared] = {}
    for generation in GENERATIONS:
        resource = generation.resource
        if question.api in {None, resource.version}:
            try:
                document = await kube.get(resource, question.name, namespace)
            except NotFound:
                continue
            try:
                found[resource.version] = generation.decode(msgspec.json.encode(document))
            except msgspec.DecodeError as error:
                raise SpecInvalid(f"HelmRelease {named}: {error}") from error
    if len(found) > 1:
        asked = " or ".join(f"--api {version}" for version in sorted(found))
        raise ConfigInvalid(f"there is a HelmRelease {named} of both APIs: say {asked}")
    if not found:
        of = f" of {question.api}" if question.api else ""
        raise NotFound(
            f"there is no HelmRelease {named}{of}: name one that `kubectl get helmreleases` lists, "
            "or its namespace with -n"
        )
    return next(iter(found.values()))
