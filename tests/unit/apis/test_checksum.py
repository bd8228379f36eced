"""The checksum of values that v1beta1 tells."""

import hashlib

import pytest

from helmward.apis.checksum import as_yaml, values_checksum

ROWS = [
    (b"{}", "{}\n"),
    (b'{"b":1,"a":{"d":[1,"x"],"c":null}}', "a:\n  c: null\n  d:\n  - 1\n  - x\nb: 1\n"),
    (b'{"a":"true","b":true,"c":1.5}', "a: 'true'\nb: true\nc: 1.5\n"),
    ('{"a":"grün"}'.encode(), "a: grün\n"),
]


@pytest.mark.parametrize(("values", "text"), ROWS)
def test_the_checksum_is_that_of_the_yaml(values: bytes, text: str) -> None:
    assert values_checksum(values) == hashlib.sha256(text.encode()).hexdigest()


def test_the_order_of_keys_does_not_count() -> None:
    assert values_checksum(b'{"a":1,"b":2}') == values_checksum(b'{"b":2,"a":1}')


def test_long_lines_stay_one_line() -> None:
    assert as_yaml({"a": "word " * 50}).count(b"\n") == 1
