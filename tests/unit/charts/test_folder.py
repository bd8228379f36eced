"""The folder that outlives the operator, and what is done where there can be none."""

from pathlib import Path

import structlog

from helmward.charts.folder import kept


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "helmward"
    with kept(folder) as found:
        assert found == folder
    assert folder.stat().st_mode & 0o077 == 0


def test_one_that_cannot_be_made_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with structlog.testing.capture_logs() as logs, kept(tmp_path / "file" / "helmward") as found:
        assert found is None
    assert "--engine-cache" in logs[0]["event"]
    assert logs[0]["log_level"] == "warning"


def test_one_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "in-use").symlink_to("/dev/null")
    with structlog.testing.capture_logs() as logs, kept(tmp_path) as found:
        assert found is None
    assert logs[0]["why"]


def test_two_operators_never_share_one(tmp_path: Path) -> None:
    """Each would take away what only the other uses."""
    with (
        kept(tmp_path) as first,
        structlog.testing.capture_logs() as logs,
        kept(tmp_path) as second,
    ):
        assert (first, second) == (tmp_path, None)
    assert logs[0]["why"] == "another operator on this machine uses it"
    with kept(tmp_path) as third:
        assert third == tmp_path


def test_none_asked_for_is_no_news() -> None:
    with structlog.testing.capture_logs() as logs, kept(None) as found:
        assert found is None
    assert logs == []
