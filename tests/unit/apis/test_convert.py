"""Conversion of old HelmReleases: what is rewritten, what stays, what cannot be kept."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml

from helmward.apis import V1, V1BETA1
from helmward.apis.convert import Converted, Request, convert
from helmward.errors import ConfigInvalid, SpecInvalid
from helmward.model import ValuesPolicy
from tests.support.manifests import FOLDER

ASKED = Request(git_url="git@git.example.com:shop/charts", charts_path="charts", ref="master")


def converted(text: str, request: Request = ASKED) -> Converted:
    return convert(text, request, file="shop.yaml")


ALPHA = """\
# The shop, as it always was.
apiVersion: helm.integrations.flux.weave.works/v1alpha2
kind: FluxHelmRelease  # long ago
metadata:
  name: cart
  namespace: shop
  labels: {chart: cart}
spec:
  # Where it lies.
  chartGitPath: cart   # below charts/
  releaseName: cart
  values:
    image:   'cart:1'  # odd spaces stay
---
# Not ours.
apiVersion: v1
kind: ConfigMap
data: {chartGitPath:   "cart"}
"""
STABLE = """\
# The shop, as it always was.
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease  # long ago
metadata:
  name: cart
  namespace: shop
  labels: {chart: cart}
spec:
  # Where it lies.
  chart:
    git: "git@git.example.com:shop/charts"
    ref: master
    path: charts/cart   # below charts/
  releaseName: cart
  values:
    image:   'cart:1'  # odd spaces stay
---
# Not ours.
apiVersion: v1
kind: ConfigMap
data: {chartGitPath:   "cart"}
"""


def test_only_what_has_to_change_is_changed() -> None:
    """Comments, spaces, quotes and other documents are the user's."""
    done = converted(ALPHA)
    assert (done.text, done.changed, done.losses) == (STABLE, 1, [])


def test_the_middle_generation_can_be_asked_for() -> None:
    done = converted(ALPHA, replace(ASKED, to="v1beta1"))
    assert done.text == STABLE.replace("helm.fluxcd.io/v1", "flux.weave.works/v1beta1")


@pytest.mark.parametrize("to", ["v1", "v1beta1"])
def test_what_is_new_enough_stays(to: str) -> None:
    done = converted(STABLE, replace(ASKED, to=to))
    assert (done.text, done.changed) == (STABLE, 0)


def test_v1beta1_is_not_converted_to_itself() -> None:
    text = BETA.format(spec="")
    assert converted(text, replace(ASKED, to="v1beta1")).text == text


def test_line_ends_stay_those_of_the_file() -> None:
    text = converted(ALPHA.replace("\n", "\r\n")).text
    assert text == STABLE.replace("\n", "\r\n")


def test_json_stays_json() -> None:
    document = {
        "apiVersion": "helm.integrations.flux.weave.works/v1alpha2",
        "kind": "FluxHelmRelease",
        "metadata": {"name": "cart"},
        "spec": {"chartGitPath": "cart", "values": {}},
    }
    assert json.loads(converted(json.dumps(document)).text) == {
        "apiVersion": "helm.fluxcd.io/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "cart"},
        "spec": {
            "resetValues": False,
            "chart": {"git": ASKED.git_url, "ref": "master", "path": "charts/cart"},
            "values": {},
        },
    }


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump])
def test_lists_of_kubectl_are_taken_apart(write: Callable[[Any], str]) -> None:
    """PyYAML writes the second one as an alias of the first, JSON writes it out."""
    one, _ = yaml.safe_load_all(ALPHA)
    listed = {"apiVersion": "v1", "kind": "List", "items": [one, {"kind": "Pod"}, one]}
    done = converted(write(listed))
    new = next(yaml.safe_load_all(STABLE))
    assert yaml.safe_load(done.text) == listed | {"items": [new, {"kind": "Pod"}, new]}
    assert done.changed == 2


def test_lists_of_the_kind_change_their_head_too() -> None:
    one, _ = yaml.safe_load_all(ALPHA)
    listed = {"apiVersion": one["apiVersion"], "kind": "FluxHelmReleaseList", "items": [one]}
    found = yaml.safe_load(converted(yaml.safe_dump(listed)).text)
    assert (found["apiVersion"], found["kind"]) == ("helm.fluxcd.io/v1", "HelmReleaseList")
    assert found["items"][0]["kind"] == "HelmRelease"


@pytest.mark.parametrize(
    ("charts", "path", "whole"),
    [
        ("charts", "cart", "charts/cart"),
        ("/charts/", "./cart/", "/charts/cart"),
        ("", "cart", "cart"),
        (".", "a/cart", "a/cart"),
    ],
)
def test_paths_are_joined(charts: str, path: str, whole: str) -> None:
    text = ALPHA.replace("chartGitPath: cart ", f"chartGitPath: {path} ", 1)
    done = converted(text, replace(ASKED, charts_path=charts))
    assert next(yaml.safe_load_all(done.text))["spec"]["chart"]["path"] == whole


BETA = """\
apiVersion: flux.weave.works/v1beta1
kind: HelmRelease
metadata:
  name: cart
  namespace: shop
spec:
  # The chart.
  chart: {{repository: https://charts.example.com, name: cart, version: 1.0.0}}
{spec}"""

SOURCES = "  valueFileSecrets: [{name: a}]\n"
RESETS: list[tuple[str, str, Any]] = [
    ("no values: old ones stayed in force", "", False),
    ("the same said in words", "  resetValues: false\n", False),
    ("empty values are none", "  values: {}\n", False),
    ("values that are given counted alone", "  values: {a: 1}\n", None),
    ("and did so if told not to reset", "  values: {a: 1}\n  resetValues: false\n", True),
    ("sources of values count as values", SOURCES, None),
    ("also if told not to reset", f"{SOURCES}  resetValues: false\n", True),
    ("a reset is a reset", "  resetValues: true\n", True),
    ("nothing written is nothing said", "  resetValues:\n", False),
    ("quotes do no harm to others", '  values: {a: "b"}\n  resetValues: true\n', True),
]


@pytest.mark.parametrize(("name", "spec", "reset"), RESETS, ids=[row[0] for row in RESETS])
def test_the_meaning_of_old_values_is_kept(name: str, spec: str, reset: Any) -> None:
    """`resetValues: false` says something else in v1."""
    found = yaml.safe_load(converted(BETA.format(spec=spec)).text)["spec"]
    assert found.get("resetValues") is reset, name


def test_a_new_field_stands_above_the_comment_of_the_next() -> None:
    text = converted(BETA.format(spec="")).text
    assert "spec:\n  resetValues: false\n  # The chart.\n  chart: {" in text


LOSSES: list[tuple[str, list[str]]] = [
    ("  values: {a: 1}\n", []),
    (
        SOURCES,
        ["spec.resetValues: if its sources give no values at all, those of the revision before"],
    ),
    ("  rollback: {enable: true}\n", ["spec.rollback.enable: an install waits"]),
    ("  rollback: {enable: true}\n  wait: false\n", ["spec.wait was not known"]),
    ("  rollback: {retry: true}\n", ["spec.rollback.retry was not known"]),
    ("  targetNamespace: elsewhere\n", ["spec.targetNamespace was not known"]),
    (
        "  values: {a: 1}\n  valuesFrom:\n  - secretKeyRef: {name: a, optional: true}\n",
        ["spec.valuesFrom[0].secretKeyRef: as it is optional, a Secret that is not YAML"],
    ),
    (
        "  values: {a: 1}\n  valuesFrom:\n  - secretKeyRef: {name: a, namespace: b}\n",
        ["spec.valuesFrom[0].secretKeyRef.namespace was not known"],
    ),
    (
        "  values: {a: 1}\n  valuesFrom:\n  - externalSourceRef: {url: s3://a/b}\n",
        ["spec.valuesFrom[0].externalSourceRef.url: s3:// is not read any more"],
    ),
    (
        "  values: {a: 1}\n  valuesFrom:\n  - externalSourceRef: {url: https://a/b}\n",
        [],
    ),
]


@pytest.mark.parametrize(("spec", "lines"), LOSSES)
def test_what_cannot_be_kept_is_told(spec: str, lines: list[str]) -> None:
    found = converted(BETA.format(spec=spec)).losses
    place = "shop.yaml, document 1 (HelmRelease shop/cart): "
    assert len(found) == len(lines)
    for line, said in zip(lines, found, strict=True):
        assert said.startswith(place + line)


def test_fields_that_v1alpha2_did_not_know_are_told() -> None:
    text = ALPHA.replace("  releaseName: cart\n", "  timeout: 5\n  suspend: true\n")
    found = converted(text, replace(ASKED, to="v1beta1")).losses
    assert ["spec.timeout was" in found[0], "spec.suspend was" in found[1]] == [True, True]


BAD: list[tuple[str, str, str]] = [
    ("no YAML", "a: [", "shop.yaml, line 1: is not YAML"),
    ("no path", ALPHA.replace("chartGitPath: cart ", "chartPath: cart ", 1), "chartGitPath: must"),
    ("a path outside", ALPHA.replace("Path: cart ", "Path: ../../x ", 1), "leads out"),
    ("two charts", ALPHA.replace("releaseName: cart", "chart: {}"), "spec.chart: stands beside"),
    ("no spec", ALPHA.replace("spec:", "specs:"), "spec is missing"),
    ("an anchor", ALPHA.replace("Path: cart ", "Path: &c cart ", 1), "chartGitPath has an anchor"),
    (
        "an alias",
        ALPHA.replace("name: cart\n", "name: &c cart\n", 1).replace("Path: cart ", "Path: *c ", 1),
        "chartGitPath is an alias",
    ),
    (
        "a merge",
        ALPHA.replace("metadata:", "x: &d {chartGitPath: a}\nmetadata:", 1).replace(
            "  chartGitPath: cart ", "  <<: *d ", 1
        ),
        "spec.chartGitPath comes from elsewhere",
    ),
    (
        "a layout with question marks",
        ALPHA.replace("  chartGitPath: cart ", "  ? chartGitPath\n  : cart ", 1),
        "cannot be changed in place",
    ),
]


@pytest.mark.parametrize(("name", "text", "words"), BAD, ids=[row[0] for row in BAD])
def test_what_cannot_be_converted_is_named(name: str, text: str, words: str) -> None:
    """File and document, or the line; a wrong result is never written."""
    with pytest.raises(SpecInvalid) as caught:
        converted(text)
    assert str(caught.value).startswith("shop.yaml"), name
    assert words in str(caught.value)


def test_a_chart_in_git_needs_its_repository() -> None:
    with pytest.raises(ConfigInvalid, match=r"--git-url must name.*FluxHelmRelease shop/cart"):
        converted(ALPHA, replace(ASKED, git_url=""))


def test_no_repository_is_needed_where_no_chart_asks_for_it() -> None:
    assert converted(BETA.format(spec=""), Request()).changed == 1


def test_real_manifests_mean_the_same_afterwards() -> None:
    """Read by both generations: release, chart and sources of values are those from before."""
    text = (FOLDER / "v1beta1.yaml").read_text()
    old = [one for one in yaml.safe_load_all(text) if one]
    new = [one for one in yaml.safe_load_all(converted(text).text) if one]
    assert len(old) == len(new)
    for before, after in zip(old, new, strict=True):
        for document in (before, after):
            document["metadata"]["namespace"] = "shop"
        was = V1BETA1.decode(json.dumps(before).encode())
        now = V1.decode(json.dumps(after).encode())
        assert now.release == was.release
        assert now.values == was.values
        assert now.timeout == was.timeout
        chart = now.chart
        assert chart == was.chart
        if was.options.values_policy is ValuesPolicy.RESET or was.values != b"{}":
            assert now.options.values_policy is ValuesPolicy.RESET
