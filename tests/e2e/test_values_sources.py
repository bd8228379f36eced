"""Values from everywhere: the web, the chart, single keys, the operator's own defaults."""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from helmward.apis import GENERATIONS, V1, V1BETA1
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.settings import ChartSettings
from tests.support.charts import ChartRepo
from tests.support.git_repo import GitRepo
from tests.support.git_server import http_git
from tests.support.operator import Releases, install_crds, running, settings_for
from tests.support.plane import Plane
from tests.support.wait import until

EXTERNAL = "externalSourceRef"
SOPS = Path(__file__).parents[1] / "support" / "sops"
BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)
CONFIG = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  colour: {{ .Values.colour | quote }}
  tag: {{ .Values.image.tag | quote }}
"""
SCHEMA = {
    "properties": {
        "colour": {"type": "string"},
        "image": {"type": "object", "required": ["tag"]},
    }
}
FILES = {"envs/prod.yaml": "colour: black\n", "values.schema.json": json.dumps(SCHEMA)}
DEFAULTS = {"colour": "blue", "image": {"tag": "1", "name": "shades"}}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[ChartRepo]:
    """A repository with one chart, which also serves documents."""
    with ChartRepo(tmp_path / "web") as serving:
        serving.add("shades", "1.0.0", {"config.yaml": CONFIG}, DEFAULTS, files=FILES)
        yield serving


@pytest.fixture
async def declared(kube: Kube, namespace: str, web: ChartRepo) -> Releases:
    """HelmReleases of the chart in a fresh namespace; no operator runs yet."""
    await install_crds(kube)
    return Releases(kube, namespace, web.url, resource=V1.resource, chart="shades")


@pytest.fixture
async def served_by(plane: Plane, declared: Releases) -> AsyncIterator[Releases]:
    """The same, served."""
    async with running(settings_for(plane.kubeconfig)):
        yield declared
        await declared.clear()


def publish(web: ChartRepo, text: str, name: str = "values.yaml") -> str:
    """Serve a document and return its address."""
    (web.folder / name).write_text(text)
    return f"{web.url}/{name}"


async def data(releases: Releases, name: str = "web") -> dict[str, str]:
    found = await releases.kube.get(CONFIG_MAPS, f"{releases.namespace}-{name}", releases.namespace)
    return dict(found["data"])


async def becomes(releases: Releases, **wanted: str) -> None:
    """Wait until what the chart has made says so."""

    async def is_so() -> bool:
        found = await data(releases)
        return all(found[key] == value for key, value in wanted.items())

    await until(is_so, within=30)


async def config_map(releases: Releases, name: str, **entries: str) -> None:
    await releases.kube.create(
        CONFIG_MAPS,
        {"metadata": {"name": name}, "data": entries},
        releases.namespace,
    )


@BOTH
async def test_values_come_from_a_url_and_follow_it(
    served: Any, served_by: Releases, web: ChartRepo
) -> None:
    """A look that is asked for reads it anew, unless that was done this very second."""
    releases = served_by.of("shades", resource=served.resource)
    url = publish(web, "colour: red")
    await releases.apply("web", valuesFrom=[{"externalSourceRef": {"url": url}}])
    await releases.ready("web")
    assert (await data(releases))["colour"] == "red"

    publish(web, "colour: green")
    tokens = itertools.count()

    async def asked_for() -> bool:
        await releases.annotate("web", **{"reconcile.fluxcd.io/requestedAt": str(next(tokens))})
        return (await data(releases))["colour"] == "green"

    await until(asked_for, within=30, every=0.3)


async def test_a_url_that_is_down_is_waited_for(served_by: Releases, web: ChartRepo) -> None:
    url = publish(web, "colour: red")
    web.fail("values.yaml", status=503)
    await served_by.apply("web", valuesFrom=[{"externalSourceRef": {"url": url}}])
    told = await served_by.says("web", "ValuesUnavailable", "spec.valuesFrom[0].externalSourceRef")
    assert told["status"] == "False"
    web.heal()
    await served_by.ready("web")
    assert (await data(served_by))["colour"] == "red"


async def test_an_optional_url_that_is_down_is_left_out(
    served_by: Releases, web: ChartRepo
) -> None:
    url = publish(web, "colour: red")
    web.fail("values.yaml", status=503)
    source = {"externalSourceRef": {"url": url, "optional": True}}
    await served_by.apply("web", valuesFrom=[source])
    await served_by.ready("web")
    assert (await data(served_by))["colour"] == "blue"


async def test_what_was_fetched_before_serves_while_a_url_is_down(
    served_by: Releases, web: ChartRepo
) -> None:
    """Also an optional one: values do not come and go with outages."""
    url = publish(web, "colour: red")
    source = {"externalSourceRef": {"url": url, "optional": True}}
    await served_by.apply("web", valuesFrom=[source])
    await served_by.ready("web")
    web.fail("values.yaml", status=503)
    await served_by.apply("web", valuesFrom=[source], values={"image": {"tag": "2"}})
    await served_by.ready("web")
    await becomes(served_by, colour="red", tag="2")


async def test_a_url_that_may_not_be_asked_is_not(
    plane: Plane, declared: Releases, web: ChartRepo, tmp_path: Path
) -> None:
    settings = settings_for(plane.kubeconfig, charts=ChartSettings(allowed=(web.url,)))
    with ChartRepo(tmp_path / "elsewhere") as elsewhere:
        url = publish(elsewhere, "colour: red")
        source = {"externalSourceRef": {"url": f"{url}?token=x9"}}
        async with running(settings):
            await declared.apply("web", valuesFrom=[source])
            told = await declared.says("web", "SourceForbidden", f"valuesFrom[0].{EXTERNAL}")
            assert "x9" not in told["message"]
            assert elsewhere.requests == []
            await declared.clear()


@BOTH
async def test_values_come_from_a_file_of_a_chart_of_a_repository(
    served: Any, served_by: Releases
) -> None:
    releases = served_by.of("shades", resource=served.resource)
    files = [
        {"chartFileRef": {"path": "./envs/prod.yaml"}},
        {"chartFileRef": {"path": "envs/absent.yaml", "optional": True}},
    ]
    await releases.apply("web", valuesFrom=files)
    await releases.ready("web")
    assert (await data(releases))["colour"] == "black"


async def test_a_file_that_the_chart_has_not_is_named(served_by: Releases) -> None:
    await served_by.apply("web", valuesFrom=[{"chartFileRef": {"path": "envs/absent.yaml"}}])
    await served_by.says(
        "web", "ValuesUnavailable", "spec.valuesFrom[0].chartFileRef", '"envs/absent.yaml"'
    )


NOT_MEANT: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    (
        "a-scheme-of-its-own",
        {"externalSourceRef": {"url": "s3://bucket/v.yaml", "optional": True}},
        ("spec.valuesFrom[0].externalSourceRef.url", "s3:// is not served"),
    ),
    (
        "out-of-the-chart",
        {"chartFileRef": {"path": "../../etc/passwd", "optional": True}},
        ("spec.valuesFrom[0].chartFileRef.path", "leads out of the chart"),
    ),
    (
        "no-path",
        {"configMapKeyRef": {"name": "a", "targetPath": "a..b", "optional": True}},
        ("spec.valuesFrom[0].configMapKeyRef.targetPath", "a key is empty"),
    ),
]


@pytest.mark.parametrize(("name", "entry", "words"), NOT_MEANT, ids=[row[0] for row in NOT_MEANT])
async def test_what_cannot_be_meant_stalls_and_the_release_is_left_as_it_is(
    name: str, entry: dict[str, Any], words: tuple[str, ...], served_by: Releases
) -> None:
    """Optional or not: it would never work."""
    assert name
    await served_by.apply("web")
    await served_by.ready("web")
    await served_by.apply("web", valuesFrom=[entry], values={"colour": "red"})
    told = await served_by.says("web", "SpecInvalid", *words)
    assert told["status"] == "False"
    assert (await data(served_by))["colour"] == "blue"
    assert (await served_by.condition("web", "Stalled"))["status"] == "True"


@BOTH
async def test_one_key_is_set_at_a_path_and_an_edit_of_it_is_an_upgrade(
    served: Any, served_by: Releases
) -> None:
    releases = served_by.of("shades", resource=served.resource)
    await config_map(releases, "image", tag="1.10", colour="red")
    tag = {"name": "image", "key": "tag", "targetPath": "image.tag"}
    colour = {"name": "image", "key": "colour", "targetPath": "colour", "literal": True}
    entries = [{"configMapKeyRef": tag}, {"configMapKeyRef": colour}]
    await releases.apply("web", valuesFrom=entries)
    await releases.ready("web")
    assert await data(releases) == {"colour": "red", "tag": "1.10"}

    moved = [{"configMapKeyRef": tag | {"targetPath": "colour"}}]
    await releases.apply("web", valuesFrom=moved)
    await releases.ready("web")
    await becomes(releases, colour="1.10", tag="1")


async def test_defaults_of_the_operator_lie_below_every_release(
    plane: Plane, declared: Releases
) -> None:
    entry = f"{declared.namespace}/defaults"
    settings = settings_for(plane.kubeconfig, charts=ChartSettings(defaults=(entry,)))
    async with running(settings):
        await declared.apply("web", values={"image": {"tag": "2"}})
        await declared.says("web", "ValuesUnavailable", f"--values-defaults {entry}")
        text = "colour: grey\nimage: {tag: '0'}"
        await config_map(declared, "defaults", **{"values.yaml": text})
        await declared.annotate("web", **{"reconcile.fluxcd.io/requestedAt": "1"})
        await declared.ready("web")
        assert await data(declared) == {"colour": "grey", "tag": "2"}
        await declared.clear()


async def test_values_that_sops_has_encrypted_are_opened_and_masked(
    plane: Plane, declared: Releases
) -> None:
    """What stands in git for all to see is still nobody's to read in a message."""
    text = (SOPS / "values.yaml").read_text()
    await config_map(declared, "closed", **{"values.yaml": text})
    asked = {"valuesFrom": [{"configMapKeyRef": {"name": "closed"}}]}
    async with running(settings_for(plane.kubeconfig)):
        await declared.apply("web", **asked)
        field = "spec.valuesFrom[0].configMapKeyRef"
        await declared.says("web", "ValuesInvalid", field, "--sops-age-key")
    keys = ChartSettings(age_keys=(SOPS / "age.key",))
    async with running(settings_for(plane.kubeconfig, charts=keys)):
        await declared.ready("web")
        assert (await data(declared))["colour"] == "planted-in-sops"
        await declared.apply("web", **asked, chart={"version": "9.9.9-planted-in-sops"})
        told = await declared.says("web", "ChartNotFound", "9.9.9-")
        assert "planted" not in told["message"]
        await declared.clear()


async def test_what_the_schema_refuses_names_who_set_it(served_by: Releases) -> None:
    await config_map(served_by, "wrong", **{"values.yaml": "colour: 7\nimage: {tag: null}"})
    await served_by.apply("web", valuesFrom=[{"configMapKeyRef": {"name": "wrong"}}])
    source = "spec.valuesFrom[0].configMapKeyRef"
    words = (f"a string, not a number (set by {source})", "image.tag: is missing")
    told = await served_by.says("web", "ValuesInvalid", "colour: ", *words)
    assert f"(removed by {source})" in told["message"]


# The command, as a process: what it prints is what a user reads.


async def command(*words: str | Path, **env: str) -> tuple[int, str, str]:
    """Run `helmward values` and return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "helmward", "values"),
        *map(str, words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | env,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
def asked(plane: Plane, declared: Releases) -> list[str]:
    """The words that name the HelmRelease `web` of this test."""
    return ["web", "-n", declared.namespace, "--kubeconfig", plane.kubeconfig]


def impersonating(user: str, kubeconfig: Path, file: Path) -> Path:
    """Write the kubeconfig of another user."""
    config = yaml.safe_load(kubeconfig.read_text())
    config["users"][0]["user"]["as"] = user
    file.write_text(yaml.safe_dump(config))
    return file


async def given(releases: Releases, web: ChartRepo) -> None:
    """A HelmRelease with values from everywhere; nobody serves it."""
    await config_map(releases, "map", **{"values.yaml": "colour: one\nimage: {tag: '2'}"})
    await releases.kube.create(
        SECRETS,
        {"metadata": {"name": "secret"}, "stringData": {"values.yaml": "colour: hunter22"}},
        releases.namespace,
    )
    url = publish(web, "colour: four").replace("http://", "http://me:hunter33@")
    await releases.apply(
        "web",
        valuesFrom=[
            {"configMapKeyRef": {"name": "map"}},
            {"secretKeyRef": {"name": "secret"}},
            {"chartFileRef": {"path": "envs/prod.yaml"}},
            {"externalSourceRef": {"url": f"{url}?token=hunter44"}},
        ],
        values={"image": {"name": None}, "more": ["x"]},
    )


async def test_the_command_names_the_source_of_each_value(
    declared: Releases, web: ChartRepo, asked: list[str]
) -> None:
    await given(declared, web)
    code, out, err = await command(*asked, "-o", "json")
    assert (code, err) == (0, "")
    by_path = {one["path"]: one for one in json.loads(out)}

    assert by_path["colour"]["value"] == "four"
    assert by_path["colour"]["source"] == "spec.valuesFrom[3].externalSourceRef"
    assert by_path["colour"]["from"] == f"{web.url}/values.yaml"
    assert [
        (one["value"], one["source"].rpartition(".")[2]) for one in by_path["colour"]["overrode"]
    ] == [
        ("black", "chartFileRef"),
        ("***", "secretKeyRef"),
        ("one", "configMapKeyRef"),
        ("blue", "yaml"),
    ]
    assert by_path["image.tag"]["source"] == "spec.valuesFrom[0].configMapKeyRef"
    assert by_path["image.name"]["removed"] is True
    assert by_path["more"] == {
        "path": "more",
        "value": ["x"],
        "source": "spec.values",
        "overrode": [],
    }
    assert "hunter" not in out
    await declared.clear()


async def test_the_command_shows_secrets_to_who_insists_but_no_credentials(
    declared: Releases, web: ChartRepo, asked: list[str]
) -> None:
    await given(declared, web)
    code, table, _ = await command(*asked, "--show-secrets")
    assert code == 0
    assert table.startswith("KEY ")
    assert "hunter22 of spec.valuesFrom[1].secretKeyRef" in table
    assert "hunter33" not in table
    assert "hunter44" not in table

    code, text, _ = await command(*asked, "--output", "yaml")
    assert code == 0
    assert yaml.safe_load(text) == {
        "colour": "four",
        "image": {"name": None, "tag": "2"},
        "more": ["x"],
    }
    assert "# spec.valuesFrom[3].externalSourceRef" in text
    assert "hunter" not in text
    await declared.clear()


async def test_the_command_names_the_commit_of_a_chart_in_git(
    declared: Releases, asked: list[str], tmp_path: Path
) -> None:
    """Of the chart's own values, and of its files."""
    repository = GitRepo(tmp_path / "git" / "charts")
    commit = repository.commit(
        {
            "shades/Chart.yaml": "apiVersion: v2\nname: shades\nversion: 1.0.0\n",
            "shades/values.yaml": "colour: blue\nsize: 1\n",
            "shades/prod.yaml": "colour: black\n",
        }
    )
    async with http_git(tmp_path / "git") as server:
        document = declared.document("web", valuesFrom=[{"chartFileRef": {"path": "prod.yaml"}}])
        chart = {"git": f"{server.url}/charts", "path": "shades", "ref": "main"}
        document["spec"]["chart"] = chart
        declared.made.append((declared, "web"))
        await declared.kube.apply(document, field_manager="user", resource=declared.resource)
        code, out, err = await command(*asked, "-o", "json")
    assert (code, err) == (0, "")
    colour, size = json.loads(out)
    assert (colour["value"], colour["commit"]) == ("black", commit)
    assert (size["source"], size["commit"]) == ("the chart's own values.yaml", commit)
    await declared.clear()


async def test_the_command_says_what_is_missing_or_wrong(
    declared: Releases, asked: list[str]
) -> None:
    code, out, err = await command(*asked)
    assert (code, out) == (1, "")
    assert f"there is no HelmRelease {declared.namespace}/web" in err

    await declared.apply("web", valuesFrom=[{"configMapKeyRef": {"name": "absent"}}])
    code, _, err = await command(*asked)
    assert code == 1
    assert "spec.valuesFrom[0].configMapKeyRef: there is no ConfigMap" in err

    await declared.apply("web", valuesFrom=[{"chartFileRef": {"path": "/etc/passwd"}}])
    code, _, err = await command(*asked)
    assert code == 1
    assert "spec.valuesFrom[0].chartFileRef.path" in err
    await declared.clear()


async def test_the_command_asks_which_of_two_is_meant(declared: Releases, asked: list[str]) -> None:
    beta = declared.of("shades", resource=V1BETA1.resource)
    await declared.apply("web", values={"colour": "stable"})
    await beta.apply("web", values={"colour": "beta"})
    code, _, err = await command(*asked)
    assert code == 2
    assert "of both APIs: say --api v1 or --api v1beta1" in err

    code, out, _ = await command(*asked, "--api", "v1beta1")
    assert code == 0
    assert "beta" in out
    assert "stable" not in out
    await declared.clear()


async def test_the_command_shows_nothing_that_its_user_may_not_read(
    declared: Releases, web: ChartRepo, asked: list[str], tmp_path: Path
) -> None:
    """The engine and all reading have the rights of the kubeconfig alone."""
    await given(declared, web)
    nobody = impersonating("nobody", Path(asked[-1]), tmp_path / "kubeconfig")
    code, out, err = await command(*asked[:-1], nobody)
    assert (code, out) == (3, "")
    assert "forbidden" in err
    await declared.clear()
