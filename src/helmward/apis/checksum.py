"""`status.valuesChecksum` of v1beta1: what the old operator told of the values in force.

Called by whoever composes the values, for `Account.values_checksum`.
"""

import hashlib

import msgspec


def values_checksum(values: bytes) -> str:
    """Return the hex SHA-256 of composed values (JSON bytes), written as YAML.

    Equal values have equal checksums whatever the order of their keys. The old
    operator's own may differ where YAML can spell one text in several ways.
    """
    return hashlib.sha256(as_yaml(msgspec.json.decode(values))).hexdigest()


def as_yaml(values: object) -> bytes:
    """Write values as YAML in one fixed way: keys in order, lines never folded."""
    import yaml  # noqa: PLC0415  # only v1beta1 tells it

    written: bytes = yaml.dump(
        values,
        Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper),
        sort_keys=True,
        default_flow_style=False,
        allow_unicode=True,
        width=2**31 - 1,
        encoding="utf-8",
    )
    return written
