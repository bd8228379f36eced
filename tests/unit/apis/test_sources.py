"""Where chart and values come from: read alike by every generation, problems in words."""

from typing import Any

import pytest

from helmward.apis import GENERATIONS, V1, V1BETA1, Generation
from helmward.model import ChartRef, GitChart, SourceKind, SourceOptions, ValuesSource
from tests.support.declared import IN_GIT, IN_REPOSITORY, read

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)


@BOTH
def test_a_chart_of_a_repository(served: Generation) -> None:
    chart = {**IN_REPOSITORY, "chartPullSecret": {"name": "login"}}
    assert read(served, {"chart": chart}).chart == ChartRef(
        "https://charts.example.com", "cart", "1.0.0", pull_secret="login"
    )


@BOTH
def test_a_chart_in_git(served: Generation) -> None:
    chart = {**IN_GIT, "ref": "v7", "skipDepUpdate": True}
    assert read(served, {"chart": chart}).chart == GitChart(
        "https://git.example.com/charts", "charts/cart", "v7", skip_dep_update=True
    )


@BOTH
@pytest.mark.parametrize(
    ("path", "meant"),
    [("/charts/cart/", "charts/cart"), ("./charts//cart", "charts/cart"), ("/", ""), (".", "")],
)
def test_a_path_in_git_starts_at_the_root(path: str, meant: str, served: Generation) -> None:
    declared = read(served, {"chart": {**IN_GIT, "path": path}})
    assert isinstance(declared.chart, GitChart)
    assert (declared.chart.path, declared.problem) == (meant, "")


CHARTS: list[tuple[dict[str, Any], str]] = [
    ({}, "spec.chart: names no chart: set repository, name and version, or git and path"),
    ({"git": "https://git.example.com/a"}, "spec.chart.path: is missing"),
    ({"path": "a"}, "spec.chart.git: is missing"),
    ({**IN_GIT, "path": ""}, "spec.chart.path: is missing"),
    ({**IN_REPOSITORY, "version": ""}, "spec.chart.version: is missing"),
    ({"name": "a", "version": "1"}, "spec.chart.repository: is missing"),
    ({**IN_REPOSITORY, **IN_GIT}, "take one of the two away"),
    ({**IN_GIT, "path": "../secrets"}, 'spec.chart.path: "../secrets" leads out of'),
    ({**IN_GIT, "path": "a/../../b"}, "leads out of"),
]


@BOTH
@pytest.mark.parametrize(("chart", "words"), CHARTS)
def test_a_chart_that_cannot_be_meant_is_a_problem(
    chart: dict[str, Any], words: str, served: Generation
) -> None:
    assert words in read(served, {"chart": chart}).problem


@BOTH
@pytest.mark.parametrize(
    "chart",
    [
        {"repository": "https://x.example.com/cart-1.0.0.tgz"},
        {"repository": "https://x.example.com/cart-1.0.0.tgz?token=1"},
        {"repository": "data:application/gzip;base64,AAAA"},
        {"repository": "oci://x.example.com/charts", "name": "cart", "version": "1.0.0"},
    ],
)
def test_an_archive_says_itself_which_chart_it_is(
    chart: dict[str, Any], served: Generation
) -> None:
    """A repository or registry has to be told."""
    declared = read(served, {"chart": chart})
    assert declared.problem == ""
    assert isinstance(declared.chart, ChartRef)
    assert declared.chart.repository == chart["repository"]


@BOTH
def test_a_registry_needs_name_and_version(served: Generation) -> None:
    problem = read(served, {"chart": {"repository": "oci://x.example.com/charts/cart"}}).problem
    assert "spec.chart.name: is missing" in problem


ANNOTATED: list[tuple[dict[str, str], SourceOptions]] = [
    ({}, SourceOptions()),
    ({"plain-http": "true"}, SourceOptions(plain_http=True)),
    ({"skip-tls-verify": "true", "plain-http": "false"}, SourceOptions(skip_tls_verify=True)),
    ({"pass-credentials": "true"}, SourceOptions(pass_credentials=True)),
    ({"verify": "cosign"}, SourceOptions(verify="cosign")),
    (
        {"verify": "provenance", "verify-keys": "ring"},
        SourceOptions(verify="provenance", verify_keys="ring"),
    ),
]


@BOTH
@pytest.mark.parametrize(("words", "options"), ANNOTATED)
def test_annotations_say_how_a_source_is_spoken_to(
    words: dict[str, str], options: SourceOptions, served: Generation
) -> None:
    annotations = {f"helmward.dev/{name}": word for name, word in words.items()}
    declared = read(served, annotations=annotations)
    assert (declared.source, declared.problem) == (options, "")


@BOTH
@pytest.mark.parametrize(
    ("name", "word", "said"),
    [
        ("plain-http", "yes", '"yes" is none of true, false'),
        ("verify", "gpg", '"gpg" is none of provenance, cosign'),
        ("verify", "", '"" is none of provenance, cosign'),
        ("verify-keys", "ring", "says nothing without helmward.dev/verify"),
    ],
)
def test_an_annotation_that_says_nothing_is_a_problem(
    name: str, word: str, said: str, served: Generation
) -> None:
    """A slip in what asks for signatures must not pass as none asked for."""
    declared = read(served, annotations={f"helmward.dev/{name}": word})
    assert f"metadata.annotations[helmward.dev/{name}]: {said}" in declared.problem


@BOTH
def test_another_word_about_the_source_is_worth_a_turn(served: Generation) -> None:
    """What the new word leads to is tried at once, whatever failed before."""
    plain, told = read(served), read(served, annotations={"helmward.dev/plain-http": "true"})
    assert plain.asks != told.asks


@BOTH
def test_a_leftover_of_the_other_form_does_no_harm(served: Generation) -> None:
    """Only a form that is complete is meant."""
    chart = {**IN_REPOSITORY, "git": "https://git.example.com/a"}
    declared = read(served, {"chart": chart})
    assert isinstance(declared.chart, ChartRef)
    assert declared.problem == ""


@BOTH
def test_sources_of_values_stand_in_their_order(served: Generation) -> None:
    """Old secrets are the lowest, whatever the order in the document."""
    spec = {
        "valuesFrom": [
            {"configMapKeyRef": {"name": "a"}},
            {"secretKeyRef": {"name": "b", "key": "eu.yaml", "optional": True}},
            {"externalSourceRef": {"url": "https://example.com/v.yaml", "optional": True}},
            {"chartFileRef": {"path": "prod.yaml"}},
        ],
        "valueFileSecrets": [{"name": "old"}],
    }
    strict = served is V1BETA1
    assert read(served, spec).values_from == (
        ValuesSource(
            SourceKind.SECRET, "spec.valueFileSecrets[0]", "shop", "old", lenient=not strict
        ),
        ValuesSource(SourceKind.CONFIG_MAP, "spec.valuesFrom[0].configMapKeyRef", "shop", "a"),
        ValuesSource(
            SourceKind.SECRET,
            "spec.valuesFrom[1].secretKeyRef",
            "shop",
            "b",
            "eu.yaml",
            optional=True,
            lenient=not strict,
        ),
        ValuesSource(
            SourceKind.EXTERNAL,
            "spec.valuesFrom[2].externalSourceRef",
            location="https://example.com/v.yaml",
            optional=True,
        ),
        ValuesSource(
            SourceKind.CHART_FILE, "spec.valuesFrom[3].chartFileRef", location="prod.yaml"
        ),
    )


@BOTH
def test_of_several_sources_in_one_entry_the_first_kind_counts(served: Generation) -> None:
    entry = {
        "chartFileRef": {"path": "a"},
        "secretKeyRef": {"name": "b"},
        "configMapKeyRef": {"name": "c"},
    }
    declared = read(served, {"valuesFrom": [entry]})
    assert [one.kind for one in declared.values_from] == [SourceKind.CONFIG_MAP]
    assert declared.problem == ""


SOURCES: list[tuple[dict[str, Any], str]] = [
    ({}, "spec.valuesFrom[0]: names no source: set one of configMapKeyRef, secretKeyRef"),
    ({"configMapKeyRef": {"name": ""}}, "spec.valuesFrom[0].configMapKeyRef.name: is empty"),
    ({"secretKeyRef": {"name": ""}}, "spec.valuesFrom[0].secretKeyRef.name: is empty"),
    ({"externalSourceRef": {"url": ""}}, "spec.valuesFrom[0].externalSourceRef.url: is empty"),
    ({"chartFileRef": {"path": ""}}, "spec.valuesFrom[0].chartFileRef.path: is empty"),
    (
        {"externalSourceRef": {"url": "values.yaml", "optional": True}},
        "spec.valuesFrom[0].externalSourceRef.url: must be a URL, such as https://",
    ),
    *(
        (
            {"chartFileRef": {"path": path, "optional": True}},
            f'spec.valuesFrom[0].chartFileRef.path: "{path}" leads out of the chart',
        )
        for path in ("/etc/passwd", "../a.yaml", "a/../../b", "a/..", "..\\a", "a\0")
    ),
]


@BOTH
@pytest.mark.parametrize(("entry", "words"), SOURCES)
def test_a_source_that_names_nothing_is_a_problem(
    entry: dict[str, Any], words: str, served: Generation
) -> None:
    assert words in read(served, {"valuesFrom": [entry]}).problem


@BOTH
def test_a_file_of_the_chart_is_named_from_its_folder(served: Generation) -> None:
    declared = read(served, {"valuesFrom": [{"chartFileRef": {"path": "./envs//prod.yaml"}}]})
    assert (declared.values_from[0].location, declared.problem) == ("envs/prod.yaml", "")


def test_only_v1beta1_may_name_what_a_plugin_downloads() -> None:
    """The old operator read its URLs as Helm did; that of v1 knew the web alone."""
    spec = {"valuesFrom": [{"externalSourceRef": {"url": "s3://me:pass@bucket/v.yaml"}}]}
    said = "spec.valuesFrom[0].externalSourceRef.url: s3:// is not served: use http or https"

    assert read(V1BETA1, spec).problem == ""
    assert read(V1, spec).problem == said


@BOTH
def test_one_value_for_a_path(served: Generation) -> None:
    refs = {"name": "a", "targetPath": "image.tag", "literal": True}
    spec = {"valuesFrom": [{"secretKeyRef": refs}, {"configMapKeyRef": refs | {"literal": False}}]}
    found = read(served, spec).values_from

    assert [(one.target, one.literal) for one in found] == [
        ("image.tag", True),
        ("image.tag", False),
    ]
