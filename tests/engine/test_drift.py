"""What differs of a release's objects, who did it, and how it is put right."""

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helmward.engine import WriterId
from helmward.errors import Conflict, SessionLost, SpecInvalid
from helmward.kube.resources import CONFIG_MAPS, SECRETS, Resource
from helmward.model import (
    KINDS,
    OBJECTS,
    Divergence,
    Drift,
    DriftTarget,
    IgnoreRule,
    ObjectRef,
    Revision,
)
from tests.support.helm import SOON, Helm, config_map
from tests.support.kubectl import Kubectl
from tests.support.plane import Plane

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {tier: front}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        env: [{name: COLOUR, value: red}, {name: DB_PASSWORD, value: hunter2}]
        ports: [{containerPort: 80}, {containerPort: 443, name: tls}]
      - {name: side, image: side:1}
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pin: '1234'}\n"


async def installed(helm: Helm, **more: str) -> Revision:
    """Install a Deployment and a ConfigMap."""
    templates = {"w.yaml": DEPLOYMENT, "c.yaml": config_map("c", a="1", b="2")} | more
    return await helm.install(await helm.chart(templates))


async def look(helm: Helm, revision: Revision, **how: Any) -> Drift:
    how.setdefault("deadline", SOON)
    return await helm.engine.drift(revision.release, base=revision.base, **how)


def told(found: Iterable[Divergence]) -> list[str]:
    """Read `Kind name: path desired -> live (manager)`, `gone` and problems."""
    words: list[str] = []
    for one in found:
        name = one.object.brief
        words += [f"{name}: gone"] if one.gone else []
        words += [f"{name}: {one.problem}"] if one.problem else []
        words += [
            f"{name}: {change.path} {change.desired or '-'} -> {change.live or '-'}"
            f" ({change.author.manager if change.author else 'nobody'})"
            for change in one.changes
        ]
    return sorted(words)


@pytest.fixture
def kubectl(plane: Plane, namespace: str) -> Kubectl:
    return Kubectl(plane.kubeconfig, namespace)


async def edit(kubectl: Kubectl, what: str, *changes: dict[str, Any]) -> None:
    """Change an object in the name of somebody."""
    patch = json.dumps(changes)
    await kubectl("patch", what, "--type=json", f"--patch={patch}", "--field-manager=alice")


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def take(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


BOX = "/spec/template/spec/containers"
WEB, MAP = "deployment/web", "configmap/c"
EDITS: list[Any] = [
    pytest.param(WEB, put("/spec/replicas", 3), "/spec/replicas 1 -> 3 (alice)", id="a number"),
    pytest.param(
        WEB,
        put(f"{BOX}/0/image", "web:2"),
        f'{BOX}/0/image "web:1" -> "web:2" (alice)',
        id="in an item",
    ),
    pytest.param(WEB, take(f"{BOX}/1"), f'{BOX}/1 "(6 fields)" -> - (nobody)', id="an item"),
    pytest.param(
        WEB,
        put("/metadata/labels/tier", "back"),
        '/metadata/labels/tier "front" -> "back" (alice)',
        id="a label",
    ),
    pytest.param(
        WEB,
        take("/metadata/labels/app.kubernetes.io~1managed-by"),
        '/metadata/labels/app.kubernetes.io~1managed-by "Helm" -> - (nobody)',
        id="a mark",
    ),
    pytest.param(MAP, put("/data/a", "9"), '/data/a "1" -> "9" (alice)', id="a key"),
    pytest.param(MAP, take("/data/b"), '/data/b "2" -> - (nobody)', id="a key that goes"),
    pytest.param(
        WEB,
        put(f"{BOX}/0/env/1/value", "stolen"),
        f'{BOX}/0/env/1/value "***" -> "***" (alice)',
        id="what may be secret",
    ),
    pytest.param(
        MAP,
        put("/data/a", "x" * 65),
        '/data/a "1" -> "(65 characters)" (alice)',
        id="what is long",
    ),
]


@pytest.mark.parametrize(("what", "change", "says"), EDITS)
async def test_what_was_changed_is_told_and_put_right(
    helm: Helm, kubectl: Kubectl, what: str, change: dict[str, Any], says: str
) -> None:
    """By whom, when and how; in the same look or in a later one; and then no more."""
    revision = await installed(helm)
    started = datetime.now(UTC) - timedelta(seconds=1)
    await edit(kubectl, what, change)
    seen = await look(helm, revision)
    mended = await look(helm, revision, correct=True)
    for drift in (seen, mended):
        [one] = told(drift.found)
        assert one.partition(": ")[2] == says
    assert not seen.found[0].corrected
    assert mended.found[0].corrected
    author = seen.found[0].changes[0].author
    assert author is None or (author.operation == "Update" and author.at >= started)
    assert (await look(helm, revision)).found == ()


async def test_what_others_add_is_theirs(helm: Helm, kubectl: Kubectl) -> None:
    """A sidecar, a label, a key: also while something else is put right."""
    revision = await installed(helm)
    sidecar = {"name": "injected", "image": "injected:1"}
    await edit(kubectl, WEB, put(f"{BOX}/0", sidecar), put("/metadata/labels/extra", "1"))
    await edit(kubectl, MAP, put("/data/mine", "1"))
    assert (await look(helm, revision)).found == ()
    await edit(kubectl, WEB, put(f"{BOX}/1/image", "web:2"), put("/spec/paused", True))
    assert told((await look(helm, revision, correct=True)).found) == [
        f'Deployment web: {BOX}/1/image "web:1" -> "web:2" (alice)'
    ]
    live = await helm.kube.get(DEPLOYMENTS, "web", helm.namespace)
    names = [one["name"] for one in live["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["injected", "side", "web"]
    assert (live["metadata"]["labels"]["extra"], live["spec"]["paused"]) == ("1", True)


async def test_what_is_gone_comes_back(helm: Helm) -> None:
    revision = await installed(helm)
    await helm.kube.delete(CONFIG_MAPS, "c", helm.namespace)
    assert told((await look(helm, revision)).found) == ["ConfigMap c: gone"]
    assert await helm.data("c") is None
    drift = await look(helm, revision, correct=True)
    assert [(one.gone, one.corrected) for one in drift.found] == [(True, True)]
    assert await helm.data("c") == {"a": "1", "b": "2"}
    live = await helm.live("c")
    assert live is not None
    assert live["metadata"]["annotations"]["meta.helm.sh/release-name"] == "web"
    assert await helm.statuses() == ["1 deployed"]


async def test_only_the_objects_named_are_looked_at(helm: Helm, kubectl: Kubectl) -> None:
    """What is not the release's is left out without a word."""
    revision = await installed(helm)
    await edit(kubectl, MAP, put("/data/a", "9"))
    web = ObjectRef("apps/v1", "Deployment", helm.namespace, "web")
    other = ObjectRef("v1", "ConfigMap", helm.namespace, "other")
    before = (await helm.engine.stats()).api_requests
    drift = await look(helm, revision, objects=[web, other])
    assert (drift.found, drift.looked, drift.kinds, drift.objects) == ((), 1, "", "")
    assert (await helm.engine.stats()).api_requests - before == 2
    there = ObjectRef("v1", "ConfigMap", helm.namespace, "c")
    before = (await helm.engine.stats()).api_requests
    assert (await look(helm, revision, objects=[there], correct=True)).found[0].corrected
    assert (await helm.engine.stats()).api_requests - before == 5


async def test_a_look_at_all_tells_what_the_secret_should_say(
    helm: Helm, kubectl: Kubectl
) -> None:
    """Of what is not as it should be: what it would be, so that it stays suspect."""
    revision = await installed(helm)
    said = (revision.annotations[KINDS], revision.annotations[OBJECTS])
    drift = await look(helm, revision)
    assert (drift.kinds, drift.objects) == said
    await edit(kubectl, MAP, put("/data/a", "9"))
    drift = await look(helm, revision)
    assert (drift.kinds, drift.objects) == said
    drift = await look(helm, revision, correct=True)
    assert (drift.kinds, drift.objects) == said


async def test_a_secret_is_put_right_and_never_shown(helm: Helm, kubectl: Kubectl) -> None:
    """Also one written as text, which the API server keeps under another name."""
    revision = await installed(helm, **{"s.yaml": SECRET})
    await edit(kubectl, "secret/s", put("/data/pin", base64.b64encode(b"9999").decode()))
    drift = await look(helm, revision, correct=True)
    assert told(drift.found) == ['Secret s: /data/pin "***" -> "***" (alice)']
    live = await helm.live("s", SECRETS)
    assert live is not None
    assert base64.b64decode(live["data"]["pin"]) == b"1234"
    assert "1234" not in str(helm.logs)


async def test_a_key_of_a_secret_that_the_chart_drops_goes(helm: Helm) -> None:
    """Written as text it would stay, ours by a name that it does not have."""
    revision = await installed(helm, **{"s.yaml": SECRET.replace("'}", "', old: x}")})
    chart = await helm.chart({"s.yaml": SECRET}, version="2.0.0")
    await helm.upgrade(revision, chart)
    live = await helm.live("s", SECRETS)
    assert live is not None
    assert set(live["data"]) == {"pin"}


