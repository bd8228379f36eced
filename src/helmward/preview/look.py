"""Finds out what a commit would change, from its files to the objects inside of releases.

Called by the command. Reads git, the cluster and charts as the operator does
and asks the API server for rehearsals; nothing is written anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from helmward.engine import Engine
from helmward.errors import AccessDenied, SourceRejected
from helmward.gitops.apply import Applier
from helmward.gitops.build import listed
from helmward.gitops.cluster import known_kinds
from helmward.gitops.inventory import Record
from helmward.gitops.paths import Paths, Standing
from helmward.gitops.plan import Terms
from helmward.gitops.prune import Removal
from helmward.gitops.rehearsal import Rehearsal, Verb
from helmward.gitops.role import make_builder, terms_of
from helmward.gitops.union import Union, union
from helmward.kube import Kube
from helmward.preview import objects
from helmward.preview.findings import ObjectChange, Preview, ReleaseChange
from helmward.preview.leaving import leaving, recorded, removed
from helmward.preview.local import Local
from helmward.preview.masking import Masking
from helmward.preview.releases import Releases
from helmward.preview.rendering import Commit, rendered
from helmward.settings import GitSettings, PathSettings, RepositorySettings

MOST_DENIED: Final = 5


@dataclass(frozen=True)
class Question:
    """What is looked at, and how it is understood."""

    role: GitSettings
    repository: RepositorySettings
    local: Local
    paths_given: bool = True
    """Whether the paths of the repository are meant; else the folder, or those of the record."""
    namespace: str | None = None
    """Where the operator and its record are."""


class Look:
    """One look at a cluster, with the rights of who asks."""

    def __init__(self, kube: Kube, engine: Engine, releases: Releases | None) -> None:
        """`releases` renders what HelmReleases would make; None leaves that out."""
        self._kube = kube
        self._engine = engine
        self._releases = releases
        self._masking = releases.masking if releases else Masking()

    async def at(self, question: Question) -> Preview:
        """Return everything that would change.

        Raises:
            SourceRejected: files are broken; the message names all of them.
            AccessDenied: who asks may not rehearse.
            ConfigInvalid, ClusterUnavailable, EngineLost: as they say.
        """
        known = await recorded(self._kube, question.repository.name, question.namespace)
        settings = replace(question.repository, paths=_paths(question, known.record))
        terms = _terms(question.role, settings, known.record, self._kube.config.namespace)
        standings = await self._built(question, settings, terms)
        joined = await self._joined(standings, terms)
        rehearsal = await self._rehearsed(joined)
        removal = await self._removal(settings, terms, joined, known.record, question)
        commit = Commit(joined.plan, rehearsal, removal)
        found = await rendered(self._kube, self._releases, commit) if self._releases else ()
        notes = (*(note for one in standings for note in one.notes), known.note)
        return self._preview(question, commit, found, tuple(filter(None, notes)))

    async def _built(
        self, question: Question, settings: RepositorySettings, terms: Terms
    ) -> Sequence[Standing]:
        """Return the manifests of every path.

        Raises:
            HelmwardError: one of them cannot be built.
        """
        namespace = terms.default_namespace
        builder = make_builder(question.role, settings, self._engine, self._kube, namespace)
        paths = Paths(settings.paths, builder)
        await paths.take(question.local.snapshot)
        troubles = [one.trouble for one in paths.standings if one.trouble is not None]
        for trouble in troubles:
            if not isinstance(trouble, SourceRejected):
                raise trouble
        _refuse([str(trouble) for trouble in troubles])
        return paths.standings

    async def _joined(self, standings: Sequence[Standing], terms: Terms) -> Union:
        manifests = [one for s in standings for v in s.versions for one in v.manifests]
        kinds = await known_kinds(self._kube, manifests, terms.scope)
        joined = union(standings, kinds, terms)
        _refuse([str(clash) for clash in joined.clashes.values()])
        return joined

    async def _rehearsed(self, joined: Union) -> Rehearsal:
        applier = Applier(self._kube, lambda *_, **__: None, lambda _: None)
        rehearsal = await applier.rehearse(joined.plan, documents=True)
        _refuse_denied(rehearsal)
        return rehearsal

    async def _removal(
        self,
        settings: RepositorySettings,
        terms: Terms,
        joined: Union,
        record: Record | None,
        question: Question,
    ) -> Removal:
        if record is None:
            return Removal()
        return await leaving(
            self._kube,
            record,
            joined.asked,
            paths=[one.path for one in settings.paths],
            all_paths=question.paths_given or not question.local.folder,
            prune=settings.prune,
            scope=terms.scope,
            filled=frozenset(joined.owners.values()),
        )

    def _preview(
        self,
        question: Question,
        commit: Commit,
        releases: tuple[ReleaseChange, ...],
        notes: tuple[str, ...],
    ) -> Preview:
        plan, rehearsal = commit.plan, commit.rehearsal
        changed = tuple(objects.changed(commit.pairs, self._masking))
        ignored = sum(one.verb is Verb.IGNORED for one in rehearsal.changes)
        return Preview(
            question.repository.name,
            question.local.subject,
            _sorted((*changed, *removed(commit.removal))),
            releases,
            objects.refused(rehearsal, plan),
            unchanged=len(rehearsal.changes) - len(changed) - ignored,
            ignored=ignored + len(plan.ignored) + len(plan.left),
            braked=commit.removal.braked,
            kept=tuple((found, str(why)) for found, why in sorted(commit.removal.kept.items())),
            notes=(*notes, *map(str, plan.left)),
        )


def _paths(question: Question, record: Record | None) -> tuple[PathSettings, ...]:
    """Return the paths that are meant: those given, the folder named, or those in force."""
    if question.paths_given:
        return question.repository.paths
    template = question.repository.paths[0]
    if question.local.folder:
        return (replace(template, path=question.local.folder),)
    named = sorted(record.commits) if record else []
    return tuple(replace(template, path=one) for one in named or [template.path])


def _terms(
    role: GitSettings, settings: RepositorySettings, record: Record | None, namespace: str
) -> Terms:
    """Return what holds for the objects; their marks are those that they have."""
    terms = terms_of(role, settings, namespace)
    return replace(terms, source=record.sources[0] if record and record.sources else "")


def _refuse(faults: list[str]) -> None:
    if faults:
        lines = [line for fault in faults for line in fault.splitlines()]
        raise SourceRejected(f"the files cannot be applied as they are:\n\n{listed(lines)}")


def _refuse_denied(rehearsal: Rehearsal) -> None:
    """Tell who may not look from what the operator would not be let do."""
    denied = [one for one in rehearsal.refused if one.reason == AccessDenied.reason]
    if denied:
        lines = [f"{one.object}: {one.message}" for one in denied]
        more = [f"and {len(lines) - MOST_DENIED} more"] if len(lines) > MOST_DENIED else []
        raise AccessDenied(
            "who looks needs the rights to get and to patch what is in git: the API server "
            "rehearses each apply (dry run), and writes nothing:\n\n"
            + "\n".join([*lines[:MOST_DENIED], *more])
        )


def _sorted(changes: Sequence[ObjectChange]) -> tuple[ObjectChange, ...]:
    """Put what is written in one file together; what goes comes last."""
    return tuple(sorted(changes, key=lambda one: (not one.place, _place(one.place), one.id)))


def _place(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return PurePosixPath(file).as_posix(), int(line) if line.isdigit() else 0
