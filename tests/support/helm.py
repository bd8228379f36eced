"""A running engine with a chart repository and a namespace, in few words."""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from helmward.engine import ActionOptions, Engine, EngineProcess, OnPhase
from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, SECRETS, Resource
from helmward.model import Base, Chart, ChartRef, ReleaseRef, Revision
from tests.support.charts import ChartRepo
from tests.support.wait import until

SOON = timedelta(seconds=30)
Values = Mapping[str, Any] | None


def config_map(name: str, **data: str) -> str:
    """Write a template of a ConfigMap."""
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in data.items())
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"
    return f"{head}data:\n{lines}" if lines else head


def hook_job(name: str, events: str, *, policy: str = "", image: str = "app:1") -> str:
    """Write a template of a Job that runs as a hook; it never gets a node."""
    delete = f'    helm.sh/hook-delete-policy: "{policy}"\n' if policy else ""
    return (
        f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  annotations:\n"
        f'    helm.sh/hook: "{events}"\n{delete}'
        "spec:\n  backoffLimit: 0\n  template:\n    spec:\n      restartPolicy: Never\n"
        "      nodeSelector: {nowhere: to-be-found}\n"
        f"      containers: [{{name: main, image: {image}}}]\n"
    )


@dataclass
class Helm:
    """Everything that a test of the engine needs."""

    engine: Engine
    process: EngineProcess
    repo: ChartRepo
    kube: Kube
    namespace: str
    logs: list[dict[str, Any]] = field(default_factory=list)

    async def another_process(self) -> None:
        """Wait until the process that runs now has been replaced."""
        instance = self.process.instance
        await until(lambda: self.process.instance != instance and self.process.ready.is_set())

    def ref(self, name: str = "web") -> ReleaseRef:
        """Name a release of this test."""
        return ReleaseRef(self.namespace, name)

    async def chart(
        self,
        templates: Mapping[str, str],
        values: Values = None,
        *,
        name: str = "app",
        version: str = "1.0.0",
        **more: Any,
    ) -> Chart:
        """Publish a chart and pull it."""
        self.repo.add(name, version, templates, values, **more)
        return await self.pull(name, version)

    async def pull(self, name: str, version: str = "", *, url: str = "", age: float = 0) -> Chart:
        """Pull a chart, asking the repository again."""
        reference = ChartRef(url or self.repo.url, name, version)
        age_allowed = timedelta(seconds=age)
        return await self.engine.pull_chart(reference, max_index_age=age_allowed, deadline=SOON)

    async def install(  # noqa: PLR0913 (all optional)
        self,
        chart: Chart,
        values: Values = None,
        *,
        name: str = "web",
        base: Base | None = None,
        deadline: timedelta = SOON,
        on_phase: OnPhase | None = None,
        **options: Any,
    ) -> Revision:
        """Install."""
        return await self.engine.install(
            self.ref(name),
            chart=chart,
            values=json.dumps(values or {}).encode(),
            base=base or Base(),
            why="installed by a test",
            deadline=deadline,
            options=ActionOptions(**options),
            on_phase=on_phase,
        )

    async def upgrade(
        self,
        over: Revision,
        chart: Chart,
        values: Values = None,
        *,
        deadline: timedelta = SOON,
        on_phase: OnPhase | None = None,
        **options: Any,
    ) -> Revision:
        """Upgrade over a revision."""
        return await self.engine.upgrade(
            over.release,
            chart=chart,
            values=json.dumps(values or {}).encode(),
            base=over.base,
            why="upgraded by a test",
            deadline=deadline,
            options=ActionOptions(**options),
            on_phase=on_phase,
        )

    async def rollback(
        self,
        over: Revision,
        to: int,
        *,
        deadline: timedelta = SOON,
        on_phase: OnPhase | None = None,
        **options: Any,
    ) -> Revision:
        """Go back to an earlier revision."""
        return await self.engine.rollback(
            over.release,
            base=over.base,
            why="rolled back by a test",
            deadline=deadline,
            options=ActionOptions(to_revision=to, **options),
            on_phase=on_phase,
        )

    async def run_tests(
        self,
        of: Revision,
        *,
        deadline: timedelta = SOON,
        on_phase: OnPhase | None = None,
        **options: Any,
    ) -> Revision:
        """Run a revision's test hooks."""
        return await self.engine.test(
            of.release,
            base=of.base,
            why="tested by a test",
            deadline=deadline,
            options=ActionOptions(**options),
            on_phase=on_phase,
        )

    async def uninstall(self, over: Revision, **options: Any) -> None:
        """Uninstall a release whose newest revision is given."""
        await self.engine.uninstall(
            over.release,
            base=over.base,
            why="uninstalled by a test",
            deadline=SOON,
            options=ActionOptions(**options),
        )

    async def statuses(self, name: str = "web") -> list[str]:
        """Read `1 superseded`, `2 deployed`, oldest first."""
        found = await self.engine.history(self.ref(name))
        return [f"{one.number} {one.status}" for one in reversed(found)]

    async def outcome(self, name: str = "web") -> str:
        """Read how the newest revision was ended from outside; empty when it was not."""
        found = await self.engine.get(self.ref(name))
        return found.outcome if found else ""

    async def live(self, name: str, resource: Resource = CONFIG_MAPS) -> dict[str, Any] | None:
        """Read an object of the namespace; None where there is none."""
        try:
            return dict(await self.kube.get(resource, name, self.namespace))
        except NotFound:
            return None

    async def data(self, name: str) -> dict[str, str] | None:
        """Read a ConfigMap's data; None where there is none."""
        found = await self.live(name)
        return None if found is None else found.get("data", {})

    async def stored(self, revision: int, name: str = "web") -> dict[str, Any]:
        """Decode a revision as any helm does."""
        secret = await self.kube.get(
            SECRETS, f"sh.helm.release.v1.{name}.v{revision}", self.namespace
        )
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        return {"secret": secret, "release": json.loads(gzip.decompress(packed))}
