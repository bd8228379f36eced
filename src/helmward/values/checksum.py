"""The checksum of values that the status of v1beta1 shows; pure.

Called by whoever writes that status.
"""

import hashlib

import msgspec
import yaml


def checksum(document: bytes) -> str:
    """Return the hex SHA-256 of a JSON object as YAML, its keys in order."""
    values = msgspec.json.decode(document)
    written = yaml.dump(values, Dumper=yaml.CSafeDumper, allow_unicode=True, width=10**9)
    return hashlib.sha256(written.encode()).hexdigest()
