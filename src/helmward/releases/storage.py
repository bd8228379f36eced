"""Helm's storage as it stands now, read from a watch: no request, no release decoded.

The informer follows the metadata of the release Secrets. What our own actions
wrote is laid over it until the watch has caught up, so that a turn never acts
on less than it knows.
"""

import contextlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from helmward.kube.meta import Meta, PartialObject, decode_partial
from helmward.model import CHART, KINDS, NOTHING_SET, OBJECTS, ReleaseRef, Revision, Status
from helmward.runtime.informer import EventType, Informer, Subscriber

SELECTOR = "type=helm.sh/release.v1"
LABELS = "owner=helm"
PREFIX = "sh.helm.release.v1."
BY_RELEASE = "release"
BY_OWNER = "owner"


def decode_revision(document: bytes) -> Revision:
    """Read a release Secret's metadata as a revision; its payload is never asked for."""
    return revision_of(decode_partial(document))


def revision_of(partial: PartialObject) -> Revision:
    """Return the revision that a release Secret's labels and annotations tell of.

    Labels that do not fit its name were changed by somebody: it is nobody's then.
    """
    meta = partial.metadata
    if meta.name != f"{PREFIX}{meta.labels.get('name', '')}.v{_number(meta)}":
        return Revision(ReleaseRef(meta.namespace, ""), 0, Status.UNKNOWN, uid=meta.uid)
    release = ReleaseRef(meta.namespace, meta.labels.get("name", ""))
    status = _status(meta.labels.get("status", ""))
    return Revision(
        release=release,
        number=_number(meta),
        status=status,
        chart=meta.annotations.get(CHART, ""),
        modified=_modified(meta),
        annotations=_kept(meta.annotations, status) or NOTHING_SET,
        uid=meta.uid,
        resource_version=meta.resource_version,
    )


def _kept(annotations: dict[str, str], status: Status) -> dict[str, str]:
    """Leave out the inventory of what is not in force: ten old revisions a release are kept."""
    if status is Status.DEPLOYED:
        return annotations
    return {name: text for name, text in annotations.items() if name not in (KINDS, OBJECTS)}


def _status(label: str) -> Status:
    try:
        return Status(label)
    except ValueError:
        return Status.UNKNOWN


def _number(meta: Meta) -> int:
    with contextlib.suppress(ValueError):
        return int(meta.labels.get("version", ""))
    return 0


def _modified(meta: Meta) -> datetime | None:
    with contextlib.suppress(ValueError):
        return datetime.fromtimestamp(int(meta.labels.get("modifiedAt", "")), UTC)
    return meta.creation_timestamp


class Storage:
    """The revisions of every release, newest knowledge first."""

    def __init__(self, informer: Informer[Revision]) -> None:
        self._informer = informer
        self._store = informer.store
        self._store.add_index(BY_RELEASE, lambda one: (str(one.release),))
        self._store.add_index(BY_OWNER, lambda one: (one.owner,) if one.owner else ())
        self._written: dict[ReleaseRef, dict[int, Revision]] = {}
        self._removed: dict[str, ReleaseRef] = {}
        self._tell: Callable[[Revision, bool], None] = lambda _one, _removed: None
        informer.subscribe(self._catch_up)

    def on_news(self, tell: Callable[[Revision, bool], None]) -> None:
        """Call `tell` for each revision that no action of ours has reported.

        The second argument says whether it was removed. What an action is just
        writing counts as news too: only its session tells.
        """
        self._tell = tell

    def subscribe(self, callback: Subscriber[Revision]) -> None:
        """Tell `callback` of every change that the watch tells of, also of our own."""
        self._informer.subscribe(callback)

    def saw(self, revision: Revision) -> None:
        """Take in what an action of ours wrote, before the watch tells of it."""
        known = self._watched(revision.release).get(revision.number)
        if known is None or _later(revision, known):
            self._written.setdefault(revision.release, {})[revision.number] = revision

    def saw_removed(self, release: ReleaseRef) -> None:
        """Take in that an action of ours removed a release with its history."""
        for one in self.revisions(release):
            self._removed[one.uid] = release
        self._written.pop(release, None)

    def revisions(self, release: ReleaseRef) -> list[Revision]:
        """Return the revisions of a release, newest first."""
        found = self._watched(release)
        for number, one in self._written.get(release, {}).items():
            if number not in found or _later(one, found[number]):
                found[number] = one
        return sorted(found.values(), key=lambda one: -one.number)

    def newest(self, release: ReleaseRef) -> Revision | None:
        """Return the newest revision of a release, if it has one."""
        return next(iter(self.revisions(release)), None)

    def owned(self, owner: str, *, besides: ReleaseRef | None = None) -> list[Revision]:
        """Return the newest revision of each release that a HelmRelease owns, by name."""
        known = {one.release for one in self._store.by_index(BY_OWNER, owner)}
        for release, written in self._written.items():
            if any(one.owner == owner for one in written.values()):
                known.add(release)
        if besides:
            known.discard(besides)
        newest = (self.newest(one) for one in sorted(known))
        return [one for one in newest if one and one.owner == owner]

    def orphans(self) -> Iterable[Revision]:
        """Yield the newest revisions whose HelmRelease went without being let go."""
        marked = (one for one in self._store if one.orphaned)
        return (one for one in marked if self.newest(one.release) == one)

    def pending(self, session: str) -> Iterable[Revision]:
        """Yield the pending revisions that a session claims."""
        return (one for one in self._store if one.status.pending and one.session == session)

    def _watched(self, release: ReleaseRef) -> dict[int, Revision]:
        found = self._store.by_index(BY_RELEASE, str(release))
        return {one.number: one for one in found if one.uid not in self._removed}

    def _catch_up(self, _: EventType, old: Revision | None, new: Revision | None) -> None:
        """Forget what the watch has seen by now; tell of what was not ours."""
        if new is None:
            if old is not None:
                self._gone(old)
            return
        if old is not None and old.release != new.release:
            self._gone(old)
        ours = self._written.get(new.release, {}).get(new.number)
        if ours is None or ours.uid != new.uid:
            self._tell(new, False)
        elif _later(ours, new):
            return
        self._drop(new)

    def _gone(self, old: Revision) -> None:
        self._drop(old)
        if self._removed.pop(old.uid, None) is None:
            self._tell(old, True)

    def _drop(self, revision: Revision) -> None:
        ours = self._written.get(revision.release, {})
        ours.pop(revision.number, None)
        if not ours:
            self._written.pop(revision.release, None)


def _later(one: Revision, other: Revision) -> bool:
    """Compare versions of the storage; the API server promises that they are ordered."""
    return _version(one) > _version(other)


def _version(revision: Revision) -> int:
    return int(revision.resource_version or 0)
