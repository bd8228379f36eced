"""How a sync reads: conditions, spec, events, figures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from helmward.apis.gitsync import APPROVE, Wishes, wishes_of
from helmward.gitops.build import ObjectId
from helmward.gitops.herald import Words, words_of
from helmward.gitops.meters import GitMeters
from helmward.gitops.report import (
    Brake,
    Kind,
    PathReport,
    Refusal,
    Reporter,
    SyncEvent,
    SyncReport,
)
from helmward.gitops.snapshot import Commit
from helmward.gitops.standing import LONGEST, conditions, spec_of, standing, status_of
from helmward.model import REQUESTED_AT, SUSPEND, Stage
from helmward.settings import PathSettings, PruneSettings, RefSettings, RepositorySettings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SHA = "5e6f7a8b9c0d"
WEB = ObjectId("apps", "Deployment", "shop", "web")
REFUSED = Refusal(WEB, "web.yaml:3", "Invalid", "no replicas")
FINE = SyncReport(SHA, "main", applied=42)
BRAKE = Brake("tok", "Too many.", ("ConfigMap shop/a",), 1)
BROKEN = PathReport("team", "0abc", 3, "team/a.yaml:3: no YAML", "SourceRejected")
BUILDS = PathReport("other", "0abc", 3, "ConfigMap shop/vars is not there", "NotFound")

STANDINGS = {
    "nothing yet": (SyncReport(), Stage.WORKING, "Progressing"),
    "all in force": (FINE, Stage.READY, "Synced"),
    "git is away": (
        replace(FINE, error="no route", reason="SourceUnavailable"),
        Stage.WAITING,
        "SourceUnavailable",
    ),
    "the commit is broken": (
        replace(FINE, error="a.yaml:3: no YAML", reason="SourceRejected"),
        Stage.STALLED,
        "SourceRejected",
    ),
    "one path is broken": (replace(FINE, paths=(BROKEN,)), Stage.STALLED, "SourceRejected"),
    "one path waits": (replace(FINE, paths=(BUILDS,)), Stage.WAITING, "NotFound"),
    "an object is refused": (replace(FINE, refused=(REFUSED,)), Stage.WAITING, "ObjectsRefused"),
    "a removal waits": (replace(FINE, braked=BRAKE), Stage.STALLED, "PruneHeld"),
}


@pytest.mark.parametrize("case", STANDINGS)
def test_how_a_sync_stands(case: str) -> None:
    report, stage, reason = STANDINGS[case]
    found = standing(report)

    assert (found.stage, found.reason) == (stage, reason)
    assert found.message


def test_what_needs_somebody_comes_before_what_heals() -> None:
    """Both are true; only one of them is worth getting up for."""
    away = replace(FINE, error="no route", reason="SourceUnavailable", braked=BRAKE)

    assert standing(away).reason == "PruneHeld"


def by_type(report: SyncReport, wishes: Wishes | None = None) -> dict[str, str]:
    found = conditions(report, wishes or Wishes(), 1, (), NOW)
    return {one.type: one.status for one in found}


def test_conditions_follow_kstatus() -> None:
    rows = {
        "nothing yet": ("Unknown", "True", "False"),
        "all in force": ("True", "False", "False"),
        "git is away": ("False", "True", "False"),
        "the commit is broken": ("False", "False", "True"),
    }
    for case, (ready, reconciling, stalled) in rows.items():
        wanted = {"Ready": ready, "Reconciling": reconciling, "Stalled": stalled}
        assert by_type(STANDINGS[case][0]) == wanted, case


def test_suspended_is_told_beside_the_rest() -> None:
    """How it stood when it was suspended stays to be seen."""
    assert by_type(FINE, Wishes(suspended=True)) == {
        "Ready": "True",
        "Reconciling": "False",
        "Stalled": "False",
        "Suspended": "True",
    }


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    before = conditions(FINE, Wishes(), 1, (), NOW)
    later = NOW + timedelta(hours=1)
    same = conditions(replace(FINE, applied=43), Wishes(), 1, before, later)
    other = conditions(replace(FINE, refused=(REFUSED,)), Wishes(), 1, before, later)

    assert [one.last_transition_time for one in same] == [NOW, NOW, NOW]
    times = {one.type: one.last_transition_time for one in other}
    assert times == {"Ready": later, "Reconciling": later, "Stalled": NOW}


def test_a_status_has_bounds() -> None:
    """Thousands of refused objects, and messages as long as a server likes."""
    many = tuple(replace(REFUSED, message="x" * 5000) for _ in range(3000))
    status = status_of(replace(FINE, refused=many), Wishes(), 1, (), NOW)

    assert len(status.refused) == 20
    assert len(status.refused[0].message) == LONGEST
    assert status.objects
    assert status.objects.refused == 3000


def test_the_author_of_another_commit_is_not_shown() -> None:
    """The details may be of the commit that was found, not of the one in force."""
    status = status_of(replace(FINE, details=Commit("other", "Ann", "x")), Wishes(), 1, (), NOW)

    assert status.commit
    assert (status.commit.sha, status.commit.author) == (SHA, "")


def test_the_spec_repeats_the_settings_without_secrets() -> None:
    settings = RepositorySettings(
        "https://ann:hunter2@git.example/shop.git",
        ref=RefSettings(branch="main", semver="1.x"),
        paths=(PathSettings("deploy", "kustomize"),),
        poll_interval=timedelta(minutes=5),
        prune=PruneSettings(enabled=True),
    )
    spec = spec_of(settings)

    assert spec.url == "https://git.example/shop.git"
    assert spec.ref == "1.x"
    assert (spec.paths[0].path, spec.paths[0].build) == ("deploy", "kustomize")
    assert spec.prune
    assert spec.prune.enabled
    assert spec.poll_interval == "300s"


@pytest.mark.parametrize(
    ("word", "suspended", "problem"),
    [(None, False, False), ("true", True, False), ("false", False, False), ("True", True, True)],
)
def test_words_that_suspend(word: str | None, suspended: bool, problem: bool) -> None:
    wishes = wishes_of({} if word is None else {SUSPEND: word})

    assert (wishes.suspended, bool(wishes.problem)) == (suspended, problem)


def test_other_wishes_are_taken_as_they_are() -> None:
    wishes = wishes_of({REQUESTED_AT: "now", APPROVE: "tok", "other": "x"})

    assert wishes == Wishes(requested="now", approved="tok")


EVENTS = [
    (
        SyncEvent(Kind.COMMIT_FOUND, SHA, message="main"),
        Words("CommitFound", "found commit 5e6f7a8 of main"),
    ),
    (
        SyncEvent(Kind.COMMIT_FOUND, SHA, message="main", details=Commit(SHA, "Ann", "Fix")),
        Words("CommitFound", "found commit 5e6f7a8 of main by Ann: Fix"),
    ),
    (
        SyncEvent(Kind.SYNCED, SHA, message="42 objects: 2 created"),
        Words("Synced", "applied commit 5e6f7a8: 42 objects: 2 created"),
    ),
    (SyncEvent(Kind.SYNCED, SHA, message="42 objects", news=False), None),
    (SyncEvent(Kind.APPLIED, SHA, WEB), None),
    (SyncEvent(Kind.REMOVED, SHA, WEB), None),
    (
        SyncEvent(Kind.HEALED, SHA, message="ConfigMap shop/a"),
        Words("Healed", "put right what others than git had changed: ConfigMap shop/a"),
    ),
    (
        SyncEvent(Kind.REFUSED, SHA, WEB, message="a.yaml:3: no"),
        Words("ObjectRefused", "commit 5e6f7a8: a.yaml:3: no", warning=True),
    ),
    (
        SyncEvent(Kind.BRAKED, SHA, message="Too many."),
        Words("PruneHeld", "Too many.", warning=True),
    ),
    (
        SyncEvent(Kind.FAILED, SHA, message="no route", reason="SourceUnavailable"),
        Words("SyncFailed", "no route", warning=True),
    ),
    (
        SyncEvent(
            Kind.FAILED,
            SHA,
            message="\n".join(f"a.yaml:{line}: no" for line in range(7)),
            reason="SourceRejected",
        ),
        Words(
            "CommitRefused",
            "commit 5e6f7a8 is not applied: a.yaml:0: no; a.yaml:1: no; a.yaml:2: no;"
            " a.yaml:3: no; a.yaml:4: no; and 2 more",
            warning=True,
        ),
    ),
]


@pytest.mark.parametrize(("event", "words"), EVENTS)
def test_what_events_say(event: SyncEvent, words: Words | None) -> None:
    assert words_of(event) == words


def a_reporter() -> tuple[Reporter, list[SyncEvent], CollectorRegistry]:
    told: list[SyncEvent] = []
    registry = CollectorRegistry()
    return Reporter(GitMeters(registry).of("shop"), on_event=told.append), told, registry


def test_a_sync_without_changes_is_no_news() -> None:
    """The second one of a commit has changed nothing: events would fill with it."""
    reporter, told, _ = a_reporter()
    reporter.synced(replace(FINE, created=42, changed=42))
    reporter.synced(FINE)
    reporter.synced(replace(FINE, changed=1, healed=(WEB,)))
    reporter.synced(replace(FINE, commit="other"))

    synced = [(one.message, one.news) for one in told if one.kind is Kind.SYNCED]
    assert synced == [
        ("42 objects: 42 created", True),
        ("42 objects", False),
        ("42 objects: 1 healed", True),
        ("42 objects", True),
    ]
    assert [one.message for one in told if one.kind is Kind.HEALED] == [str(WEB)]


def test_a_failure_of_each_path_is_told_once() -> None:
    """Until its words change, or it was gone meanwhile."""
    reporter, told, _ = a_reporter()
    for report in (
        replace(FINE, paths=(BROKEN, BUILDS)),
        replace(FINE, paths=(BROKEN, BUILDS)),
        FINE,
        replace(FINE, paths=(BROKEN,), attempted="newer"),
    ):
        reporter.published(report)

    assert [(one.reason, one.message) for one in told] == [
        ("SourceRejected", BROKEN.error),
        ("NotFound", BUILDS.error),
        ("SourceRejected", BROKEN.error),
    ]


def test_a_removal_that_waits_is_told_once_for_each_token() -> None:
    reporter, told, _ = a_reporter()
    for brake in (BRAKE, BRAKE, replace(BRAKE, token="other", count=30)):
        reporter.published(replace(FINE, braked=brake))

    assert [one.message for one in told] == [
        "Too many. Token tok. Would go: ConfigMap shop/a",
        "Too many. Token other. Would go: ConfigMap shop/a, and 29 more",
    ]


def test_figures_are_of_each_repository_and_flux_s_of_all() -> None:
    """Several repositories share one registry."""
    registry = CollectorRegistry()
    meters = GitMeters(registry)
    shop, infra = Reporter(meters.of("shop")), Reporter(meters.of("infra"))
    shop.published(replace(FINE, synced_at=NOW, refused=(REFUSED,)))
    infra.published(replace(FINE, applied=8, error="no route", reason="SourceUnavailable"))
    figure = registry.get_sample_value

    assert figure("flux_daemon_sync_manifests", {"success": "true"}) == 50
    assert figure("flux_daemon_sync_manifests", {"success": "false"}) == 1
    assert figure("flux_git_ready") == 0
    assert figure("helmward_git_reachable", {"repository": "shop"}) == 1
    assert figure("helmward_git_ready", {"repository": "shop"}) == 0
    of_shop = {"repository": "shop", "state": "refused"}
    assert figure("helmward_git_objects", of_shop) == 1
    last = figure("helmward_git_last_sync_timestamp_seconds", {"repository": "shop"})
    assert last == NOW.timestamp()

    infra.published(replace(FINE, applied=8))
    assert figure("flux_git_ready") == 1


def test_the_commit_in_force_is_one_series() -> None:
    """Of the commit before it nothing is left, or a dashboard shows both."""
    reporter, _, registry = a_reporter()
    reporter.published(FINE)
    reporter.published(replace(FINE, commit="other"))
    figure = registry.get_sample_value
    labels = {"repository": "shop", "ref": "main"}

    assert figure("helmward_git_commit_info", labels | {"commit": SHA}) is None
    assert figure("helmward_git_commit_info", labels | {"commit": "other"}) == 1


def test_who_leads_no_more_tells_no_more() -> None:
    """Two processes would tell two stories of one repository."""
    registry = CollectorRegistry()
    meters = GitMeters(registry)
    shop, infra = meters.of("shop"), meters.of("infra")
    Reporter(shop).published(replace(FINE, error="no", reason="SourceUnavailable"))
    Reporter(infra).published(FINE)
    shop.forget()
    shop.forget()
    figure = registry.get_sample_value

    assert figure("flux_git_ready") == 1
    assert figure("flux_daemon_sync_manifests", {"success": "true"}) == 42
    assert figure("helmward_git_ready", {"repository": "shop"}) is None
    assert figure("helmward_git_objects", {"repository": "shop", "state": "applied"}) is None
    assert figure("helmward_git_ready", {"repository": "infra"}) == 1


def test_what_is_written_is_counted_by_what_was_done() -> None:
    """Each object once: what was created or healed is changed as well."""
    reporter, _, registry = a_reporter()
    reporter.published(FINE)
    reporter.synced(replace(FINE, created=2, changed=5, healed=(WEB,), removed=1))
    reporter.retried(FINE, 3)

    def count(action: str) -> float | None:
        labels = {"repository": "shop", "action": action}
        return registry.get_sample_value("helmward_git_writes_total", labels)

    found = {action: count(action) for action in ("created", "changed", "healed", "removed")}
    assert found == {"created": 2, "changed": 2 + 3, "healed": 1, "removed": 1}
