"""Every change is told once, in words of its own."""

from typing import Any

import pytest

from helmward.demo.narrator import Narrator
from helmward.gitops.report import Kind, SyncEvent
from helmward.kube import Meta, PartialObject
from helmward.runtime.store import EventType

CHANGED = EventType.MODIFIED


class Heard(list[tuple[str, str, str]]):
    """What the audience heard."""

    def say(self, mark: str, subject: str, text: str) -> None:
        self.append((mark, subject, text))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def narrator(heard: Heard) -> Narrator:
    return Narrator(heard.say)


def a_release(
    *, ready: str = "", message: str = "", generation: int = 1, **values: object
) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "message": message}] if ready else []
    return {
        "metadata": {"namespace": "shop", "name": "cart", "generation": generation},
        "spec": {"chart": {"name": "stall", "version": "1.0.0"}, "values": values},
        "status": {
            "observedGeneration": 1,
            "releaseName": "shop-cart",
            "releaseRevision": 1,
            "conditions": conditions,
        },
    }


def a_revision(status: str, *, owner: str = "flux.weave.works/v1beta1:shop/cart") -> PartialObject:
    labels = {"name": "shop-cart", "status": status, "version": "1"}
    annotations = {"helmward.dev/owner": owner} if owner else {}
    return PartialObject(Meta(namespace="shop", labels=labels, annotations=annotations))


def a_workload(have: int, want: int, *, updated: int | None = None) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": "shop-cart"}
    status = {
        "observedGeneration": 1,
        "readyReplicas": have,
        "replicas": want,
        "updatedReplicas": want if updated is None else updated,
    }
    meta = {"namespace": "shop", "name": "shop-cart", "labels": labels, "generation": 1}
    return {"metadata": meta, "spec": {"replicas": want}, "status": status}


def test_a_helmrelease_is_told_from_its_coming_to_its_going(
    narrator: Narrator, heard: Heard
) -> None:
    new, done = a_release(), a_release(ready="True")
    narrator.release(EventType.ADDED, None, new)
    narrator.release(CHANGED, new, done)
    narrator.release(CHANGED, done, a_release(generation=2, replicas=3))
    narrator.release(EventType.DELETED, done, None)

    assert heard == [
        ("do", "shop/cart", "HelmRelease applied: chart stall 1.0.0"),
        ("done", "shop/cart", "Ready: release shop-cart at revision 1"),
        ("do", "shop/cart", "HelmRelease changed: replicas: 3"),
        ("done", "shop/cart", "HelmRelease is gone"),
    ]


def test_trouble_is_told_once_with_its_cause(narrator: Narrator, heard: Heard) -> None:
    before, bad = a_release(), a_release(ready="False", message="no such chart")
    narrator.release(CHANGED, before, bad)
    narrator.release(CHANGED, bad, bad)

    assert heard == [("bad", "shop/cart", "no such chart")]


def test_an_object_that_is_lost_is_told_and_how_soon_it_is_back(heard: Heard) -> None:
    """What comes for the first time is no news: its release is."""
    times = iter((1.0, 5.0, 5.25))
    narrator = Narrator(heard.say, clock=lambda: next(times))
    narrator.revision(EventType.ADDED, None, a_revision("superseded"))
    config = a_workload(0, 0)
    narrator.config(EventType.ADDED, None, config)
    narrator.config(CHANGED, config, config)
    narrator.config(EventType.DELETED, config, None)
    narrator.config(EventType.ADDED, None, config)

    assert heard == [
        ("bad", "shop/cart", "ConfigMap shop-cart was deleted"),
        ("done", "shop/cart", "ConfigMap shop-cart is back after 250 ms"),
    ]


@pytest.mark.parametrize(("status", "mark"), [("True", "bad"), ("False", "done")])
def test_drift_is_told_once_with_what_became_of_it(
    narrator: Narrator, heard: Heard, status: str, mark: str
) -> None:
    before, drifted = a_release(), a_release()
    told = {"type": "Drifted", "status": status, "reason": "Why", "message": "ConfigMap a: deleted"}
    drifted["status"]["conditions"] = [told]
    narrator.release(CHANGED, before, drifted)
    narrator.release(CHANGED, drifted, drifted)

    assert heard == [(mark, "shop/cart", "Why: ConfigMap a: deleted")]


def test_revisions_are_told_by_the_helmrelease_that_owns_them(
    narrator: Narrator, heard: Heard
) -> None:
    pending, done = a_revision("pending-install"), a_revision("deployed")
    narrator.revision(EventType.ADDED, None, pending)
    narrator.revision(CHANGED, pending, pending)
    narrator.revision(CHANGED, pending, done)
    narrator.revision(CHANGED, done, a_revision("superseded"))

    assert heard == [
        ("do", "shop/cart", "Helm installs revision 1"),
        ("done", "shop/cart", "revision 1 is deployed"),
    ]


def test_a_revision_of_a_human_is_told_by_its_release(narrator: Narrator, heard: Heard) -> None:
    narrator.revision(EventType.ADDED, None, a_revision("failed", owner=""))

    assert heard == [("bad", "shop/shop-cart", "revision 1 failed")]


def test_a_workload_is_told_when_all_its_pods_are_ready(narrator: Narrator, heard: Heard) -> None:
    narrator.revision(EventType.ADDED, None, a_revision("superseded"))
    narrator.workload(EventType.ADDED, None, a_workload(1, 2))
    narrator.workload(CHANGED, a_workload(1, 2), a_workload(2, 2))
    narrator.workload(CHANGED, a_workload(2, 2), a_workload(2, 2))

    assert heard == [("done", "shop/cart", "workload ready: 2/2 pods")]


def test_pods_of_the_former_form_do_not_count(narrator: Narrator, heard: Heard) -> None:
    """In mid-rollout there are enough ready pods, but old ones."""
    narrator.workload(CHANGED, None, a_workload(2, 2, updated=1))

    assert heard == []


def test_a_commit_is_told_when_found_and_when_applied_first(
    narrator: Narrator, heard: Heard
) -> None:
    """It is applied again at every interval, which is no news."""
    synced = SyncEvent(Kind.SYNCED, "1234567890", message="5 objects")
    narrator.sync(SyncEvent(Kind.COMMIT_FOUND, "1234567890", message="main"))
    narrator.sync(synced)
    narrator.sync(synced)

    assert heard == [
        ("do", "git sync", "found commit 1234567 on branch main"),
        ("done", "git sync", "applied commit 1234567: 5 objects"),
    ]


def test_a_commit_that_cannot_be_read_is_told_with_its_cause(
    narrator: Narrator, heard: Heard
) -> None:
    narrator.sync(SyncEvent(Kind.FAILED, "1234567890", message="cart.yaml:3: no YAML"))

    assert heard == [("bad", "git sync", "cart.yaml:3: no YAML")]
