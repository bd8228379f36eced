"""`bench/syncs.py`: its repository is of the size asked for, its table says what was measured."""

import json
from collections import Counter

from bench.manifests import edited, files, name_of
from bench.syncs import Row, table


def test_a_repository_has_as_many_manifests_as_asked_of_several_kinds() -> None:
    found = [json.loads(text) for text in files(80, "shop").values()]
    kinds = Counter(one["kind"] for one in found)
    assert len(found) == 80
    assert kinds["ConfigMap"] == 40
    assert len(kinds) == 5
    assert {one["metadata"]["namespace"] for one in found} == {"shop"}
    assert len({one["metadata"]["name"] for one in found}) == 80


def test_an_edit_changes_one_value_of_one_config_map() -> None:
    before = files(80, "shop")
    path, text = edited(3, "shop", "new")
    old, new = json.loads(before[path]), json.loads(text)
    assert new["metadata"]["name"] == name_of(3) == old["metadata"]["name"]
    assert new["data"] == {"value": "new"}
    assert new | {"data": old["data"]} == old


def test_the_table_compares_with_the_first_row() -> None:
    rows = [Row("Helmward", 0.5, 6, 100, 20), Row("kubectl apply", 50, 2000, 90_000, 4_000)]
    last = table(rows).splitlines()[-1].split("|")
    assert [cell.strip() for cell in last[1:7]] == [
        *("kubectl apply", "50.00", "100.0", "2000", "90000", "4000")
    ]
