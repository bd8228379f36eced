"""The folder that outlives the operator, and what is done where there can be none."""

import os
from pathlib import Path

import pytest
import structlog

from helmward.charts.folder import writable


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "helmward"
    assert writable(folder) == folder
    assert folder.stat().st_mode & 0o077 == 0


def test_one_that_cannot_be_made_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with structlog.testing.capture_logs() as logs:
        assert writable(tmp_path / "file" / "helmward") is None
    assert "--engine-cache" in logs[0]["event"]
    assert logs[0]["log_level"] == "warning"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_one_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with structlog.testing.capture_logs() as logs:
        assert writable(folder) is None
    assert logs[0]["why"] == "it may not be written"


def test_none_asked_for_is_no_news() -> None:
    assert writable(None) is None
