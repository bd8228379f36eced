"""Where chart and values come from, out of a spec; what is wrong with it in words.

Called by the generations. The old CRDs let much pass at admission that could
not work: it is told here as a problem that names the field and the fix.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from helmward.apis.spec import ChartFileRef, ChartSource, ExternalSourceRef, KeyRef, ValuesSecret
from helmward.model import ChartRef, GitChart, SourceKind, ValuesSource

IN_GIT: Final = ("git", "path")
IN_REPOSITORY: Final = ("repository", "name", "version")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.")
AS_ARCHIVE: Final = ("repository",)
"""What an archive of one chart has to be named by: it says itself which one it is."""


class ValuesFrom(Protocol):
    """One entry of `valuesFrom` of any generation."""

    @property
    def config_map_key_ref(self) -> KeyRef | None: ...  # noqa: D102
    @property
    def secret_key_ref(self) -> KeyRef | None: ...  # noqa: D102
    @property
    def external_source_ref(self) -> ExternalSourceRef | None: ...  # noqa: D102
    @property
    def chart_file_ref(self) -> ChartFileRef | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SecretOf:
    """Which Secret holds a git repository's credentials."""

    namespace: str = ""
    name: str = ""


NO_SECRET: Final = SecretOf()


def chart_of(
    source: ChartSource, *, secret: SecretOf = NO_SECRET
) -> tuple[ChartRef | GitChart, str]:
    """Return the chart asked for, and what is wrong with how it is named."""
    needed = AS_ARCHIVE if _is_archive(source.repository or "") else IN_REPOSITORY
    git, repository = _missing(source, IN_GIT), _missing(source, needed)
    if git:
        problem = _incomplete(source, git, repository) if repository else ""
        return _from_repository(source), problem
    chart = _from_git(source, secret)
    if chart.path.startswith(".."):
        return chart, f'spec.chart.path: "{source.path}" leads out of the git repository'
    return chart, "" if repository else BOTH


BOTH: Final = (
    "spec.chart: names a chart in git (git, path) and one of a repository "
    "(repository, name, version): take one of the two away"
)


def _is_archive(url: str) -> bool:
    """Tell whether an address is that of a chart's archive, or holds one."""
    return url.startswith("data:") or re.split(r"[?#]", url, maxsplit=1)[0].endswith(".tgz")


def _missing(source: ChartSource, names: Iterable[str]) -> list[str]:
    return [name for name in names if not getattr(source, name)]


def _incomplete(source: ChartSource, git: list[str], repository: list[str]) -> str:
    if source.git or source.path:
        return f"spec.chart.{git[0]}: is missing; a chart in git needs git and path"
    if len(repository) == len(IN_REPOSITORY):
        return "spec.chart: names no chart: set repository, name and version, or git and path"
    return (
        f"spec.chart.{repository[0]}: is missing; "
        "a chart of a repository or registry needs repository, name and version"
    )


def _from_repository(source: ChartSource) -> ChartRef:
    secret = source.chart_pull_secret
    return ChartRef(
        repository=source.repository or "",
        name=source.name or "",
        version=source.version or "",
        pull_secret=(secret.name or "") if secret else "",
    )


def _from_git(source: ChartSource, secret: SecretOf) -> GitChart:
    return GitChart(
        url=source.git or "",
        path=_below_root(source.path or ""),
        ref=source.ref or "",
        secret_namespace=secret.namespace,
        secret_name=secret.name,
        skip_dep_update=bool(source.skip_dep_update),
    )


def _below_root(path: str) -> str:
    """Return the path as git has it: `/charts/./a/` is `charts/a`, `/` the root itself."""
    plain = posixpath.normpath(path.lstrip("/") or ".")
    return "" if plain == "." else plain


@dataclass(frozen=True, slots=True)
class Sources:
    """Sources of values, the lowest first, and what is wrong with them."""

    found: tuple[ValuesSource, ...]
    problems: tuple[str, ...]


def sources_of(
    namespace: str,
    secrets: Iterable[ValuesSecret],
    entries: Iterable[ValuesFrom],
    *,
    strict_secrets: bool = False,
    any_scheme: bool = False,
) -> Sources:
    """Return every source in the order of their weight: `valueFileSecrets` come first.

    Of several kinds in one entry the first one counts, as it did for the old operators.
    With `any_scheme` a URL may be one that a Helm plugin downloads.
    """
    found: list[ValuesSource] = []
    problems: list[str] = []
    for source, problem in (*_old_secrets(namespace, secrets), *_entries(namespace, entries)):
        if problem:
            problems.append(problem)
        elif source and source.kind is SourceKind.EXTERNAL:
            problems.append(_url_problem(source, any_scheme=any_scheme))
        if source:
            found.append(_strict(source) if strict_secrets else source)
    return Sources(tuple(found), tuple(problems))


Read = tuple[ValuesSource | None, str]


def _old_secrets(namespace: str, secrets: Iterable[ValuesSecret]) -> Iterator[Read]:
    for number, one in enumerate(secrets):
        field = f"spec.valueFileSecrets[{number}]"
        source = ValuesSource(SourceKind.SECRET, field, namespace, one.name)
        yield source, _empty(f"{field}.name", one.name)


def _entries(namespace: str, entries: Iterable[ValuesFrom]) -> Iterator[Read]:
    for number, entry in enumerate(entries):
        field = f"spec.valuesFrom[{number}]"
        yield _first_set(namespace, field, entry)


def _first_set(namespace: str, field: str, entry: ValuesFrom) -> Read:
    refs: Mapping[SourceKind, KeyRef | ExternalSourceRef | ChartFileRef | None] = {
        SourceKind.CONFIG_MAP: entry.config_map_key_ref,
        SourceKind.SECRET: entry.secret_key_ref,
        SourceKind.EXTERNAL: entry.external_source_ref,
        SourceKind.CHART_FILE: entry.chart_file_ref,
    }
    for kind, ref in refs.items():
        if ref is not None:
            return _source(namespace, f"{field}.{kind}", kind, ref)
    return None, f"{field}: names no source: set one of {', '.join(SourceKind)}"


def _source(
    namespace: str, field: str, kind: SourceKind, ref: KeyRef | ExternalSourceRef | ChartFileRef
) -> Read:
    optional = bool(ref.optional)
    match ref:
        case KeyRef():
            key = ref.key or "values.yaml"
            space = ref.within(namespace)
            target, literal = ref.target_path or "", bool(ref.literal)
            source = ValuesSource(
                *(kind, field, space, ref.name, key),
                target=target,
                literal=literal,
                optional=optional,
            )
            return source, _empty(f"{field}.name", ref.name)
        case ExternalSourceRef():
            source = ValuesSource(kind, field, location=ref.url, optional=optional)
            return source, _empty(f"{field}.url", ref.url)
        case ChartFileRef():
            path = posixpath.normpath(ref.path) if ref.path else ""
            source = ValuesSource(kind, field, location=path, optional=optional)
            return source, _path_problem(f"{field}.path", ref.path)


def _empty(field: str, value: str) -> str:
    return "" if value else f"{field}: is empty"


def _url_problem(source: ValuesSource, *, any_scheme: bool) -> str:
    """Say what is wrong with a URL; it may hold a password and is not quoted."""
    found = _SCHEME.match(source.location)
    if not found:
        return f"{source.field}.url: must be a URL, such as https://example.com/values.yaml"
    if any_scheme or found[1].lower() in {"http", "https"}:
        return ""
    return f"{source.field}.url: {found[1]}:// is not served: use http or https"


def _path_problem(field: str, path: str) -> str:
    """Say why a path names no file below the chart's folder; empty when it may."""
    if not path:
        return _empty(field, path)
    if path.startswith("/") or ".." in path.split("/") or "\\" in path or "\0" in path:
        return (
            f'{field}: "{path}" leads out of the chart: '
            "name a file by its path from the chart's folder, such as envs/prod.yaml"
        )
    return ""


def _strict(source: ValuesSource) -> ValuesSource:
    return replace(source, lenient=source.kind is not SourceKind.SECRET)
