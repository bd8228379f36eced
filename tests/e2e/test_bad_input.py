"""Bad input: the message names the field or the cause; other releases go on; mended, it heals."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest

from helmward.errors import Invalid
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES
from tests.support.charts import ChartRepo
from tests.support.operator import HELM_RELEASES, Releases
from tests.support.wait import until


@dataclass
class Bad:
    name: str
    words: tuple[str, ...]
    spec: dict[str, Any] = field(default_factory=dict)
    condition: str = "Ready"


SPECS = [
    Bad(
        "unknown chart",
        ("ChartNotFound", "nosuch", "attempt"),
        {"chart": {"name": "nosuch"}},
    ),
    Bad(
        "unknown version names those there are",
        ("ChartNotFound", "9.9.9", "1.1.0"),
        {"chart": {"version": "9.9.9"}},
    ),
    Bad(
        "unknown chart, in the old operator's condition",
        ("RepoFetchFailed", "nosuch"),
        {"chart": {"name": "nosuch"}},
        "ChartFetched",
    ),
    Bad(
        "repository that nobody serves",
        ("SourceUnavailable", "refused"),
        {"chart": {"repository": "http://127.0.0.1:9"}},
    ),
    Bad(
        "repository that is no URL",
        ("spec.chart.repository", "https://charts.example.com"),
        {"chart": {"repository": "stable"}},
    ),
    Bad(
        "chart that does not render",
        ("ChartRejected", "no red today", "config.yaml"),
        {"chart": {"name": "broken"}, "values": {"colour": "red"}},
    ),
    Bad(
        "release name that is longer than Helm allows",
        ("spec.releaseName", "54 characters", "shorten"),
        {"releaseName": "x" * 54},
    ),
    Bad(
        "default name that is too long for Helm",
        ("spec.releaseName", "53"),
    ),
]


@pytest.mark.parametrize("bad", SPECS, ids=lambda bad: bad.name)
async def test_a_bad_spec_is_named_and_mended(bad: Bad, operator: Releases) -> None:
    """Status, condition and event say what to change; then it is changed."""
    name = "x" * 60 if "too long" in bad.name else "shop"
    await operator.apply(name, **bad.spec)
    told = await operator.says(name, *bad.words, kind=bad.condition)
    assert told["status"] == "False"
    await operator.apply("other")
    await operator.ready("other")

    async def event() -> bool:
        return any(
            bad.words[-2] in one or bad.words[-1] in one for one in await operator.events(name)
        )

    await until(event)
    await operator.apply(name, releaseName=f"mended-{secrets.token_hex(4)}")
    await operator.ready(name)


@dataclass
class Fault:
    name: str
    words: tuple[str, ...]
    fault: dict[str, Any]


FAULTS = [
    Fault("404", ("SourceUnavailable", "404"), {"status": 404}),
    Fault("500", ("SourceUnavailable", "500"), {"status": 500}),
    Fault("not YAML", ("SourceUnavailable", "index"), {"body": b"\x00: [not: yaml"}),
    Fault(
        "a login page", ("SourceUnavailable", "web page"), {"body": b"<!doctype html><html></html>"}
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_repository_that_answers_nonsense(
    fault: Fault, operator: Releases, repo: ChartRepo
) -> None:
    """The release waits and heals by itself once the repository does."""
    repo.fail(**fault.fault)
    await operator.apply("shop")
    await operator.says("shop", *fault.words)
    repo.heal()
    await operator.ready("shop")


async def test_a_repository_with_a_certificate_nobody_trusts(
    operator: Releases, charts: Any
) -> None:
    with ChartRepo(charts, tls=True) as serving:
        await operator.apply("shop", chart={"repository": serving.url})
        await operator.says("shop", "SourceUnavailable", "certificate")


async def test_a_repository_that_goes_down_leaves_releases_alone(
    operator: Releases, repo: ChartRepo
) -> None:
    await operator.apply("shop")
    await operator.ready("shop")
    repo.fail(status=500)
    await operator.apply("shop", values={"colour": "red"})
    status = await operator.ready("shop")
    assert status["releaseRevision"] == 2


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("values that are no map", {"values": [1, 2]}, "spec.values"),
    ("a release name in capitals", {"releaseName": "Shop"}, "spec.releaseName"),
    ("a chart without a version", {"chart": {"version": None}}, "spec.chart"),
    ("a timeout that is no number", {"timeout": "5m"}, "spec.timeout"),
]


@pytest.mark.parametrize(("name", "spec", "path"), REFUSED, ids=[row[0] for row in REFUSED])
async def test_the_api_server_refuses(
    name: str, spec: dict[str, Any], path: str, releases: Releases
) -> None:
    """Invalid against the CRD: the user hears it from kubectl, with the field."""
    document = releases.document("shop", **spec)
    with pytest.raises(Invalid, match=path.replace(".", r"\.")):
        await releases.kube.create(HELM_RELEASES, document)
    assert name


async def test_a_namespace_that_is_being_deleted(kube: Kube, operator: Releases) -> None:
    """Nothing new can be made there; the release goes with it, and nothing hangs."""
    dying = f"test-{secrets.token_hex(4)}"
    await kube.create(NAMESPACES, {"metadata": {"name": dying}})
    there = operator.elsewhere(dying)
    anchor = {"metadata": {"name": "anchor", "finalizers": ["example.com/anchor"]}}
    await kube.create(CONFIG_MAPS, anchor, dying)
    await there.apply("before")
    await there.ready("before")
    # The HelmRelease is held back too, so that an upgrade is tried in there.
    hold = {"metadata": {"finalizers": ["finalizers.helmward.dev", "example.com/anchor"]}}
    await kube.patch(HELM_RELEASES, "before", dying, hold)
    await kube.delete(NAMESPACES, dying)

    async def uninstalled() -> bool:
        return await there.revisions(f"{dying}-before") == []

    await until(uninstalled, within=30)
    await operator.apply("other")
    await operator.ready("other")
    await kube.patch(HELM_RELEASES, "before", dying, {"metadata": {"finalizers": None}})
    await kube.patch(CONFIG_MAPS, "anchor", dying, {"metadata": {"finalizers": None}})
    await there.gone("before")


async def test_secret_values_are_told_to_nobody(operator: Releases, capfd: Any) -> None:
    """Neither status nor events nor logs carry what stands in the values."""
    values = {"colour": "blue", "password": "hunter2-planted"}
    await operator.apply("good", values=values)
    await operator.ready("good")
    await operator.apply("bad", chart={"name": "broken"}, values=values | {"colour": "red"})
    await operator.says("bad", "ChartRejected")
    await operator.tells("bad", "today")
    told = f"{await operator.status('bad')} {await operator.events('bad')}"
    out, errors = capfd.readouterr()
    assert "hunter2-planted" not in told + out + errors
