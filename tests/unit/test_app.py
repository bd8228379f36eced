"""What the app adds to settings by what it finds."""

from pathlib import Path

import pytest

from helmward.app import _settled
from helmward.kube import ClusterConfig
from helmward.settings import ReleaseSettings


@pytest.mark.parametrize("inside", [True, False])
def test_only_in_a_cluster_is_this_machine_closed(inside: bool) -> None:
    """A person's own machine is where charts are tried out."""
    cluster = ClusterConfig("https://10.0.0.1", in_cluster=inside)
    assert _settled(ReleaseSettings(), None, cluster).charts.engine.refuse_local is inside


def test_the_engine_gets_the_folder_that_was_had() -> None:
    cluster = ClusterConfig("https://10.0.0.1")
    assert _settled(ReleaseSettings(), Path("/c"), cluster).charts.engine.cache == Path("/c")
