"""What `helmward syncs`, `approve` and `reconcile` do: read GitSyncs, and annotate them.

Runs in the user's own process with the user's rights; the operator does the rest.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import yaml

from helmward.apis.gitsync import APPROVE, RESOURCE, GitSync, GitSyncStatus
from helmward.cli.durations import show
from helmward.cli.shape import Exit
from helmward.errors import AccessDenied, ConfigInvalid, NotFound
from helmward.kube import Kube, decode_object, load_config
from helmward.logs import configure
from helmward.model import REQUESTED_AT
from helmward.runtime.beside import beside
from helmward.runtime.informer import Informer

TABLE: Final = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json"
GAP: Final = "   "
NOTHING: Final = "<none>"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Where:
    """Which cluster and namespace are meant; no namespace is all of them."""

    namespace: str | None = None
    kubeconfig: Path | None = None
    context: str | None = None


async def show_syncs(where: Where, output: str) -> int:
    """Print the GitSyncs; return the exit code.

    Raises:
        NotFound: the kind is not installed.
        AccessDenied: we may not read them.
    """
    async with _cluster(where) as kube:
        if output in {"table", "wide"}:
            text = _table(await _read_table(kube, where), where, wide=output == "wide")
        else:
            text = _written(await _read(kube, where), output)
    if text:
        click.echo(text)
    else:
        click.echo("no repository is followed", err=True)
    return Exit.FINE


async def approve(where: Where, name: str, *, yes: bool) -> int:
    """Show what a sync would remove, ask, and let it; return the exit code.

    Raises:
        NotFound: there is no such GitSync.
    """
    async with _cluster(where) as kube:
        namespace, found = await _find(kube, where, name)
        braked = found.status.braked
        if braked is None:
            click.echo(f"{name}: no removal waits for an approval", err=True)
            return Exit.FINE
        more = braked.count - len(braked.objects)
        listed = [*braked.objects, *([f"and {more} more"] if more > 0 else [])]
        click.echo(_plain(f"{braked.why}\n" + "\n".join(f"  {one}" for one in listed)))
        if not yes and not click.confirm(f"Remove these {braked.count} objects?", err=True):
            click.echo("nothing was approved", err=True)
            return Exit.NOT_READY
        await _annotate(kube, namespace, name, APPROVE, braked.token)
        click.echo(f"{name}: approved", err=True)
    return Exit.FINE


async def reconcile(where: Where, name: str, patience: timedelta | None) -> int:
    """Ask for a sync now, and wait for its end if there is patience; return the exit code.

    Raises:
        NotFound: there is no such GitSync.
    """
    async with _cluster(where) as kube:
        namespace, _ = await _find(kube, where, name)
        word = datetime.now(UTC).isoformat()
        await _annotate(kube, namespace, name, REQUESTED_AT, word)
        click.echo(f"{name}: asked for a sync", err=True)
        if patience is None:
            return Exit.FINE
        try:
            async with asyncio.timeout(patience.total_seconds()) as clock:
                status = await _handled(kube, namespace, name, word)
        except TimeoutError:
            if not clock.expired():
                raise
            click.echo(f"{name}: not done within {show(patience)} (--timeout)", err=True)
            return Exit.NOT_READY
    ready = next((one for one in status.conditions if one.type == "Ready"), None)
    click.echo(_plain(f"{name}: {ready.message if ready else 'done'}"))
    return Exit.FINE if ready and ready.status == "True" else Exit.NOT_READY


@asynccontextmanager
async def _cluster(where: Where) -> AsyncIterator[Kube]:
    """Yield a client whose refusals say what to do."""
    configure("auto", "warning")
    path = str(where.kubeconfig) if where.kubeconfig else None
    async with Kube(load_config(path, where.context)) as kube:
        try:
            yield kube
        except AccessDenied as error:
            if where.namespace:
                raise
            raise AccessDenied(f"{error}: name the operator's namespace with -n") from error


async def _read(kube: Kube, where: Where) -> list[Document]:
    try:
        found, _ = await kube.list(RESOURCE, where.namespace)
    except NotFound:
        raise _not_installed() from None
    return found


async def _read_table(kube: Kube, where: Where) -> Document:
    """Let the server itself make the table, with the columns of the definition."""
    path = RESOURCE.path(where.namespace)
    try:
        body = await kube.raw("GET", path, headers={"Accept": TABLE})
    except NotFound:
        raise _not_installed() from None
    table: Document = msgspec.json.decode(body)
    return table


def _not_installed() -> NotFound:
    return NotFound(
        "the cluster knows no GitSyncs: no operator follows a repository here, or none may "
        "install the kind (helmward crds | kubectl apply --server-side -f -)"
    )


async def _find(kube: Kube, where: Where, name: str) -> tuple[str, GitSync]:
    """Return the namespace and content of the only GitSync of the name."""
    every = await _read(kube, where)
    found = [one for one in every if one["metadata"]["name"] == name]
    if len(found) > 1:
        spaces = ", ".join(sorted(one["metadata"]["namespace"] for one in found))
        raise ConfigInvalid(f"{name} is a GitSync in several namespaces: say -n, of {spaces}")
    if not found:
        names = ", ".join(sorted(one["metadata"]["name"] for one in every)) or "none at all"
        raise NotFound(f"there is no GitSync {name}; there are: {names}")
    return str(found[0]["metadata"]["namespace"]), msgspec.convert(found[0], GitSync)


async def _annotate(kube: Kube, namespace: str, name: str, key: str, word: str) -> None:
    patch = {"metadata": {"annotations": {key: word}}}
    await kube.patch(RESOURCE, name, namespace, patch, metadata_only=True)


async def _handled(kube: Kube, namespace: str, name: str, word: str) -> GitSyncStatus:
    """Return the status of the sync that was asked for with the word."""
    done: asyncio.Future[GitSyncStatus] = asyncio.get_running_loop().create_future()

    def heard(_: object, __: Document | None, new: Document | None) -> None:
        status = msgspec.convert((new or {}).get("status") or {}, GitSyncStatus)
        if status.last_handled_reconcile_at == word and not done.done():
            done.set_result(status)

    selector = f"metadata.name={name}"
    informer: Informer[Document] = Informer(
        kube, RESOURCE, decode=decode_object, namespace=namespace, field_selector=selector
    )
    informer.subscribe(heard)
    async with beside(informer.run()):
        return await done


def _table(table: Document, where: Where, *, wide: bool) -> str:
    """Write the server's table as kubectl does."""
    columns = [
        (index, str(one["name"]))
        for index, one in enumerate(table.get("columnDefinitions") or ())
        if wide or not one.get("priority")
    ]
    rows = table.get("rows") or []
    lines = [[_cell(row["cells"][index]) for index, _ in columns] for row in rows]
    heads = [name.upper() for _, name in columns]
    if not where.namespace:
        heads.insert(0, "NAMESPACE")
        for line, row in zip(lines, rows, strict=True):
            line.insert(0, row["object"]["metadata"]["namespace"])
    return _aligned([heads, *lines]) if lines else ""


def _cell(value: Any) -> str:
    return NOTHING if value is None or value == "" else _plain(" ".join(str(value).split()))


def _plain(text: str) -> str:
    """Keep what others wrote, such as the subject of a commit, from steering the terminal."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def _written(found: list[Document], output: str) -> str:
    if output == "name":
        group = f"{RESOURCE.kind.lower()}.{RESOURCE.group}"
        return "\n".join(f"{group}/{one['metadata']['name']}" for one in found)
    for one in found:
        one["metadata"].pop("managedFields", None)
    document = {"apiVersion": "v1", "kind": "List", "items": found}
    writers: dict[str, Callable[[Any], str]] = {
        "json": lambda what: json.dumps(what, indent=2, ensure_ascii=False),
        "yaml": lambda what: yaml.safe_dump(what, sort_keys=False, allow_unicode=True).rstrip(),
    }
    return writers[output](document)
