"""From the fields of the file to `RepositorySettings`; what is left out, the flags say.

Called through the folder's door. Paths of files are relative to the file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from helmward.cli import durations
from helmward.cli.git_words import (
    Problem,
    branch_problem,
    commit_problem,
    full_ref_problem,
    name_problem,
    object_problem,
    plain_path,
    range_problem,
    tag_problem,
    tree_path_problem,
    variable_problem,
)
from helmward.cli.plausible import FIELD_NAMES, settled
from helmward.cli.sync_config import fields
from helmward.cli.sync_config.reading import Place, read_file
from helmward.errors import ConfigInvalid
from helmward.git.remote import read_remote
from helmward.settings import (
    PathSettings,
    PruneSettings,
    RefSettings,
    RepositorySettings,
    StateSettings,
    Substitutes,
    VerifySettings,
)

Listed = tuple[tuple[RepositorySettings, ...], tuple[str, ...]]


def read_sync_config(file: Path, template: RepositorySettings, *, build: str) -> Listed:
    """Return the repositories of the file, and what was said in vain.

    `template` and `build` hold where a repository says nothing else.

    Raises:
        ConfigInvalid: the message names file, line, field and what to do about it.
    """
    config, place = read_file(file)
    found = []
    for number, one in enumerate(config.repositories):
        entry = _Entry(place, f"repositories[{number}]", template, build)
        where = f"{place.of(f'repositories[{number}]')}: "
        found.append(settled(entry.settings(one), FIELD_NAMES, where))
    _refuse_twice([one.name for one, _ in found], place)
    return tuple(one for one, _ in found), tuple(note for _, notes in found for note in notes)


def _refuse_twice(names: list[str], place: Place) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            other = f"repositories[{names.index(name)}]"
            raise ConfigInvalid(
                f"{place.of(f'repositories[{number}].name')}: {name!r} is the name of {other}: "
                "give another"
            )


@dataclass(frozen=True, slots=True)
class _Entry:
    """One repository of the file, as its errors call it."""

    place: Place
    at: str
    template: RepositorySettings
    build: str

    def name(self, field: str) -> str:
        """Name a field of this repository, with file and line."""
        return self.place.of(f"{self.at}.{field}")

    def settings(self, given: fields.Repository) -> RepositorySettings:
        template = self.template
        read_remote(given.url, self.name("url"))
        self._check("name", given.name, name_problem)
        self._check("defaultNamespace", given.default_namespace, name_problem)
        if given.secret_ref:
            self._check("secretRef.name", given.secret_ref.name, object_problem)
        return replace(
            template,
            url=given.url,
            name=given.name,
            ref=self._ref(given.ref),
            paths=tuple(self._paths(given.paths)),
            poll_interval=self._span("pollInterval", given.poll_interval, template.poll_interval),
            sync_interval=self._span("syncInterval", given.sync_interval, template.sync_interval),
            timeout=self._span("timeout", given.timeout, template.timeout),
            sync_timeout=self._span("syncTimeout", given.sync_timeout, template.sync_timeout),
            default_namespace=given.default_namespace or template.default_namespace,
            ssh_key=self._file("sshKey", given.ssh_key) or template.ssh_key,
            known_hosts=self._file("knownHosts", given.known_hosts) or template.known_hosts,
            secret=given.secret_ref.name if given.secret_ref else None,
            sops=_or(given.sops, template.sops),
            git_secret=_or(given.git_secret, template.git_secret),
            generators=_or(given.manifest_generation, template.generators),
            prune=_prune(given.prune, template.prune),
            verify=self._verify(given.verify, template.verify),
            state=self._state(given.state, template.state),
        )

    def _ref(self, given: fields.Ref) -> RefSettings:
        self._check("ref.branch", given.branch, branch_problem)
        self._check("ref.tag", given.tag, tag_problem)
        self._check("ref.semver", given.semver, range_problem)
        self._check("ref.name", given.name, full_ref_problem)
        self._check("ref.commit", given.commit, commit_problem)
        return RefSettings(given.branch, given.tag, given.semver, given.name, given.commit)

    def _paths(self, given: Iterable[fields.TreePath]) -> Iterator[PathSettings]:
        seen: set[str] = set()
        for number, one in enumerate(given):
            field = f"paths[{number}]"
            self._check(f"{field}.path", one.path, tree_path_problem)
            self._check_variables(field, one)
            path = plain_path(one.path)
            if path in seen:
                raise ConfigInvalid(f"{self.name(field)}.path: {one.path!r} is there already")
            seen.add(path)
            yield PathSettings(
                path,
                build=one.build or self.build,
                substitute=one.substitute,
                substitute_from=tuple(map(_substitutes, one.substitute_from)),
                as_written=one.path if one.path != path else "",
            )

    def _check_variables(self, field: str, given: fields.TreePath) -> None:
        for name in given.substitute:
            self._check(f"{field}.substitute", name, variable_problem)
        for number, one in enumerate(given.substitute_from):
            where = f"{field}.substituteFrom[{number}]"
            self._check(f"{where}.name", one.name, object_problem)
            self._check(f"{where}.namespace", one.namespace, name_problem)

    def _verify(self, given: fields.Verify, template: VerifySettings) -> VerifySettings:
        return VerifySettings(
            mode=_or(given.mode, template.mode),
            pgp_keys=self._files("verify.pgpKeys", given.pgp_keys, template.pgp_keys),
            ssh_keys=self._files("verify.sshKeys", given.ssh_keys, template.ssh_keys),
        )

    def _state(self, given: fields.State, template: StateSettings) -> StateSettings:
        self._check("state.tag", given.tag, tag_problem)
        files = self._files("state.privateKeys", given.private_keys, template.private_keys)
        return StateSettings(
            mode=_or(given.mode, template.mode),
            tag=_or(given.tag, template.tag),
            readonly=_or(given.readonly, template.readonly),
            user=_or(given.user, template.user),
            email=_or(given.email, template.email),
            signing_key=_or(given.signing_key, template.signing_key),
            private_keys=files,
        )

    def _check(self, field: str, text: str | None, problem_of: Problem) -> None:
        if text is not None and (problem := problem_of(text)):
            raise ConfigInvalid(f"{self.name(field)}: {problem}")

    def _span(self, field: str, text: str | None, otherwise: timedelta) -> timedelta:
        if text is None:
            return otherwise
        try:
            return durations.parse_positive(text)
        except ValueError as error:
            raise ConfigInvalid(f"{self.name(field)}: {error}") from None

    def _file(self, field: str, text: str | None) -> Path | None:
        """Return a file that is there, relative to where the config file lies."""
        if text is None:
            return None
        path = self.place.file.parent / text
        if not path.exists():
            raise ConfigInvalid(f"{self.name(field)}: {path} does not exist")
        return path

    def _files(
        self, field: str, given: tuple[str, ...] | None, otherwise: tuple[Path, ...]
    ) -> tuple[Path, ...]:
        if given is None:
            return otherwise
        found = (self._file(f"{field}[{number}]", text) for number, text in enumerate(given))
        return tuple(filter(None, found))


def _substitutes(given: fields.SubstituteFrom) -> Substitutes:
    return Substitutes(given.kind, given.name, given.namespace, given.optional)


def _prune(given: fields.Prune, template: PruneSettings) -> PruneSettings:
    """Return what becomes of what git no longer has; a dry run needs no second field."""
    dry = _or(given.dry_run, template.dry)
    return PruneSettings(
        enabled=_or(given.enabled, template.enabled) or dry,
        dry=dry,
        share=_or(given.brake.share, template.share),
        count=_or(given.brake.count, template.count),
    )


def _or(given: Any, otherwise: Any) -> Any:
    return otherwise if given is None else given
