"""What tests of mirrors share: a chart in a folder, read as it lies there, and complaints."""

import shutil
from pathlib import Path

import pytest

from helmward.charts.content import lay_out, read_content
from helmward.errors import SourceUnavailable
from helmward.git.mirror import Head, Mirror

MAIN = "refs/heads/main"
CHART = {
    "charts/app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    "charts/app/values.yaml": "size: 1\n",
    "charts/app/templates/c.yaml": "kind: ConfigMap\n",
}


async def files_of(
    mirror: Mirror, head: Head, tmp_path: Path, path: str = "charts/app", *, skip: bool = False
) -> dict[str, str]:
    """Lay a chart out and read all that lies there."""
    content = await read_content(mirror, head, path, skip_dependencies=skip)
    root = tmp_path / "laid" / head.commit
    shutil.rmtree(root, ignore_errors=True)
    await lay_out(mirror, head, content, root)
    return {
        str(file.relative_to(root)): file.read_text() for file in root.rglob("*") if file.is_file()
    }


async def failure_of(mirror: Mirror) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        await mirror.refs()
    return str(caught.value)
