"""Charts as HelmReleases ask for them: whose secrets are masked, and for how long."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helmward.charts import Charts
from helmward.engine import Engine
from helmward.errors import NotFound, SourceForbidden, SourceUnavailable, SpecInvalid
from helmward.kube.resources import Resource
from helmward.model import Chart, ChartRef, Declared, GitChart, SourceOptions
from helmward.redaction import Redactor
from helmward.settings import ChartSettings
from tests.support.builders import KEY, a_declared
from tests.support.charts import CONFIG_MAP
from tests.support.helm import Helm

PASSWORD = "correct-horse-battery"
NOW = timedelta(0)


class Held:
    """Secrets that lie in memory."""

    def __init__(self, **secrets: Mapping[str, bytes]) -> None:
        self._secrets = secrets

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        """Return one of them."""
        assert (resource.kind, namespace) == ("Secret", KEY.namespace)
        if name not in self._secrets:
            raise NotFound(name)
        return self._secrets[name]


LOGIN = {"username": b"bob", "password": PASSWORD.encode()}


def asking(helm: Helm, secret: str, url: str = "") -> Declared:
    helm.repo.add("cart", "1.0.0", {"c.yaml": CONFIG_MAP})
    return a_declared(chart=ChartRef(url or helm.repo.url, "cart", "1.0.0", pull_secret=secret))


async def test_what_opens_a_source_is_masked_until_its_release_is_gone(helm: Helm) -> None:
    """What is secret of its values is another matter, and stays."""
    redactor = Redactor()
    charts = Charts(helm.engine, redactor=redactor)
    redactor.learn(KEY.owner, ["value-of-a-secret"])
    await charts.pull(asking(helm, "login"), Held(login=LOGIN), fresh=NOW)
    said = f"401 for {PASSWORD}, value-of-a-secret"
    assert redactor.mask(said) == "401 for ***, ***"
    charts.forget(KEY)
    assert redactor.mask(said) == f"401 for {PASSWORD}, ***"


async def test_a_password_in_an_address_is_masked_too(helm: Helm) -> None:
    redactor = Redactor()
    charts = Charts(helm.engine, redactor=redactor)
    url = helm.repo.url.replace("://", f"://bob:{PASSWORD}@")
    await charts.pull(asking(helm, "", url), Held(), fresh=NOW)
    assert redactor.mask(f"{url}: no") == helm.repo.url.replace("://", "://bob:***@") + ": no"


async def test_what_is_imported_is_masked_for_good(helm: Helm, tmp_path: Path) -> None:
    path = tmp_path / "repositories.yaml"
    entry = f"{{name: a, url: '{helm.repo.url}', username: bob, password: {PASSWORD}}}"
    path.write_text(f"repositories: [{entry}]")
    redactor = Redactor()
    charts = Charts(helm.engine, ChartSettings(imported=(path,)), redactor=redactor)
    charts.forget(KEY)
    assert redactor.mask(PASSWORD) == "***"


async def test_a_secret_that_is_not_there_makes_its_source_unavailable(helm: Helm) -> None:
    with pytest.raises(SourceUnavailable, match="chartPullSecret: there is no Secret shop/login"):
        await Charts(helm.engine).pull(asking(helm, "login"), Held(), fresh=NOW)


async def test_keys_that_are_not_there_are_named_by_their_annotation(helm: Helm) -> None:
    declared = asking(helm, "")
    declared = replace(declared, source=SourceOptions(verify="cosign", verify_keys="keys"))
    with pytest.raises(SourceUnavailable, match=r"verify-keys\]: there is no Secret shop/keys"):
        await Charts(helm.engine).pull(declared, Held(), fresh=NOW)
    with pytest.raises(SpecInvalid, match=r"verify-keys\]: Secret shop/keys holds no public key"):
        await Charts(helm.engine).pull(declared, Held(keys={"a": b"b"}), fresh=NOW)


@pytest.mark.parametrize("chart", ["git", "repository"])
async def test_in_a_cluster_this_machine_is_nobodys_source(chart: str, helm: Helm) -> None:
    engine = replace(ChartSettings().engine, refuse_local=True)
    charts = Charts(helm.engine, replace(ChartSettings(), engine=engine))
    declared = asking(helm, "")
    if chart == "git":
        declared = replace(declared, chart=GitChart("http://127.0.0.1/a", "cart"))
    with pytest.raises(SourceForbidden, match=f"^spec.chart.{chart}: .* own machine"):
        await charts.pull(declared, Held(), fresh=NOW)
    assert helm.repo.requests == []


@pytest.mark.parametrize("provider", ["provenance", "cosign"])
async def test_a_chart_in_git_has_no_signatures(provider: str, helm: Helm) -> None:
    declared = a_declared(
        chart=GitChart("https://git.example.com/a", "cart"), source=SourceOptions(verify=provider)
    )
    with pytest.raises(SpecInvalid, match="charts in git carry no signatures"):
        await Charts(helm.engine).pull(declared, Held(), fresh=NOW)


HOUR = timedelta(hours=1)


class Counting(Engine):
    """An engine that counts how often it is asked for a chart."""

    pulls = 0

    async def pull_chart(self, *args: Any, **how: Any) -> Chart:
        self.pulls += 1
        return await super().pull_chart(*args, **how)


async def test_a_thousand_releases_of_a_chart_ask_for_it_once(helm: Helm) -> None:
    """What one was told lately is the answer for all who ask the same; the engine is not asked."""
    engine = Counting(helm.process)
    charts = Charts(engine)
    one = asking(helm, "")
    other = replace(one, key=replace(KEY, name="other"))
    assert charts.known(one, HOUR) is None
    found = await charts.pull(one, Held(), fresh=HOUR)
    assert await charts.pull(other, Held(), fresh=HOUR) == found
    assert charts.known(one, HOUR) == charts.known(other, HOUR) == found
    assert engine.pulls == 1
    assert charts.known(one, NOW) is None
    moved = replace(one, chart=ChartRef(helm.repo.url, "cart", "^1"))
    assert charts.known(moved, HOUR) is None


async def test_how_long_the_index_is_known_counts(helm: Helm) -> None:
    """Else a release that just looked would make an answer young that is not."""
    ref = ChartRef(helm.repo.url, "cart", "1.0.0")
    await Charts(helm.engine).pull(asking(helm, ""), Held(), fresh=NOW)
    known = await helm.engine.pull_chart(ref, max_index_age=HOUR)
    assert known.known_for > NOW
    asked_now = await helm.engine.pull_chart(ref, max_index_age=NOW)
    assert asked_now.known_for < known.known_for


async def test_a_chart_that_the_engine_has_lost_is_asked_for_anew(helm: Helm) -> None:
    charts = Charts(helm.engine)
    one = asking(helm, "")
    await charts.pull(one, Held(), fresh=HOUR)
    charts.forget_answers()
    assert charts.known(one, HOUR) is None
