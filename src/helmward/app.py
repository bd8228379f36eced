"""Builds the parts from the settings and owns the task tree; alone knows every room.

What watches runs for the whole life of the process. What writes runs inside
it, and releases only as long as the session's Lease is held: lost, all writing
stops and a new session begins. On the way out writers end first, then their
session, then everything else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import structlog
from aiohttp.web import RouteDef
from prometheus_client import CollectorRegistry

from helmward.charts import Charts
from helmward.charts.folder import kept
from helmward.engine import Engine, EngineMeters, EngineProcess
from helmward.errors import HelmwardError, TransientError
from helmward.gitops.role import Surroundings, SyncRole, needs_engine
from helmward.kube import ClusterConfig, Kube, load_config, write_kubeconfig
from helmward.releases.role import Parts, ReleaseRole
from helmward.runtime.backoff import Backoff
from helmward.runtime.events import EventRecorder
from helmward.runtime.lease import Rhythm, Session
from helmward.runtime.sessions import Sessions
from helmward.settings import EngineSettings, GitSettings, ReleaseSettings, Settings
from helmward.web import WebServer
from helmward.web.followed import Followed, FollowedRepositories
from helmward.web.hooks import Hooks, Refresh

Observer = Callable[[object], None]
Check = Callable[[], bool]
PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
LOOK_AGAIN: Final = 0.05
BURY_EVERY: Final = 3600.0

log = structlog.get_logger("helmward.app")


@dataclass(slots=True)
class Tree:
    """The parts that run, and what says that they are well."""

    kube: Kube
    watchers: asyncio.TaskGroup
    writers: asyncio.TaskGroup
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    ready: dict[str, Check] = field(default_factory=dict)
    alive: dict[str, Check] = field(default_factory=dict)
    before_metrics: Callable[[], Awaitable[None]] | None = None
    """Awaited at each scrape: what has to be asked for."""
    routes: list[RouteDef] = field(default_factory=list)
    """What else the port answers to."""
    on_refresh: Callable[[], None] | None = None
    """Called when somebody asks for everything to be looked at."""
    told: list[Refresh] = field(default_factory=list)
    """Told of the repositories that webhooks name."""
    followed: FollowedRepositories | None = None
    engine: Engine | None = None
    recorder: EventRecorder | None = None

    def events(self) -> EventRecorder:
        """Return who records Events: one for all."""
        if self.recorder is None:
            self.recorder = EventRecorder(self.kube)
            self.watchers.create_task(self.recorder.run(), name="events")
        return self.recorder


async def run(
    settings: Settings, *, observer: Observer | None = None, ready: asyncio.Event | None = None
) -> None:
    """Serve the roles that the settings name until cancelled.

    `observer` is told what the git role does; `ready` is set once everything
    that is watched is known.

    Raises:
        ConfigInvalid: a flag, an environment variable or a kubeconfig is wrong.
    """
    try:
        await _run(settings, observer or _nobody, ready or asyncio.Event())
    except* HelmwardError as group:
        raise _first(group) from group


async def _run(settings: Settings, observer: Observer, ready: asyncio.Event) -> None:
    cluster = settings.cluster
    path = str(cluster.kubeconfig) if cluster.kubeconfig else None
    cache = settings.releases.charts.engine.cache if settings.releases else None
    with TemporaryDirectory(prefix="helmward-") as work, kept(cache) as cache:
        async with (
            Kube(load_config(path, cluster.context, server=cluster.master)) as kube,
            asyncio.TaskGroup() as watchers,
            asyncio.TaskGroup() as writers,
        ):
            tree = Tree(kube, watchers, writers)
            if settings.releases:
                releases = _settled(settings.releases, cache, tree.kube.config)
                process = _engine(tree, settings, releases.charts.engine, Path(work))
                mirrors = (cache or Path(work)) / "mirrors"
                _serve_releases(tree, settings, releases, process, mirrors)
            if settings.git:
                _follow_git(tree, settings, settings.git, Path(work), observer)
            if secrets := settings.web.hook_secrets:
                tree.routes += Hooks(secrets, *tree.told).routes()
            _serve_web(tree, settings, ready)


def _serve_web(tree: Tree, settings: Settings, ready: asyncio.Event) -> None:
    web = WebServer(
        settings.web,
        tree.registry,
        tree.ready,
        alive=tree.alive,
        before_metrics=tree.before_metrics,
        routes=tree.routes,
        on_refresh=tree.on_refresh,
        followed=tree.followed,
    )
    tree.watchers.create_task(web.run(), name="web")
    tree.writers.create_task(_tell(tree.ready, ready, web), name="ready")


def _follow_git(
    tree: Tree, settings: Settings, git: GitSettings, work: Path, observer: Observer
) -> None:
    """Follow the repositories; the engine is one that builds and verifies, if any has to."""
    namespace = settings.cluster.session_namespace or tree.kube.config.namespace
    around = Surroundings(
        kube=tree.kube,
        engine=tree.engine or _engine_alone(tree, settings, git, work),
        recorder=tree.events(),
        registry=tree.registry,
        work=work / "repositories",
        namespace=namespace,
        rhythm=Rhythm.of(settings.cluster.lease_duration),
        observer=observer,
    )
    role = SyncRole(git, around)
    syncs = [one.sync for one in role.followed]
    tree.followed = FollowedRepositories(Followed(one.settings, one.look) for one in syncs)
    tree.told.append(tree.followed.notified)
    tree.writers.create_task(role.run(), name="git")


def _engine_alone(tree: Tree, settings: Settings, git: GitSettings, work: Path) -> Engine:
    """Return an engine for the Flux role alone; it is started only if it is needed."""
    process = _engine(tree, settings, EngineSettings(), work)
    if needs_engine(git):
        tree.watchers.create_task(process.run(), name="engine")
        tree.ready["engine"] = tree.alive["engine"] = process.ready.is_set
    return Engine(process)


def _settled(
    releases: ReleaseSettings, cache: Path | None, cluster: ClusterConfig
) -> ReleaseSettings:
    """Return the settings with what was found out: a cache that may be used, or none.

    In a cluster loopback is the operator's own pod, which no chart comes from.
    """
    given = releases.charts.engine
    engine = replace(given, cache=cache, refuse_local=given.refuse_local or cluster.in_cluster)
    return replace(releases, charts=replace(releases.charts, engine=engine))


def _engine(tree: Tree, settings: Settings, own: EngineSettings, work: Path) -> EngineProcess:
    """Return the engine, told of the very cluster that was found."""
    cluster = settings.cluster
    given = cluster.kubeconfig if not cluster.master else None
    file = given or write_kubeconfig(tree.kube.config, work / "kubeconfig")
    return EngineProcess(
        kubeconfig=str(file),
        context=cluster.context if given else None,
        settings=own,
        on_log=_engine_said,
    )


def _serve_releases(
    tree: Tree,
    settings: Settings,
    releases: ReleaseSettings,
    process: EngineProcess,
    mirrors: Path,
) -> None:
    namespace = settings.cluster.session_namespace or tree.kube.config.namespace
    rhythm = Rhythm.of(settings.cluster.lease_duration)
    sessions = Sessions(tree.kube, None, rhythm=rhythm)
    recorder = tree.events()
    engine = Engine(process)
    tree.before_metrics = EngineMeters(engine, process, tree.registry).refresh
    charts = Charts(engine, releases.charts, work=mirrors)
    parts = Parts(tree.kube, engine, sessions, recorder, tree.registry, releases, charts)
    role = ReleaseRole(parts)
    tree.on_refresh = role.refresh
    tree.engine = engine
    tree.told.append(charts.refresh)
    tree.watchers.create_task(process.run(), name="engine")
    tree.watchers.create_task(sessions.run(), name="sessions")
    tree.watchers.create_task(role.watch(), name="watch-releases")
    tree.watchers.create_task(charts.run(), name="git-charts")
    tree.ready["informers"] = role.is_synced
    tree.ready["engine"] = tree.alive["engine"] = process.ready.is_set
    tree.writers.create_task(_write(parts, namespace, role, rhythm), name="releases")


async def _write(parts: Parts, namespace: str, role: ReleaseRole, rhythm: Rhythm) -> None:
    """Work on releases as long as a Lease is held; lost, begin anew."""
    backoff: Backoff[str] = Backoff(base=PAUSE, cap=LONGEST_PAUSE)
    while True:
        session = Session(parts.kube, namespace, rhythm=rhythm)
        try:
            async with session.hold():
                backoff.reset(namespace)
                log.info("session begun", lease=session.name)
                await _work(parts, role, session)
        except* TransientError as group:
            log.warning("no session: nothing is written", why=str(_first(group)))
        await asyncio.sleep(backoff.next(namespace))


async def _work(parts: Parts, role: ReleaseRole, session: Session) -> None:
    await parts.sessions.informer.synced.wait()
    async with asyncio.TaskGroup() as group:
        group.create_task(_bury(parts.sessions), name="bury")
        group.create_task(_pass_on(session, parts.engine), name="fence")
        group.create_task(role.work(session), name="work")


async def _pass_on(session: Session, engine: Engine) -> None:
    """Tell the engine of each renewal: it writes no longer than the session may."""
    while True:
        await session.next_renewal()
        with suppress(HelmwardError):
            valid = timedelta(seconds=max(0.001, session.remaining))
            # An engine that was stopped meanwhile must not count from when it hears of it.
            await engine.renew(session.name, valid, deadline=valid)


async def _bury(sessions: Sessions) -> None:
    """Delete the Leases that crashed writers left, now and then."""
    while True:
        with suppress(HelmwardError):
            await sessions.bury()
        await asyncio.sleep(BURY_EVERY)


async def _tell(checks: dict[str, Check], ready: asyncio.Event, web: WebServer) -> None:
    """Say once that everything that is watched is known."""
    await web.started.wait()
    while not all(check() for check in checks.values()):  # noqa: ASYNC110  # many parts, one word
        await asyncio.sleep(LOOK_AGAIN)
    log.info("ready", port=web.port)
    ready.set()


def _engine_said(line: dict[str, Any]) -> None:
    """Pass a line of the engine's log on in ours."""
    words = {name: value for name, value in line.items() if name not in {"level", "msg", "time"}}
    write = getattr(log, str(line.get("level", "info")).lower(), log.info)
    write(line.get("msg", ""), component="engine", **words)


def _first(group: BaseExceptionGroup[HelmwardError]) -> HelmwardError:
    """Return one error of a group: the others are its consequences."""
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def _nobody(_: object) -> None:
    """Listen to nothing."""
