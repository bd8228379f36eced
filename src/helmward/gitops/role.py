"""The Flux role: every repository of the settings with its parts, each by one daemon at a time.

Built by `app`, which owns its task.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry

from helmward.engine import Engine
from helmward.gitops.apply import Applier
from helmward.gitops.board import Board
from helmward.gitops.building import Builder, Tools
from helmward.gitops.claims import Claims
from helmward.gitops.definition import Definition
from helmward.gitops.deploykey import make_login
from helmward.gitops.herald import Herald
from helmward.gitops.loop import GitSync, Parts
from helmward.gitops.marker import make_marker
from helmward.gitops.marks import source_of
from helmward.gitops.meters import GitMeters, RepositoryMeters
from helmward.gitops.plan import Terms
from helmward.gitops.record import Records, record_name
from helmward.gitops.remove import Remover
from helmward.gitops.report import Reporter, SyncEvent
from helmward.gitops.scope import Scope
from helmward.gitops.source import GitSource
from helmward.gitops.verify import make_verifier
from helmward.kube import ClusterConfig, Kube
from helmward.kube.entries import ClusterEntries
from helmward.runtime import Leader, keep_leading
from helmward.runtime.beside import beside
from helmward.runtime.events import EventRecorder
from helmward.runtime.lease import Rhythm
from helmward.settings import DeployKeySettings, GitSettings, RepositorySettings
from helmward.sops import Decrypter, read_keys

FLUX_BRANCH: Final = "master"
"""What Flux v1 followed unless told otherwise: its marks were made from it."""
TO_BE_HEARD: Final = 10.0
"""Seconds in which what people ask has to be known; after them nobody asks for anything."""

log = structlog.get_logger("helmward.gitops")


@dataclass(frozen=True)
class Surroundings:
    """What the role works with."""

    kube: Kube
    engine: Engine
    recorder: EventRecorder
    registry: CollectorRegistry
    work: Path
    """A folder of our own."""
    namespace: str
    """Where records, Leases and GitSyncs are."""
    rhythm: Rhythm = field(default_factory=Rhythm)
    observer: Callable[[SyncEvent], Any] = lambda _: None
    """Told what happens, besides all others."""


@dataclass(frozen=True)
class Followed:
    """One repository that is followed."""

    sync: GitSync
    board: Board
    meters: RepositoryMeters


class SyncRole:
    """All repositories of the settings.

    Raises:
        ConfigInvalid: a setting is no address, ref or path, or a key cannot be read.
    """

    def __init__(self, settings: GitSettings, around: Surroundings) -> None:
        self._around = around
        self._settings = settings
        definition = Definition(around.kube, around.namespace)
        meters = GitMeters(around.registry)
        claims = Claims()
        self.followed: Sequence[Followed] = [
            self._follow(one, definition, meters.of(one.name), claims)
            for one in settings.repositories
        ]

    async def run(self) -> None:
        """Follow all of them until cancelled; each only while its Lease is ours."""
        async with asyncio.TaskGroup() as group:
            for one in self.followed:
                group.create_task(self._keep(one), name=f"sync-{one.sync.settings.name}")

    async def _keep(self, one: Followed) -> None:
        around, name = self._around, record_name(one.sync.settings.name)

        def candidate() -> Leader:
            return Leader(around.kube, around.namespace, name, rhythm=around.rhythm)

        async def lead(_: Leader) -> None:
            await self._lead(one)

        await keep_leading(candidate, lead)

    async def _lead(self, one: Followed) -> None:
        one.sync.begin()
        try:
            async with beside(one.board.run()):
                try:
                    async with asyncio.timeout(TO_BE_HEARD):
                        await one.board.heard.wait()
                except TimeoutError:
                    name = one.sync.settings.name
                    log.warning("not known whether the sync is suspended", repository=name)
                await one.sync.run()
        finally:
            one.meters.forget()

    def _follow(
        self,
        settings: RepositorySettings,
        definition: Definition,
        meters: RepositoryMeters,
        claims: Claims,
    ) -> Followed:
        around = self._around
        board = Board(around.kube, around.namespace, settings, definition)
        herald = Herald(around.recorder, lambda: board.regarding)

        def told(event: SyncEvent) -> None:
            herald(event)
            around.observer(event)

        reporter = Reporter(meters, board.publish, told, repository=settings.name)
        parts = self._parts(settings, reporter, board, claims)
        return Followed(GitSync(settings, parts), board, meters)

    def _parts(
        self, settings: RepositorySettings, reporter: Reporter, board: Board, claims: Claims
    ) -> Parts:
        around, role = self._around, self._settings
        kube, namespace, work = around.kube, around.namespace, around.work / settings.name
        login = make_login(kube, namespace, settings, deploy_key_of(role, kube.config))
        source = GitSource(settings, work, login=login)
        terms = terms_of(role, settings, kube.config.namespace)
        return Parts(
            cluster=kube,
            source=source,
            builder=make_builder(role, settings, around.engine, kube, terms.default_namespace),
            verifier=make_verifier(settings.verify, source.mirror, work / "history", around.engine),
            marker=make_marker(
                settings.state,
                source.mirror,
                work / "marker",
                kube=kube,
                namespace=namespace,
                secret=role.deploy_key.secret,
                signer=around.engine,
            ),
            applier=Applier(kube, reporter.applied, reporter.refused),
            records=Records(kube, namespace, settings.name),
            remover=Remover(kube),
            reporter=reporter,
            board=board,
            claims=claims,
            terms=terms,
        )


def deploy_key_of(role: GitSettings, cluster: ClusterConfig) -> DeployKeySettings:
    """Return the settings of the deploy key: outside of a cluster none is made.

    There whoever starts Helmward has an agent or a key of their own.
    """
    generate = role.deploy_key.generate and cluster.in_cluster
    return replace(role.deploy_key, generate=generate)


def terms_of(role: GitSettings, settings: RepositorySettings, namespace: str) -> Terms:
    """Return what holds for all objects of a repository; `namespace` is the kubeconfig's."""
    ref = settings.ref
    followed = ref.commit or ref.name or ref.semver or ref.tag or ref.branch or FLUX_BRANCH
    return Terms(
        settings.default_namespace or namespace or "default",
        source_of(settings.url, followed, [one.spelled for one in settings.paths if one.spelled]),
        Scope(role.allowed_namespaces, role.excluded),
    )


def make_builder(
    role: GitSettings, settings: RepositorySettings, engine: Engine, kube: Kube, namespace: str
) -> Builder:
    """Return what turns the repository's files into manifests.

    Raises:
        ConfigInvalid: a key cannot be read.
    """
    keys = read_keys(role.age_keys, role.pgp_keys)
    tools = Tools(
        decrypter=Decrypter(keys),
        kustomize=engine,
        entries=ClusterEntries(kube),
        namespace=namespace,
    )
    return Builder(settings, tools)


def needs_engine(settings: GitSettings) -> bool:
    """Tell whether any repository has to be built, verified or signed for by the engine."""
    return any(_asks_engine(one) for one in settings.repositories)


def _asks_engine(settings: RepositorySettings) -> bool:
    builds = settings.generators or any(one.build != "plain" for one in settings.paths)
    return builds or settings.verify.mode != "none" or bool(settings.state.signing_key)
