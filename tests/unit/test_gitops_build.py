"""Files become manifests, or a commit is refused with every fault and its place."""

from typing import Any

import pytest

from helmward.errors import SourceRejected
from helmward.gitops.build import MAX_FAULTS, Manifest, build
from tests.support.objects import config_map


def faults_of(files: dict[str, str]) -> list[str]:
    with pytest.raises(SourceRejected) as caught:
        build_text(files)
    return str(caught.value).splitlines()


def build_text(files: dict[str, str]) -> list[Manifest]:
    return build({path: text.encode() for path, text in files.items()})


def test_every_document_becomes_a_manifest_with_its_place() -> None:
    found = build_text({"b.yaml": f"{config_map('x')}---\n{config_map('z')}", "a.yaml": ""})

    assert [(manifest.place, str(manifest.id)) for manifest in found] == [
        ("b.yaml:1", "ConfigMap x"),
        ("b.yaml:8", "ConfigMap z"),
    ]


def test_documents_without_kind_are_skipped() -> None:
    """Values files and the like live in such folders too."""
    assert build_text({"values.yaml": "replicas: 2\n", "x.yaml": "kind:\n"}) == []


def test_files_of_kustomize_are_skipped() -> None:
    """They look like objects, but no cluster has the kind."""
    text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n"

    assert build_text({"kustomization.yaml": text}) == []


def test_lists_are_expanded_with_the_place_of_each_item() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n"
        "- apiVersion: v1\n  kind: ConfigMapList\n  items:\n  - metadata: {name: z}\n"
        "- {apiVersion: v1, kind: SecretList, items: []}\n"
    )
    found = build_text({"a.yaml": text})

    assert [(manifest.place, str(manifest.id)) for manifest in found] == [
        ("a.yaml:4", "ConfigMap x"),
        ("a.yaml:8", "ConfigMap z"),
    ]
    assert found[1].api_version == "v1"


def test_a_kind_that_only_sounds_like_a_list_is_an_object() -> None:
    """It has no items."""
    text = "apiVersion: net.test/v1\nkind: AllowList\nmetadata: {name: x}\nspec: {items: []}\n"

    assert [str(m.id) for m in build_text({"a.yaml": text})] == ["AllowList.net.test x"]


def test_one_object_twice_names_both_places() -> None:
    """Whatever version of its API the files name."""
    one = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"
    other = one.replace("v1", "v1beta1", 1)

    assert faults_of({"a.yaml": f"# x\n{one}", "b/c.yaml": other}) == [
        "b/c.yaml:1: Deployment.apps shop/web is also defined in a.yaml:2"
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("kind: ConfigMap\nmetadata: {name: x}\n", "apiVersion is missing"),
        ("apiVersion: 1\nkind: ConfigMap\nmetadata: {name: x}\n", "apiVersion is no text"),
        ("apiVersion: v1\nkind: ConfigMap\n", "ConfigMap has no metadata"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "ConfigMap: metadata.name is missing"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 12}\n", "metadata.name is no text"),
        (
            "apiVersion: v1\nkind: C\nmetadata: {name: x, namespace: 1}\n",
            "metadata.namespace is no",
        ),
        ("apiVersion: v1\nkind: 0\nmetadata: {name: x}\n", ""),
        ("- a\n- b\n", "this is no object"),
        ("hello\n", "this is no object"),
        ("kind: List\nitems: [x]\n", "kind is missing"),
        ("kind: [\n", "did not find expected node content"),
    ],
)
def test_what_is_no_object_is_refused_with_its_place(text: str, fault: str) -> None:
    """The message starts with path and line, as compilers do."""
    if not fault:
        assert build_text({"x/a.yaml": text}) == []
        return
    [said] = faults_of({"x/a.yaml": text})
    assert said.startswith("x/a.yaml:")
    assert fault in said


def test_all_faults_are_listed_at_once() -> None:
    """So that one look mends them all, up to a bearable length."""
    files = {f"{number:02}.yaml": "kind: X\n" for number in range(MAX_FAULTS + 3)}

    said = faults_of(files)

    assert len(said) == MAX_FAULTS + 1
    assert said[0] == "00.yaml:1: apiVersion is missing"
    assert said[-1] == "and 3 more"


@pytest.mark.parametrize(
    ("annotations", "ignored"),
    [
        ('{fluxcd.io/ignore: "true"}', True),
        ("{flux.weave.works/ignore: 'true'}", True),
        ('{fluxcd.io/ignore: "sync_only"}', False),
        ('{fluxcd.io/ignore: "false"}', False),
        ("{fluxcd.io/ignore: true}", False),
        ("x", False),
        ("null", False),
    ],
)
def test_flux_annotation_to_ignore(annotations: str, ignored: Any) -> None:
    """Only the text `true` counts; the API server takes no other type anyway."""
    [found] = build_text({"a.yaml": config_map("x", extra=f"  annotations: {annotations}\n")})

    assert found.ignored is ignored


def test_the_digest_follows_the_content_alone() -> None:
    """Order, comments and place do not matter."""
    [one] = build_text({"a.yaml": config_map("x")})
    [two] = build_text({"b.yaml": "# c\n" + config_map("x").replace('"1"', "'1'")})
    [other] = build_text({"a.yaml": config_map("x", "2")})

    assert one.digest == two.digest != other.digest
