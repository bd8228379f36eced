"""What wakes a HelmRelease, and what is no news to it."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from helmward.charts import Charts
from helmward.kube import ClusterConfig, Kube
from helmward.model import Dependency
from helmward.releases.beside import Acting
from helmward.releases.role import Parts, ReleaseRole
from helmward.runtime.events import EventRecorder
from helmward.runtime.lease import Session
from helmward.runtime.sessions import Sessions
from helmward.runtime.store import Item
from helmward.settings import ReleaseSettings
from tests.support.builders import KEY, a_declared, a_revision

OURS = "ops/helmward-me"
DEPENDS = (Dependency("spec.dependsOn[0]", "shop", "db"),)


@pytest.fixture
async def role() -> ReleaseRole:
    """A role that declares one release and has not been started."""
    kube = Kube(ClusterConfig("https://127.0.0.1:1"))
    engine: Any = None
    parts = Parts(
        kube,
        engine,
        Sessions(kube, None),
        EventRecorder(kube),
        CollectorRegistry(),
        ReleaseSettings(),
        Charts(engine),
    )
    made = ReleaseRole(parts)
    made._session = Session(kube, "ops")
    made._session.lease = "helmward-me"
    store = made.kinds._kinds[KEY.api].declared.store
    store.put(Item((KEY.namespace, KEY.name), "uid", "1", a_declared()))
    return made


@pytest.mark.parametrize(
    ("session", "acting", "removed", "woken"),
    [
        pytest.param(OURS, True, False, 0, id="what an action of ours is just writing"),
        pytest.param(OURS, False, False, 1, id="our revision, changed by somebody"),
        pytest.param("", True, False, 1, id="a human's helm"),
        pytest.param("ops/other", True, False, 1, id="another operator"),
        pytest.param(OURS, True, True, 1, id="our revision, removed by somebody"),
    ],
)
async def test_a_written_revision_wakes_unless_it_is_ours(
    role: ReleaseRole, session: str, acting: bool, removed: bool, woken: int
) -> None:
    """Else each action would be followed by a turn that finds nothing."""
    if acting:
        role._actions._acting[KEY] = Acting(a_declared(), role._reporter)
    role._written(a_revision(session=session), removed)
    assert len(role._queue) == woken


@pytest.mark.parametrize(
    ("change", "at_once"),
    [
        pytest.param({}, True, id="that depends on nothing"),
        pytest.param({"depends_on": DEPENDS}, False, id="that depends on another"),
        pytest.param({"depends_on": DEPENDS, "deleting": True}, True, id="that is deleted"),
    ],
)
async def test_a_changed_resource_is_looked_at(
    role: ReleaseRole, change: dict[str, Any], at_once: bool
) -> None:
    """One that depends on another a moment later: both may be changed by one commit."""
    old, new = a_declared(), a_declared(generation=2, **change)
    role._changed(old, new)
    assert (len(role._queue), role._queue.delayed) == ((1, 0) if at_once else (0, 1))
    role._queue.forget(KEY)
