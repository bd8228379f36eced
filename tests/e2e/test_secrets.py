"""Secret values appear nowhere: planted on every way in, searched for on every way out."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import pytest
import yaml

from helmward.apis import V1, V1BETA1
from helmward.kube import Kube
from helmward.kube.resources import EVENTS, SECRETS
from tests.support.app_chart import JOB
from tests.support.charts import ChartRepo
from tests.support.operator import Releases
from tests.support.operators import OperatorProcess, operator_for
from tests.support.plane import Plane
from tests.support.wait import until

PLANTED: Final = "s3cr3t/Pl4nted+w0rd"
SECOND: Final = 'An0ther:Pl4nted "w0rd" ü'
LINES: Final = "-----BEGIN KEY-----\nMIIEpl4nt3dline1\nMIIEpl4nt3dline2\n-----END KEY-----"
NUMBER: Final = 748392615
FILE: Final = {"token": PLANTED, "other": {"deep": [SECOND, {"key": LINES}]}, "pin": NUMBER}
FORMS: Final = tuple(
    {
        form
        for word in (PLANTED, SECOND, "MIIEpl4nt3dline1", "MIIEpl4nt3dline2", str(NUMBER))
        for form in (
            word,
            base64.b64encode(word.encode()).decode(),
            quote(word, safe=""),
            json.dumps(word)[1:-1],
            json.dumps(word, ensure_ascii=False)[1:-1],
        )
    }
)

LEAKS: Final = {
    "quietly": "",
    # What the chart itself says when it does not render.
    "failing": '{{- fail (printf "no %s" .Values.token) }}',
    "missing": '{{- required (printf "%s needs more" .Values.token) .Values.nothing }}',
    "unparsable": "a: b: {{ .Values.token }}",
    # What the API server says of an object.
    "refused": """
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}-s"}
spec: {clusterIP: "{{ .Values.token }}", ports: [{port: 80}]}
""",
    "misnamed": """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Values.token | quote }}}
""",
    "labelled": """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-l
  labels: {secret: {{ .Values.other.deep | first | quote }}}
""",
    "unknown": """
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-p"}
spec:
  containers: [{name: main, image: "registry.invalid/app:1", {{ .Values.token | quote }}: 1}]
""",
    "badly-encoded": """
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-b"}
data: {token: {{ .Values.token | quote }}}
""",
    "not-a-number": """
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}-n"}
spec: {ports: [{port: {{ .Values.token | quote }}}]}
""",
    # What pods say.
    "hook": JOB.format(name="hook", hooks="pre-install"),
}
HOOK: Final = {"pod": "fails", "exit-code": "7"}
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "token": {"enum": ["only this"]},
        "pin": {"maximum": 5},
        "other": {"properties": {"deep": {"items": {"pattern": "^never$"}}}},
    },
}


@pytest.fixture
def leaky(repo: ChartRepo) -> ChartRepo:
    """One chart for each way that a secret might find out."""
    for name, template in LEAKS.items():
        repo.add(f"leaks-{name}", "1.0.0", {"leak.yaml": template}, {})
    repo.add(
        "leaks-schema", "1.0.0", {"quiet.yaml": ""}, {},
        files={"values.schema.json": json.dumps(SCHEMA)},
    )  # fmt: skip
    return repo


@pytest.fixture
async def helmward(
    plane: Plane, releases: Releases, tmp_path: Path
) -> AsyncIterator[OperatorProcess]:
    """The operator as users run it, all that it says kept."""
    flags = ("--log-level=debug", "--log-release-diffs")
    log = tmp_path / "log"
    async with operator_for(plane, releases.namespace, log, *flags) as process:
        yield process
        await releases.clear()


def values_from(way: str) -> dict[str, Any]:
    """The ways in."""
    reference: dict[str, Any] = {"name": "planted", "key": "values.yaml"}
    if way == "valueFileSecrets":
        return {"valueFileSecrets": [{"name": "planted"}]}
    if way == "optional":
        reference |= {"optional": True}
    return {"valuesFrom": [{"secretKeyRef": reference}]}


@pytest.mark.timeout(280)
@pytest.mark.usefixtures("leaky")
async def test_a_planted_secret_is_found_nowhere(
    kube: Kube, releases: Releases, helmward: OperatorProcess
) -> None:
    """In two generations, on every way in, with charts that tell all they know."""
    await plant(releases, "planted", yaml.safe_dump(FILE))
    broken = f"token: {PLANTED}\n  pin: [{SECOND}\n{LINES}"
    await plant(releases, "broken", broken)
    told: list[tuple[Releases, str]] = []
    ways = ("secretKeyRef", "valueFileSecrets", "optional")
    for number, name in enumerate([*LEAKS, "schema"]):
        generation = (V1, V1BETA1)[number % 2]
        some = releases.of(f"leaks-{name}", resource=generation.resource)
        spec = values_from(ways[number % 3])
        hook = {"hook": HOOK | {"log": f"login with {PLANTED} failed"}} if name == "hook" else {}
        await some.apply(name, timeout=20, values=hook, **spec)
        told.append((some, name))
    reference = {"name": "broken", "key": "values.yaml"}
    for optional in (False, True):
        name = f"broken-{str(optional).lower()}"
        some = releases.of("leaks-failing", resource=V1.resource)
        entry = {"secretKeyRef": reference | {"optional": optional}}
        await some.apply(name, valuesFrom=[entry])
        told.append((some, name))
    for some, name in told:
        await has_said_something(some, name)
        await some.tells(name, "")  # Any event: before it comes there is nothing to search.
    await rotate(releases, helmward)
    assert not leaks("log", helmward.said())
    await search(kube, releases, helmward)


async def plant(releases: Releases, name: str, content: str) -> None:
    document = {"metadata": {"name": name}, "stringData": {"values.yaml": content}}
    await releases.kube.apply(
        {"apiVersion": "v1", "kind": "Secret", **document}
        | {"metadata": {"name": name, "namespace": releases.namespace}},
        resource=SECRETS,
    )


async def has_said_something(releases: Releases, name: str) -> None:
    """Wait until the status speaks of the end of a first try."""

    async def ended() -> bool:
        ready = await releases.condition(name, "Ready")
        return ready.get("status") in {"True", "False"}

    await until(ended, within=60)


async def rotate(releases: Releases, helmward: OperatorProcess) -> None:
    """Change the Secret of a release that is in force: the log shows what changes."""
    quiet = releases.of("leaks-quietly", resource=V1.resource)
    await quiet.ready("quietly")
    await plant(releases, "planted", yaml.safe_dump(FILE | {"token": f"{PLANTED}-rotated", "a": 1}))
    await quiet.annotate("quietly", **{"reconcile.fluxcd.io/requestedAt": "rotated"})

    async def upgraded() -> bool:
        return bool((await quiet.status("quietly")).get("releaseRevision") == 2)

    await until(upgraded, within=30)
    assert "values change" in helmward.said()


def leaks(where: str, text: str) -> list[str]:
    """Return each form of a planted secret that stands in a text, and around what."""
    found = []
    for form in FORMS:
        at = text.find(form)
        if at >= 0:
            found.append(f"{where}: {form!r} in ...{text[max(0, at - 120) : at + 60]!r}")
    return found


async def search(kube: Kube, releases: Releases, helmward: OperatorProcess) -> None:
    """Search all that leaves the process, and what of the cluster is no Secret's content."""
    found: list[str] = []
    async with aiohttp.ClientSession() as web, web.get(f"{helmward.url}/metrics") as answer:
        found += leaks("metrics", await answer.text())
    for resource in (V1.resource, V1BETA1.resource, EVENTS):
        objects, _ = await kube.list(resource, releases.namespace)
        for one in objects:
            one.pop("spec", None)
            one.get("metadata", {}).pop("managedFields", None)
            found += leaks(f"{resource.plural} {one['metadata']['name']}", json.dumps(one))
            found += leaks(resource.plural, json.dumps(one, ensure_ascii=False))
    secrets, _ = await kube.list(SECRETS, releases.namespace)
    found += leaks("metadata of Secrets", json.dumps([one["metadata"] for one in secrets]))
    assert not found, "\n".join(found)


async def test_a_secret_that_is_gone_is_masked_in_what_a_last_hook_says(
    plane: Plane, kube: Kube, releases: Releases, repo: ChartRepo, tmp_path: Path
) -> None:
    """After a restart nobody composes the values of what is deleted; the release knows them."""
    repo.add("last-words", "1.0.0", {"hook.yaml": JOB.format(name="hook", hooks="pre-delete")}, {})
    some = releases.of("last-words", resource=V1.resource)
    await plant(releases, "planted", yaml.safe_dump({"hook": {"log": f"bye {PLANTED}"}}))
    async with operator_for(plane, releases.namespace, tmp_path / "first") as first:
        await some.apply(
            "web",
            timeout=20,
            values={"hook": {"pod": "fails"}},
            **values_from("secretKeyRef"),
        )
        await some.ready("web")
        assert not leaks("log", first.said())
    await kube.delete(SECRETS, "planted", releases.namespace)
    await some.delete("web")
    async with operator_for(plane, releases.namespace, tmp_path / "second") as second:
        await some.says("web", "hook Job/", "***", within=60)
        await some.tells("web", "***")
        assert not leaks("log", second.said())
        await search(kube, releases, second)
        await some.annotate("web", suspend="true")
        await some.gone("web")
