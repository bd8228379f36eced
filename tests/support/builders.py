"""Values for table tests: each builder hides what a test does not speak of."""

from datetime import UTC, datetime, timedelta
from typing import Any

from helmward.model import (
    CHART,
    DIGEST,
    OWNER,
    SESSION,
    Attempts,
    Chart,
    ChartRef,
    Declared,
    Desired,
    Key,
    Observed,
    ReleaseRef,
    Revision,
    Status,
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
) -> Revision:
    annotations = {OWNER: owner, DIGEST: digest, SESSION: session, CHART: chart}
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


def an_observed(**changes: Any) -> Observed:
    return Observed(**{"now": NOW, **changes})


def tried(digest: str = "asked", retry_at: datetime = SOON) -> Attempts:
    return Attempts(count=1, digest=digest, retry_at=retry_at, cause="it failed")


__all__ = [
    "FORMER", "KEY", "NOW", "PAST", "RELEASE", "SOON", "Told", "Writer",
    "a_chart", "a_declared", "a_desired", "a_revision", "an_observed", "tried",
]  # fmt: skip
