"""What the engine notes of its objects is what a watch shows of them, whatever they are."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from helmward.kube.resources import CONFIG_MAPS, DEPLOYMENTS
from helmward.model import OWNER, Revision
from tests.support.builders import KEY
from tests.support.helm import Helm, config_map
from tests.support.objects import crd
from tests.support.released import Watcher, watching
from tests.support.wait import until

SOON = timedelta(seconds=10)
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: registry.invalid/app:1
        env:
        - {name: "A<B>&C'\\"", value: odd}
        - {name: PLAIN, value: "1"}
        ports: [{containerPort: 8080}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web, annotations: {example.com/note: "<é&>"}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
"""
AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 3
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: {a: b}
"""


def custom(group: str) -> str:
    """Return an object whose keys need every escape that JSON has."""
    return (
        f"apiVersion: {group}/v1\nkind: Thing\nmetadata: {{name: web}}\n"
        'spec: {"é<&>\\u2028": {"b\\"\\\\\\t": 1}, z: [x, y], a: {deep: true}}\n'
    )


@pytest.fixture
async def watcher(helm: Helm) -> AsyncIterator[Watcher]:
    async with watching(helm.kube, helm.namespace) as made:
        yield made


async def owned(helm: Helm, revision: Revision) -> Revision:
    """Say that a HelmRelease has the revision."""
    return await helm.engine.annotate(
        revision.release, base=revision.base, annotations={OWNER: KEY.owner}, deadline=SOON
    )


async def followed(watcher: Watcher, revision: Revision, *kinds: str) -> None:
    for kind in kinds:
        await watcher.sees(kind)
    await until(lambda: watcher.newest(revision.release).number == revision.number)


async def test_what_was_just_written_is_no_suspect(helm: Helm, watcher: Watcher) -> None:
    """Objects of many kinds, with keys of every sort, after an install, an upgrade, a rollback."""
    group = f"{helm.namespace}.example.com"
    templates = {
        "config.yaml": config_map("web", a="{{ .Values.replicas }}"),
        "workload.yaml": WORKLOAD,
        "service.yaml": SERVICE,
        "role.yaml": ROLE,
        "scaler.yaml": AUTOSCALER,
        "secret.yaml": SECRET,
        "custom.yaml": custom(group),
    }
    chart = await helm.chart(
        templates, {"replicas": 1}, files={"crds/things.yaml": crd("things", "Thing", group)}
    )
    kinds = ("ConfigMap", "Deployment.apps", "Service", "Secret", f"Thing.{group}")
    revision = await owned(helm, await helm.install(chart))
    await followed(watcher, revision, *kinds)
    installed = await at_rest(watcher, revision)
    revision = await owned(helm, await helm.upgrade(revision, chart, {"replicas": 2}))
    await followed(watcher, revision)
    upgraded = await at_rest(watcher, revision)
    revision = await owned(helm, await helm.rollback(revision, 1))
    await followed(watcher, revision)

    assert installed == upgraded == await at_rest(watcher, revision) == (set(), False)
    assert watcher.in_sight() == 7.0


async def at_rest(watcher: Watcher, revision: Revision) -> tuple[set[str], bool]:
    """Return who is doubted, given no moment to be seen as written."""

    def is_judged() -> bool:
        kept = watcher.awake._followed.get(revision.release)
        return kept is not None and (kept.revision, kept.fresh_until) == (revision.uid, 0.0)

    await until(is_judged)
    return watcher.suspects(revision.release), watcher.awake.unknown(revision)


async def test_what_is_put_right_is_no_suspect_any_more(helm: Helm, watcher: Watcher) -> None:
    """An edit and a deletion are seen, and so is that the engine undid them."""
    templates = {"config.yaml": config_map("web", a="1"), "workload.yaml": WORKLOAD}
    chart = await helm.chart(templates, {"replicas": 0})
    revision = await owned(helm, await helm.install(chart))
    await followed(watcher, revision, "ConfigMap", "Deployment.apps")
    namespace = helm.namespace
    await until(lambda: watcher.in_sight() == 2.0)
    await helm.kube.patch(DEPLOYMENTS, "web", namespace, {"spec": {"replicas": 2}})
    await helm.kube.delete(CONFIG_MAPS, "web", namespace)
    await until(lambda: len(watcher.awake.suspects(watcher.newest(revision.release))) == 2)
    newest = watcher.newest(revision.release)
    suspects = watcher.awake.suspects(newest)
    mark = watcher.awake.mark(newest, suspects)
    drift = await helm.engine.drift(
        revision.release, base=newest.base, objects=suspects, correct=True, deadline=SOON
    )
    watcher.awake.settle(mark)
    await until(lambda: watcher.in_sight() == 2.0)

    assert [one.corrected for one in drift.found] == [True, True]
    await until(lambda: not watcher.suspects(revision.release))
    assert not watcher.awake.unknown(newest)
