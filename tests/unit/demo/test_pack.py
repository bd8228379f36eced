"""Charts are packed as Helm would, and the same bytes each time."""

import gzip
import hashlib
import io
import os
import shutil
import tarfile
from pathlib import Path

import yaml

from helmward.demo.pack import index, pack
from helmward.demo.stage import HERE

CHART = HERE / "chart"


def test_an_archive_holds_the_chart_below_its_name() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(CHART).content)) as archive:
        names = archive.getnames()

    assert "stall/Chart.yaml" in names
    assert "stall/templates/deployment.yaml" in names
    assert names == sorted(names)


def test_time_owner_and_mode_of_the_files_do_not_matter(tmp_path: Path) -> None:
    """Otherwise the digest, and with it the release, would change at every start."""
    copy = shutil.copytree(CHART, tmp_path / "copy")
    os.utime(copy / "Chart.yaml", (1, 1))
    (copy / "values.yaml").chmod(0o600)

    assert pack(copy).content == pack(CHART).content
    assert gzip.decompress(pack(CHART).content)


def test_the_index_names_file_and_digest() -> None:
    archive = pack(CHART)

    (entry,) = yaml.safe_load(index([archive]))["entries"]["stall"]

    assert entry["urls"] == ["stall-1.0.0.tgz"]
    assert entry["digest"] == hashlib.sha256(archive.content).hexdigest()
    assert entry["version"] == "1.0.0"
