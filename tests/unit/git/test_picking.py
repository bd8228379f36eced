"""Which files of a commit a chart is made from, and what they are called together."""

import pytest

from helmward.charts.picking import dependencies_of, key_of, near, pick_chart
from helmward.errors import ChartRejected
from helmward.git.tree import Entry

FOLDER, LINK = "040000", "120000"


def a_tree(*names: str, links: dict[str, str] | None = None) -> dict[str, Entry]:
    """Build a tree in which each file's name is its content, with all folders."""
    tree = {name: Entry("100644", name) for name in names}
    tree |= {name: Entry(LINK, name, 0, to) for name, to in (links or {}).items()}
    for name in list(tree):
        parts = name.split("/")[:-1]
        for end in range(len(parts)):
            tree["/".join(parts[: end + 1])] = Entry(FOLDER, "f")
    return tree


def picked(tree: dict[str, Entry], folder: str) -> dict[str, str]:
    return {path: entry.oid for path, entry in pick_chart(tree, folder).items()}


def test_a_folder_is_picked_and_no_neighbour() -> None:
    tree = a_tree("app/Chart.yaml", "app/t/x", "apps/y", "z")

    assert picked(tree, "app") == {"app/Chart.yaml": "app/Chart.yaml", "app/t/x": "app/t/x"}
    assert set(picked(tree, "")) == {"app/Chart.yaml", "app/t/x", "apps/y", "z"}


def test_links_stand_for_files_and_folders() -> None:
    tree = a_tree("lib/a", "lib/b/c", "app/x", links={"app/l": "../lib", "app/a": "l/a"})

    assert picked(tree, "app") == {
        "app/x": "app/x",
        "app/a": "lib/a",
        "app/l/a": "lib/a",
        "app/l/b/c": "lib/b/c",
    }


def test_links_that_multiply_are_stopped() -> None:
    """Ten folders with ten links each to the next would be ten thousand million files."""
    links = {f"d{n}/l{m}": f"../d{n + 1}" for n in range(8) for m in range(10)}
    tree = a_tree("d8/file", "d0/Chart.yaml", links=links)

    with pytest.raises(ChartRejected, match="more than 10000 files"):
        pick_chart(tree, "d0")


@pytest.mark.parametrize("name", ["app/../x", "app/.git/hooks/x", "app//x", "app/./x"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    """Git does not make them, but whoever writes objects by hand can."""
    with pytest.raises(ChartRejected, match="no name for a file"):
        pick_chart({name: Entry("100644", "x")}, "app")


@pytest.mark.parametrize(
    ("content", "folders"),
    [
        (b"dependencies: [{name: a, repository: 'file://../a'}]", ["charts/a"]),
        (b"dependencies: [{repository: 'file://./sub/../b'}]", ["charts/app/b"]),
        (b"dependencies: [{repository: 'file://../..'}]", [""]),
        (b"dependencies: [{repository: 'file://../../..'}]", []),
        (b"dependencies: [{repository: 'file:///etc'}]", []),
        (b"dependencies: [{repository: 'https://h/x'}, 7, {name: x}, {repository: 7}]", []),
        (b"dependencies: {a: b}", []),
        (b"[", []),
        (b"", []),
        (b"\xff", []),
    ],
)
def test_folders_that_dependencies_come_from(content: bytes, folders: list[str]) -> None:
    """What leads out, or cannot be read, is for the engine to refuse in its words."""
    assert dependencies_of("charts/app", content) == folders


def test_the_key_is_that_of_the_content() -> None:
    """What is equal is called alike, and nothing else is."""
    files = {"a/x": Entry("100644", "1"), "a/y": Entry("100644", "2")}
    key = key_of(files, "a", skip_dependencies=False)
    others = {
        key_of(files, "b", skip_dependencies=False),
        key_of(files, "a", skip_dependencies=True),
        key_of({**files, "a/y": Entry("100644", "3")}, "a", skip_dependencies=False),
        key_of({**files, "a/z": Entry("100644", "2")}, "a", skip_dependencies=False),
        key_of({"a/x": files["a/x"]}, "a", skip_dependencies=False),
    }

    assert key_of(dict(reversed(files.items())), "a", skip_dependencies=False) == key
    assert len(others) == 5
    assert key not in others


def test_charts_that_were_meant_are_named() -> None:
    tree = a_tree("charts/app/Chart.yaml", "charts/web/Chart.yaml", "other/x")
    assert near(tree, "charts/ap").startswith("; it has the charts charts/app")
    assert near(tree, "zzz") == "; it has the charts charts/app, charts/web"
    assert near(a_tree("x"), "zzz") == ""
