"""Turns changes in the cluster into the lines of the story.

Called by the informers. Says what happened, in the order in which it did;
what ought to happen is the story's affair.
"""

import time
from collections.abc import Callable
from typing import Final

from helmward.demo.cluster import Cluster, Document, condition, pods_ready, ready
from helmward.gitops.report import Kind, SyncEvent
from helmward.kube import PartialObject
from helmward.model import OWNER, Status
from helmward.runtime.store import EventType

Say = Callable[[str, str, str], None]
GIT: Final = "git sync"
_WORKING = {
    Status.PENDING_INSTALL: "Helm installs revision",
    Status.PENDING_UPGRADE: "Helm upgrades to revision",
    Status.PENDING_ROLLBACK: "Helm rolls back to revision",
    Status.UNINSTALLING: "Helm uninstalls revision",
}


class Narrator:
    """Tells of every HelmRelease what becomes of it, once each."""

    def __init__(self, say: Say, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._subjects: dict[tuple[str, str], str] = {}
        self._synced = ""
        self._lost: dict[str, float] = {}

    def listen(self, cluster: Cluster) -> None:
        """Begin to tell, what is there already first."""
        cluster.revisions.subscribe(self.revision)
        cluster.releases.subscribe(self.release)
        cluster.workloads.subscribe(self.workload)
        cluster.configs.subscribe(self.config)

    def sync(self, event: object) -> None:
        """Tell what the git role does; a commit that is merely applied again is no news."""
        match event:
            case SyncEvent(Kind.COMMIT_FOUND, commit, message=branch):
                self._say("do", GIT, f"found commit {commit[:7]} on branch {branch}")
            case SyncEvent(Kind.SYNCED, commit, message=count) if commit != self._synced:
                self._synced = commit
                self._say("done", GIT, f"applied commit {commit[:7]}: {count}")
            case SyncEvent(Kind.APPLIED, object=found, healed=True):
                self._say("done", GIT, f"healed {found}")
            case SyncEvent(Kind.REFUSED | Kind.FAILED, message=cause):
                self._say("bad", GIT, cause)

    def release(self, _: EventType, old: Document | None, new: Document | None) -> None:
        """Tell what became of a HelmRelease."""
        if new is None:
            if old:
                self._say("done", _name(old), "HelmRelease is gone")
            return
        subject, metadata = _name(new), new["metadata"]
        if old is None:
            self._say("do", subject, f"HelmRelease applied: {_chart(new)}")
        elif old["metadata"]["generation"] != metadata["generation"]:
            if metadata.get("deletionTimestamp"):
                self._say("do", subject, "HelmRelease is being deleted")
            else:
                self._say("do", subject, f"HelmRelease changed: {_difference(old, new)}")
        if ready(new) and not (old and ready(old)):
            self._say("done", subject, f"Ready: {_outcome(new)}")
        if (drift := _drift(new)) and not (old and _drift(old) == drift):
            mark, text = drift
            self._say(mark, subject, text)
        if (trouble := _trouble(new)) and not (old and _trouble(old) == trouble):
            self._say("bad", subject, trouble)

    def revision(self, _: EventType, old: PartialObject | None, new: PartialObject | None) -> None:
        """Tell what became of a revision in Helm's storage."""
        if new is None:
            return
        labels = new.metadata.labels
        before = old.metadata.labels.get("status") if old else None
        status, number = labels.get("status", ""), labels.get("version", "?")
        subject = self._subject(new)
        if status == before:
            return
        if status in _WORKING:
            self._say("do", subject, f"{_WORKING[Status(status)]} {number}")
        elif status == Status.DEPLOYED:
            self._say("done", subject, f"revision {number} is deployed")
        elif status == Status.FAILED:
            self._say("bad", subject, f"revision {number} failed")

    def workload(self, _: EventType, old: Document | None, new: Document | None) -> None:
        """Tell when all pods of a Deployment are ready."""
        if new is None:
            return
        have, want = pods_ready(new)
        if have == want and not (old and pods_ready(old) == (have, want)):
            self._say("done", self._owner(new), f"workload ready: {have}/{want} pods")

    def config(self, _: EventType, old: Document | None, new: Document | None) -> None:
        """Tell when a ConfigMap of a release goes, and how long it takes to come back."""
        found = new or old
        if found is None or (old and new):
            return
        name, now = _name(found), self._clock()
        text = f"ConfigMap {found['metadata']['name']}"
        if new is None:
            self._lost[name] = now
            self._say("bad", self._owner(found), f"{text} was deleted")
        elif (since := self._lost.pop(name, None)) is not None:
            self._say(
                "done", self._owner(found), f"{text} is back after {(now - since) * 1000:.0f} ms"
            )

    def _subject(self, revision: PartialObject) -> str:
        """Return the HelmRelease that a revision belongs to, and remember it."""
        meta = revision.metadata
        release = (meta.namespace, meta.labels.get("name", meta.name))
        owner = meta.annotations.get(OWNER, "").partition(":")[2]
        return self._subjects.setdefault(release, owner or "/".join(release))

    def _owner(self, made: Document) -> str:
        """Return the HelmRelease whose release made an object."""
        meta = made["metadata"]
        release = meta.get("labels", {}).get("app.kubernetes.io/instance", meta["name"])
        return self._subjects.get((meta["namespace"], release), _name(made))


def _name(document: Document) -> str:
    return f"{document['metadata']['namespace']}/{document['metadata']['name']}"


def _chart(release: Document) -> str:
    chart = release["spec"]["chart"]
    return f"chart {chart['name']} {chart['version']}"


def _difference(old: Document, new: Document) -> str:
    """Return which of the spec's fields and values changed, and to what."""
    before, after = _flat(old), _flat(new)
    changed = (name for name in after if after[name] != before.get(name))
    dropped = (f"{name} dropped" for name in before if name not in after)
    return ", ".join((*(f"{name}: {after[name]}" for name in changed), *dropped))


def _flat(release: Document) -> dict[str, object]:
    spec = release["spec"]
    chart = {f"chart {name}": value for name, value in spec["chart"].items()}
    return {**chart, **spec.get("values", {})}


def _outcome(release: Document) -> str:
    status = release["status"]
    return f"release {status['releaseName']} at revision {status.get('releaseRevision')}"


def _drift(release: Document) -> tuple[str, str] | None:
    """Return what a HelmRelease says of changes by others, and how to mark it."""
    told = condition(release, "Drifted")
    mark = "bad" if told.get("status") == "True" else "done"
    return (mark, f"{told['reason']}: {told['message']}") if told else None


def _trouble(release: Document) -> str:
    """Return why a HelmRelease is not Ready, if it says so for its newest spec."""
    told = condition(release, "Ready")
    return str(told.get("message", "")) if told.get("status") == "False" else ""
