"""Indexes as large repositories have them."""

from typing import Final

MIB: Final = 1 << 20
VERSIONS: Final = 100
ENTRY: Final = """\
  - annotations:
      category: Infrastructure
      images: |
        - name: {name}
          image: registry.example.com/{name}:{version}
        - name: exporter
          image: registry.example.com/exporter:1.2.3
      licenses: Apache-2.0
    apiVersion: v2
    appVersion: {version}
    created: "2024-01-01T00:00:00.000000000Z"
    dependencies:
    - name: common
      repository: oci://registry.example.com/charts
      tags:
      - common
      version: 2.x.x
    description: What {name} is and does, in so many words that the line is broken where
      it is too long, as programs do that write an index.
    digest: {digest}
    home: https://example.com/{name}
    icon: https://example.com/{name}/icon.svg
    keywords:
    - {name}
    - chart
    maintainers:
    - name: somebody
      url: https://example.com/somebody
    name: {name}
    sources:
    - https://example.com/{name}/source
    urls:
    - {url}
    version: {version}
"""


def large_index(name: str, version: str, url: str, digest: str, size: int = 60 * MIB) -> bytes:
    """Write an index of a size, as `helm repo index` lays it out.

    It lists one chart that there is, and hundreds that nobody asks for.
    """
    first = ENTRY.format(name=name, version=version, digest=digest, url=url)
    parts = [f"apiVersion: v1\nentries:\n  {name}:\n{first}".encode()]
    written = len(parts[0])
    while written < size:
        parts.append(_chart(f"chart-{len(parts)}"))
        written += len(parts[-1])
    parts.append(b'generated: "2024-01-01T00:00:00.000000000Z"\n')
    return b"".join(parts)


def _chart(name: str) -> bytes:
    versions = (
        ENTRY.format(name=name, version=f"1.{minor}.0", digest="0" * 64, url=f"{name}-{minor}.tgz")
        for minor in reversed(range(VERSIONS))
    )
    return f"  {name}:\n{''.join(versions)}".encode()
