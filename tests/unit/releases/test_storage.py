"""Helm's storage as a watch tells it, with what our own actions wrote laid over."""

import json
from dataclasses import replace
from typing import Any

import pytest

from helmward.kube.meta import decode_partial
from helmward.model import CHART, KINDS, OBJECTS, OWNER, ReleaseRef, Revision, Status
from helmward.releases.storage import Storage, decode_revision
from helmward.runtime.informer import EventType
from helmward.runtime.store import Item, Store
from tests.support.builders import RELEASE, a_revision


class Watch:
    """A store that is fed by hand, as an informer feeds it."""

    def __init__(self) -> None:
        self.store: Store[Revision] = Store()
        self.callbacks: list[Any] = []

    def subscribe(self, callback: Any) -> None:
        self.callbacks.append(callback)

    def tell(self, one: Revision, *, instead_of: Revision | None = None) -> None:
        of = instead_of or one
        name = (of.release.namespace, f"{of.release.name}.v{of.number}")
        self._pass_on(self.store.put(Item(name, one.uid, one.resource_version, one)))

    def remove(self, one: Revision) -> None:
        self._pass_on(
            self.store.remove((one.release.namespace, f"{one.release.name}.v{one.number}"))
        )

    def _pass_on(self, changes: Any) -> None:
        for change in changes:
            for callback in self.callbacks:
                callback(change.type, change.old, change.new)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def foreign() -> list[Revision]:
    return []


@pytest.fixture
def storage(watch: Watch, foreign: list[Revision]) -> Storage:
    made = Storage(watch)  # type: ignore[arg-type]
    made.on_news(lambda one, _removed: foreign.append(one))
    return made


def secret(**labels: str) -> bytes:
    return json.dumps(
        {
            "metadata": {
                "name": "sh.helm.release.v1.web.v2",
                "namespace": "shop",
                "uid": "u",
                "resourceVersion": "7",
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {"name": "web", "owner": "helm", "version": "2", **labels},
                "annotations": {OWNER: "x", CHART: "web-1.0.0"},
            }
        }
    ).encode()


def test_a_release_secret_tells_its_revision() -> None:
    revision = decode_revision(secret(status="deployed", modifiedAt="1767225600"))
    assert (revision.release, revision.number) == (ReleaseRef("shop", "web"), 2)
    assert (revision.status, revision.chart, revision.owner) == (Status.DEPLOYED, "web-1.0.0", "x")
    assert revision.modified is not None
    assert revision.modified.isoformat() == "2026-01-01T00:00:00+00:00"


def test_a_status_of_a_newer_helm_is_unknown() -> None:
    assert decode_revision(secret(status="hibernating")).status is Status.UNKNOWN


@pytest.mark.parametrize("labels", [{"name": "other"}, {"version": "7"}])
def test_a_record_whose_labels_do_not_fit_its_name_is_nobodys(labels: dict[str, str]) -> None:
    """Else it would pass for a release of another name, which is to be uninstalled."""
    revision = decode_revision(secret(status="deployed", **labels))
    assert (revision.release, revision.number) == (ReleaseRef("shop", ""), 0)
    assert not revision.owner


def test_a_record_that_is_nobodys_any_more_counts_as_removed(
    storage: Storage, watch: Watch
) -> None:
    told: list[tuple[int, bool]] = []
    storage.on_news(lambda one, removed: told.append((one.number, removed)))
    before = a_revision(2)
    nobodys = replace(before, release=ReleaseRef("shop", ""), number=0, resource_version="11")
    watch.tell(before)
    watch.tell(nobodys, instead_of=before)
    assert told == [(2, False), (2, True), (0, False)]
    assert storage.newest(RELEASE) is None


def test_a_secret_without_helms_labels_does_not_break_the_list() -> None:
    assert decode_revision(b'{"metadata":{"name":"x","namespace":"y"}}').number == 0
    assert decode_partial(b'{"metadata":{"name":"x"}}').metadata.labels == {}


def test_the_newest_revision_is_the_highest_number(storage: Storage, watch: Watch) -> None:
    """Ten comes after nine, whatever their names sort like."""
    for number in (9, 10, 2):
        watch.tell(a_revision(number, "superseded"))
    assert [one.number for one in storage.revisions(RELEASE)] == [10, 9, 2]


def test_what_we_wrote_counts_before_the_watch_tells(storage: Storage) -> None:
    storage.saw(a_revision(1))
    assert storage.newest(RELEASE) == a_revision(1)


def test_what_we_wrote_is_newer_than_what_the_watch_told_before(
    storage: Storage, watch: Watch
) -> None:
    watch.tell(a_revision(1, "pending-install", resource_version="10"))
    storage.saw(a_revision(1, "deployed", resource_version="12"))
    newest = storage.newest(RELEASE)
    assert newest is not None
    assert newest.status is Status.DEPLOYED


def test_a_late_word_of_the_watch_does_not_undo_what_we_wrote(
    storage: Storage, watch: Watch, foreign: list[Revision]
) -> None:
    storage.saw(a_revision(1, "deployed", resource_version="12"))
    watch.tell(a_revision(1, "pending-install", resource_version="10"))
    newest = storage.newest(RELEASE)
    assert newest is not None
    assert newest.status is Status.DEPLOYED
    assert foreign == []


def test_a_later_change_by_others_counts_and_is_told(
    storage: Storage, watch: Watch, foreign: list[Revision]
) -> None:
    storage.saw(a_revision(1, "deployed", resource_version="12"))
    watch.tell(a_revision(1, "deployed", resource_version="12"))
    assert foreign == []
    theirs = a_revision(2, owner="", digest="", resource_version="20")
    watch.tell(theirs)
    assert storage.newest(RELEASE) == theirs
    assert foreign == [theirs]


def test_what_we_removed_is_gone_before_the_watch_tells(
    storage: Storage, watch: Watch, foreign: list[Revision]
) -> None:
    watch.tell(a_revision(1))
    foreign.clear()
    storage.saw_removed(RELEASE)
    assert storage.newest(RELEASE) is None
    watch.remove(a_revision(1))
    assert foreign == []


def test_what_others_removed_is_told(
    storage: Storage, watch: Watch, foreign: list[Revision]
) -> None:
    """Someone ran `helm uninstall`: the release has to come back."""
    watch.tell(a_revision(1))
    foreign.clear()
    watch.remove(a_revision(1))
    assert [one.number for one in foreign] == [1]
    assert storage.newest(RELEASE) is None


def test_pending_revisions_are_found_by_their_session(storage: Storage, watch: Watch) -> None:
    watch.tell(a_revision(1, "pending-install", session="ops/a"))
    watch.tell(a_revision(2, "deployed", session="ops/a"))
    assert [one.number for one in storage.pending("ops/a")] == [1]
    assert EventType.ADDED == "ADDED"


OTHER = ReleaseRef("shop", "other")


def test_what_a_helmrelease_owns_is_found_by_owner(storage: Storage, watch: Watch) -> None:
    """Also what was only just written, and by the newest revision alone."""
    watch.tell(a_revision(1, "superseded"))
    watch.tell(a_revision(2))
    storage.saw(a_revision(1, release=OTHER))
    me = a_revision().owner
    assert [(one.release, one.number) for one in storage.owned(me)] == [(OTHER, 1), (RELEASE, 2)]
    assert [one.release for one in storage.owned(me, besides=RELEASE)] == [OTHER]


def test_what_another_took_over_is_owned_no_more(storage: Storage, watch: Watch) -> None:
    """Else a rename would uninstall what is now somebody else's."""
    watch.tell(a_revision(1, "superseded"))
    watch.tell(a_revision(2, owner=""))
    assert storage.owned(a_revision().owner) == []


def test_what_was_removed_is_owned_no_more(storage: Storage, watch: Watch) -> None:
    watch.tell(a_revision())
    storage.saw_removed(RELEASE)
    assert storage.owned(a_revision().owner) == []


@pytest.mark.parametrize(("status", "kept"), [("deployed", True), ("superseded", False)])
def test_only_what_is_in_force_keeps_its_inventory(status: str, kept: bool) -> None:
    """Ten old revisions a release would hold a hundred bytes each for nobody."""
    document = json.loads(secret(status=status))
    document["metadata"]["annotations"] |= {KINDS: "v1/ConfigMap", OBJECTS: ""}
    revision = decode_revision(json.dumps(document).encode())

    assert (KINDS in revision.annotations) is (OBJECTS in revision.annotations) is kept
    assert OWNER in revision.annotations
