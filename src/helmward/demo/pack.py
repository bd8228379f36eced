"""A chart's folder into an archive, and archives into a repository's index.

Called by the story. The same folder gives the same bytes, and so one digest.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BEGINNING = "2024-01-01T00:00:00Z"
"""When every demo chart says it was made: archives do not depend on the day."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One packed chart, as `helm package` would name it."""

    about: dict[str, Any]
    content: bytes

    @property
    def filename(self) -> str:
        """Name of the file in the repository."""
        return f"{self.about['name']}-{self.about['version']}.tgz"


def pack(folder: Path) -> Archive:
    """Pack the chart in `folder`; times, owners and modes of its files do not matter."""
    about = yaml.safe_load((folder / "Chart.yaml").read_text())
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            _add(archive, f"{about['name']}/{path.relative_to(folder)}", path.read_bytes())
    return Archive(about, packed.getvalue())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o644
    archive.addfile(entry, io.BytesIO(content))


def index(archives: Iterable[Archive]) -> bytes:
    """Write the `index.yaml` of a repository that holds these archives."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for archive in archives:
        digest = hashlib.sha256(archive.content).hexdigest()
        entry = archive.about | {
            "urls": [archive.filename],
            "digest": digest,
            "created": BEGINNING,
        }
        entries.setdefault(archive.about["name"], []).append(entry)
    document = {"apiVersion": "v1", "entries": entries, "generated": BEGINNING}
    return yaml.safe_dump(document, sort_keys=False).encode()
