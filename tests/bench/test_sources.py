"""`bench/sources.py`: its index is of the size asked for, its table says what was measured."""

import yaml

from bench.large_index import MIB, large_index
from bench.sources import Row, table


def test_a_large_index_is_as_large_as_asked_and_sound() -> None:
    content = large_index("app", "1.0.0", "app-1.0.0.tgz", "0" * 64, MIB // 4)
    assert MIB // 4 <= len(content) < MIB // 2
    entries = yaml.load(content, yaml.CSafeLoader)["entries"]
    assert [one["version"] for one in entries["app"]] == ["1.0.0"]
    assert len(entries) > 1


def test_the_table_compares_at_the_same_repository() -> None:
    rows = [
        Row("Helmward", MIB, 1, 1, 0.5, 0.001, 50, 60),
        Row("helm", MIB, 1, 200, 2, 0.5, None, 100),
        Row("Helmward", 60 * MIB, 1, 1, 5, 0.001, 50, 60),
    ]
    ratios = [line.split("|")[7].strip() for line in table(rows).splitlines()[2:]]
    assert ratios == ["1/500", "1", "-"]
