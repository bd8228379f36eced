"""Helm's own format is read as Helm writes it."""

import base64
import gzip
import json

import pytest

from helmward.demo.verify import decode_release


def test_a_release_is_read_out_of_its_secret() -> None:
    packed = base64.b64encode(gzip.compress(json.dumps({"name": "cart"}).encode()))
    secret = {"data": {"release": base64.b64encode(packed).decode()}}

    assert decode_release(secret) == {"name": "cart"}


def test_anything_else_is_refused() -> None:
    with pytest.raises((ValueError, OSError)):
        decode_release({"data": {"release": base64.b64encode(b"no release").decode()}})
