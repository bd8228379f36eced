"""Indexes as large repositories have them."""

import hashlib
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20
VERSIONS: Final = 100
ENTRY: Final = """\
  - annotations:
      category: Infrastructure
      images: |
        - name: {name}
          image: registry.example.com/{name}:1.{number}.0
        - name: exporter
          image: registry.example.com/exporter:1.2.3
      licenses: Apache-2.0
    apiVersion: v2
    appVersion: 1.{number}.0
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
    version: 1.{number}.0
"""


def write_large(path: Path, chart: Path, size: int = 60 * MIB) -> None:
    """Write an index of a size, in which `app` 1.0.0 is the chart's archive and all else absent."""
    digest = hashlib.sha256(chart.read_bytes()).hexdigest()
    with path.open("w") as out:
        out.write("apiVersion: v1\nentries:\n  app:\n")
        out.write(ENTRY.format(name="app", number=0, digest=digest, url=chart.name))
        number = 0
        while out.tell() < size:
            out.write(_chart(f"chart-{number}"))
            number += 1
        out.write('generated: "2024-01-01T00:00:00.000000000Z"\n')


def _chart(name: str) -> str:
    versions = (
        ENTRY.format(name=name, number=number, digest="0" * 64, url=f"{name}-1.{number}.0.tgz")
        for number in reversed(range(VERSIONS))
    )
    return f"  {name}:\n{''.join(versions)}"
