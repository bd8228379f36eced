"""What differs of a release's objects, who did it, and how it is put right."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import KINDS, OBJECTS, ObjectRef
from tests.support.drifting import BOX, MAP, WEB, Drifting, put, take, told

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pin: '1234'}\n"
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
    drifting: Drifting, what: str, change: dict[str, Any], says: str
) -> None:
    """By whom, when and how; in the same look or in a later one; and then no more."""
    revision = await drifting.install()
    started = datetime.now(UTC) - timedelta(seconds=1)
    await drifting.edit(what, change)
    seen = await drifting.look(revision)
    mended = await drifting.look(revision, correct=True)
    for drift in (seen, mended):
        [one] = told(drift.found)
        assert one.partition(": ")[2] == says
    assert not seen.found[0].corrected
    assert mended.found[0].corrected
    author = seen.found[0].changes[0].author
    if author is not None:
        assert author.operation == "Update"
        assert author.at is not None
        assert author.at >= started
    assert (await drifting.look(revision)).found == ()


async def test_what_others_add_is_theirs(drifting: Drifting) -> None:
    """A sidecar, a label, a key: also while something else is put right."""
    revision = await drifting.install()
    sidecar = {"name": "injected", "image": "injected:1"}
    await drifting.edit(WEB, put(f"{BOX}/0", sidecar), put("/metadata/labels/extra", "1"))
    await drifting.edit(MAP, put("/data/mine", "1"))
    assert (await drifting.look(revision)).found == ()
    await drifting.edit(WEB, put(f"{BOX}/1/image", "web:2"), put("/spec/paused", True))
    assert told((await drifting.look(revision, correct=True)).found) == [
        f'Deployment web: {BOX}/1/image "web:1" -> "web:2" (alice)'
    ]
    live = await drifting.web()
    names = [one["name"] for one in live["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["injected", "side", "web"]
    assert (live["metadata"]["labels"]["extra"], live["spec"]["paused"]) == ("1", True)


async def test_what_is_gone_comes_back(drifting: Drifting) -> None:
    revision = await drifting.install()
    await drifting.kube.delete(CONFIG_MAPS, "c", drifting.namespace)
    assert told((await drifting.look(revision)).found) == ["ConfigMap c: gone"]
    assert await drifting.helm.data("c") is None
    drift = await drifting.look(revision, correct=True)
    assert [(one.gone, one.corrected) for one in drift.found] == [(True, True)]
    assert await drifting.helm.data("c") == {"a": "1", "b": "2"}
    live = await drifting.helm.live("c")
    assert live is not None
    assert live["metadata"]["annotations"]["meta.helm.sh/release-name"] == "web"
    assert await drifting.helm.statuses() == ["1 deployed"]


async def test_only_the_objects_named_are_looked_at(drifting: Drifting) -> None:
    """What is not the release's is left out without a word."""
    revision = await drifting.install()
    await drifting.edit(MAP, put("/data/a", "9"))
    web = ObjectRef("apps/v1", "Deployment", drifting.namespace, "web")
    other = ObjectRef("v1", "ConfigMap", drifting.namespace, "other")
    before = await drifting.requests()
    drift = await drifting.look(revision, objects=[web, other])
    assert (drift.found, drift.looked, drift.kinds, drift.objects) == ((), 1, "", "")
    assert await drifting.requests() - before == 2
    there = ObjectRef("v1", "ConfigMap", drifting.namespace, "c")
    before = await drifting.requests()
    assert (await drifting.look(revision, objects=[there], correct=True)).found[0].corrected
    assert await drifting.requests() - before == 5


async def test_a_look_at_all_tells_what_the_secret_should_say(drifting: Drifting) -> None:
    """Of what is not as it should be: what it would be, so that it stays suspect."""
    revision = await drifting.install()
    said = (revision.annotations[KINDS], revision.annotations[OBJECTS])
    drift = await drifting.look(revision)
    assert (drift.kinds, drift.objects) == said
    await drifting.edit(MAP, put("/data/a", "9"))
    drift = await drifting.look(revision)
    assert (drift.kinds, drift.objects) == said
    drift = await drifting.look(revision, correct=True)
    assert (drift.kinds, drift.objects) == said


async def test_a_secret_is_put_right_and_never_shown(drifting: Drifting) -> None:
    """Also one written as text, which the API server keeps under another name."""
    revision = await drifting.install(**{"s.yaml": SECRET})
    await drifting.edit("secret/s", put("/data/pin", base64.b64encode(b"9999").decode()))
    drift = await drifting.look(revision, correct=True)
    assert told(drift.found) == ['Secret s: /data/pin "***" -> "***" (alice)']
    live = await drifting.helm.live("s", SECRETS)
    assert live is not None
    assert base64.b64decode(live["data"]["pin"]) == b"1234"
    assert "1234" not in str(drifting.helm.logs)


async def test_a_key_of_a_secret_that_the_chart_drops_goes(drifting: Drifting) -> None:
    """Written as text it would stay, ours by a name that it does not have."""
    revision = await drifting.install(**{"s.yaml": SECRET.replace("'}", "', old: x}")})
    chart = await drifting.helm.chart({"s.yaml": SECRET}, version="2.0.0")
    await drifting.helm.upgrade(revision, chart)
    live = await drifting.helm.live("s", SECRETS)
    assert live is not None
    assert set(live["data"]) == {"pin"}
