"""What wakes a HelmRelease, and what is no news to it."""

from itertools import count
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from helmward.apis.generation import FINALIZER
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


async def test_who_is_let_go_gets_no_turn_before_the_watch_tells(role: ReleaseRole) -> None:
    """It would ask for the same once more; one made anew under the name is another."""
    store, versions = role.kinds._kinds[KEY.api].declared.store, count(2)

    def seen(**changes: Any) -> None:
        one = a_declared(**{"deleting": True, "finalizers": (FINALIZER,)} | changes)
        store.put(Item((KEY.namespace, KEY.name), one.uid, str(next(versions)), one))

    seen()
    assert role._lookup(KEY)
    role._let_go(KEY)
    assert role._lookup(KEY) is None
    seen(finalizers=("of.another",))
    assert role._lookup(KEY)
    seen(uid="anew")
    assert role._lookup(KEY)


async def test_a_deletion_counts_from_when_it_was_first_heard_of(role: ReleaseRole) -> None:
    """Later words about it must not have the API server asked again."""
    before, going = a_declared(), a_declared(deleting=True)
    role._changed(before, going)
    heard = role._deleted[KEY]
    role._changed(going, going)
    assert role._deleted[KEY] == heard
    role._changed(going, a_declared(deleting=True, uid="anew"))
    assert role._deleted[KEY] > heard
    role._changed(going, None)
    assert KEY not in role._deleted
