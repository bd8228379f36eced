"""What end-to-end tests share: a chart repository, the CRDs, a running operator."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from helmward.apis import V1
from helmward.kube import Kube
from tests.support.app_chart import make_app
from tests.support.charts import ChartRepo, make_chart
from tests.support.operator import Releases, install_crds, running, settings_for
from tests.support.plane import Plane

CONFIG = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  colour: {{ .Values.colour | quote }}
  version: {{ .Chart.Version | quote }}
"""
BROKEN = '{{ fail (print "no " .Values.colour " today") }}\n'
SLOW_HOOK = """apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-hook
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "busybox:1"}]
"""


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Charts as they are published: `web` in two versions, one broken, one with a hook."""
    folder = tmp_path_factory.mktemp("charts")
    for version in ("1.0.0", "1.1.0"):
        make_chart(folder, "web", version, {"config.yaml": CONFIG}, {"colour": "blue"})
    make_chart(folder, "broken", "1.0.0", {"config.yaml": BROKEN}, {"colour": "blue"})
    templates = {"config.yaml": CONFIG, "hook.yaml": SLOW_HOOK}
    make_chart(folder, "slow", "1.0.0", templates, {"colour": "blue"})
    make_app(folder, "1.0.0", "1.1.0")
    return folder


@pytest.fixture
def repo(charts: Path) -> Iterator[ChartRepo]:
    """The charts over HTTP, with faults to switch on."""
    with ChartRepo(charts) as serving:
        yield serving


@pytest.fixture
async def releases(kube: Kube, namespace: str, repo: ChartRepo) -> Releases:
    """HelmReleases of a fresh namespace; no operator runs yet."""
    await install_crds(kube)
    return Releases(kube, namespace, repo.url)


@pytest.fixture
async def operator(plane: Plane, releases: Releases) -> AsyncIterator[Releases]:
    """The same with a running operator, which also cleans up."""
    async with running(settings_for(plane.kubeconfig)):
        yield releases
        await releases.clear()


@pytest.fixture
def v1(operator: Releases) -> Releases:
    """HelmReleases `helm.fluxcd.io/v1` of the chart `app`."""
    return operator.of("app", resource=V1.resource)


@pytest.fixture
def release(namespace: str) -> str:
    """The default name of the release of a HelmRelease `web`."""
    return f"{namespace}-web"
