"""The first real cause of a failure is found on a real API server."""

from tests.support.go import go_test
from tests.support.plane import Plane


async def test_causes_are_found_on_a_plane(plane: Plane) -> None:
    """What is tested stands in engine/internal/cause/plane_test.go; this gives it a cluster."""
    words = ("-count=1", "-timeout=3m", "-v", "./internal/cause")
    said = await go_test("engine", *words, HELMWARD_TEST_KUBECONFIG=plane.kubeconfig)

    assert "--- PASS: TestOnAPlane" in said, said
