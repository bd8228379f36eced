"""Values for table tests: each builder hides what a test does not speak of."""

from datetime import UTC, datetime, timedelta
from typing import Any

from helmward.model import (
    CHART,
    DIGEST,
    DOMAIN,
    OWNER,
    SESSION,
    Attempts,
    Chart,
    ChartRef,
    Commands,
    Declared,
    Desired,
    Key,
    Likeness,
    Observed,
    ReleaseOptions,
    ReleaseRef,
    Revision,
    RollbackPolicy,
    Status,
    TestPolicy,
    Told,
    Writer,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = Key("flux.weave.works/v1beta1", "shop", "cart")
RELEASE = ReleaseRef("shop", "shop-cart")
FORMER = ReleaseRef("shop", "old-cart")
SOON = NOW + timedelta(seconds=30)
PAST = NOW - timedelta(seconds=30)


def a_chart(version: str = "1.0.0", name: str = "cart") -> Chart:
    return Chart(f"sha256:{name}-{version}", name, version)


def a_desired(**changes: Any) -> Desired:
    given: dict[str, Any] = {
        "key": KEY,
        "generation": 1,
        "release": RELEASE,
        "chart": a_chart(),
        "digest": "asked",
    }
    return Desired(**given | changes)


def a_declared(**changes: Any) -> Declared:
    given: dict[str, Any] = {
        "key": KEY,
        "uid": f"uid-{changes.get('key', KEY)}",
        "resource_version": "1",
        "generation": 1,
        "created": NOW,
        "deleting": False,
        "finalizers": (),
        "release": RELEASE,
        "chart": ChartRef("https://charts.example.com", "cart", "1.0.0"),
    }
    return Declared(**given | changes)


def a_revision(  # noqa: PLR0913
    number: int = 1,
    status: str = "deployed",
    *,
    digest: str = "asked",
    owner: str = KEY.owner,
    session: str = "",
    chart: str = "cart-1.0.0",
    release: ReleaseRef = RELEASE,
    resource_version: str = "10",
    modified: datetime = NOW,
    **told: str,
) -> Revision:
    """A revision; more annotations by their names, such as `phase="waiting"`."""
    annotations = {OWNER: owner, DIGEST: digest, SESSION: session, CHART: chart}
    annotations |= {f"{DOMAIN}/{name.replace('_', '-')}": value for name, value in told.items()}
    return Revision(
        release=release,
        number=number,
        status=Status(status),
        chart=chart,
        modified=modified,
        annotations={name: value for name, value in annotations.items() if value},
        uid=f"uid-{release}-{number}",
        resource_version=resource_version,
    )


def an_observed(*history: Revision, **changes: Any) -> Observed:
    """What was found: a history, the newest revision first, or `newest` alone."""
    newest = changes.pop("newest", None)
    revisions = history or ((newest,) if newest else ())
    found: dict[str, Any] = {
        "newest": next(iter(revisions), None),
        "history": revisions,
        "now": NOW,
    }
    return Observed(**found | changes)


def options(**changes: Any) -> ReleaseOptions:
    """Options; `rollback` and `test` as dictionaries, which switch them on."""
    given = dict(changes)
    if "rollback" in given:
        given["rollback"] = RollbackPolicy(**{"enable": True, **given["rollback"]})
    if "test" in given:
        given["test"] = TestPolicy(**{"enable": True, **given["test"]})
    return ReleaseOptions(**given)


def commands(**changes: Any) -> Commands:
    return Commands(**changes)


def alike(revision: int = 1, *, same: bool = True, **changes: Any) -> Likeness:
    return Likeness(**{"revision": revision, "digest": "asked", "same": same, **changes})


def tried(digest: str = "asked", retry_at: datetime = SOON) -> Attempts:
    return Attempts(count=1, digest=digest, retry_at=retry_at, cause="it failed")


__all__ = [
    "FORMER", "KEY", "NOW", "PAST", "RELEASE", "SOON", "Told", "Writer",
    "a_chart", "a_declared", "a_desired", "a_revision", "alike", "an_observed", "commands",
    "options", "tried",
]  # fmt: skip
