"""Which files of a commit are read."""

import pytest

from helmward.errors import SourceRejected
from helmward.git.tree import Entry
from helmward.gitops.tree import normal, pick


def a_tree(*names: str, links: dict[str, str] | None = None) -> dict[str, Entry]:
    tree = {name: Entry("100644", name, 1) for name in names}
    return tree | {name: Entry("120000", name, 1, to) for name, to in (links or {}).items()}


def picked(tree: dict[str, Entry], path: str = "") -> list[str]:
    return list(pick(tree, path, "c0ffee"))


def test_yaml_files_are_found_in_every_folder() -> None:
    """By their suffix alone."""
    tree = a_tree("a.yaml", "b/c/d.yml", "b/e.json", "f.YAML", ".github/x.yaml", "yaml")

    assert picked(tree) == [".github/x.yaml", "a.yaml", "b/c/d.yml"]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("a", ["a/x.yaml"]),
        ("a/", ["a/x.yaml"]),
        ("./a", ["a/x.yaml"]),
        ("c/z.yaml", ["c/z.yaml"]),
        ("docs", []),
    ],
)
def test_only_the_named_path_counts(path: str, names: list[str]) -> None:
    """A file may be named as well as a folder; one without any manifest asks for nothing."""
    assert picked(a_tree("a/x.yaml", "ab/y.yaml", "c/z.yaml", "docs/README.md"), path) == names


@pytest.mark.parametrize("path", ["", ".", "./", "x/.."])
def test_these_name_the_root(path: str) -> None:
    assert normal(path) == ""


def test_folders_that_are_charts_are_skipped() -> None:
    """With all below them; one of both files makes no chart."""
    tree = a_tree(
        *("chart/Chart.yaml", "chart/values.yaml", "chart/templates/x.yaml"),
        *("half/Chart.yaml", "half/x.yaml", "other/values.yaml"),
    )

    assert picked(tree) == ["half/Chart.yaml", "half/x.yaml", "other/values.yaml"]


@pytest.mark.parametrize("path", ["chart", "chart/templates", "chart/templates/x.yaml"])
def test_a_path_inside_a_chart_is_refused(path: str) -> None:
    """It would read as a commit that asks for nothing."""
    tree = a_tree("chart/Chart.yaml", "chart/values.yaml", "chart/templates/x.yaml")

    with pytest.raises(SourceRejected, match=f"--git-path {path} .* lies in the Helm chart chart"):
        picked(tree, path)


def test_a_repository_that_is_a_chart_is_refused() -> None:
    with pytest.raises(SourceRejected, match="the root at commit c0ffee lies in the Helm chart"):
        picked(a_tree("Chart.yaml", "values.yaml"))


@pytest.mark.parametrize("path", ["b", "a/x", "a/x.yml"])
def test_a_path_that_is_not_there_is_refused(path: str) -> None:
    with pytest.raises(SourceRejected, match=f"--git-path {path}: commit c0ffee has no such"):
        picked(a_tree("a/x.yaml"), path)


def test_a_path_to_another_file_is_refused() -> None:
    with pytest.raises(SourceRejected, match="neither a folder nor a"):
        picked(a_tree("README"), "README")


def test_links_to_files_and_through_folders_are_followed() -> None:
    """Inside the commit alone."""
    tree = a_tree("base/x.yaml", links={"l": "base", "a.yaml": "l/x.yaml", "b/c.yaml": "../a.yaml"})

    found = pick(tree, "", "c0ffee")

    assert {name: entry.oid for name, entry in found.items()} == {
        "a.yaml": "base/x.yaml",
        "b/c.yaml": "base/x.yaml",
        "base/x.yaml": "base/x.yaml",
    }


def test_a_path_may_be_a_link_to_a_folder() -> None:
    tree = a_tree("v2/x.yaml", links={"current": "v2"})

    assert picked(tree, "current") == picked(tree, "current/") == ["v2/x.yaml"]


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ({"a.yaml": "/etc/passwd"}, "leads out of the repository"),
        ({"a.yaml": "../x.yaml"}, "leads out of the repository"),
        ({"d/a.yaml": "../../x.yaml"}, "leads out of the repository"),
        ({"d": "..", "a.yaml": "d/x.yaml"}, "leads out of the repository"),
        ({"a.yaml": "b.yaml", "b.yaml": "a.yaml"}, "circle"),
        ({"a.yaml": "a.yaml"}, "circle"),
        ({"a.yaml": "none.yaml"}, "points to none.yaml, which is no file"),
        ({"a.yaml": "folder"}, "points to folder, which is no file"),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(links: dict[str, str], said: str) -> None:
    """Out of the tree, in a circle, to nothing."""
    with pytest.raises(SourceRejected, match=said):
        picked(a_tree("folder/x.yaml", links=links))


@pytest.mark.parametrize("target", ["/etc", "..", "../../other"])
def test_a_path_that_leads_out_of_the_repository_is_refused(target: str) -> None:
    """By a link on its way, as by its name."""
    tree = a_tree("a.yaml", links={"live": target})

    for path in ("live", "live/x"):
        with pytest.raises(SourceRejected, match=f"--git-path {path}: .* leads out of"):
            picked(tree, path)


def test_links_of_other_names_do_no_harm() -> None:
    """Nobody reads them."""
    assert picked(a_tree("a.yaml", links={"passwd": "/etc/passwd"})) == ["a.yaml"]


def test_the_path_is_named_as_people_named_it() -> None:
    """It may come from a file instead of a flag."""
    with pytest.raises(SourceRejected, match=r"^paths\[1\]\.path: commit c0ffee has no such"):
        pick(a_tree("a.yaml"), "b", "c0ffee", "paths[1].path")
