"""What mutating webhooks do to Deployments out in the world."""

from tests.support.webhooks import Document

ORIGIN = "registry.invalid/"
MIRROR = "mirror.invalid/"
SIDECAR = {"name": "proxy", "image": "mirror.invalid/proxy:1"}


def mirrored(document: Document) -> None:
    """Fetch all images from another registry."""
    for container in _containers(document):
        container["image"] = container["image"].replace(ORIGIN, MIRROR)


def in_a_mesh(document: Document) -> None:
    """Add a container to the pods, labels and annotations, and a label of its own choice."""
    if all(one["name"] != SIDECAR["name"] for one in _containers(document)):
        _containers(document).append(dict(SIDECAR))
    document["metadata"].setdefault("labels", {})["team"] = "mesh"
    document["metadata"].setdefault("annotations", {})["mesh.invalid/status"] = "injected"
    document["spec"]["template"]["metadata"].setdefault("labels", {})["mesh"] = "on"


def meddled(document: Document) -> None:
    """Do both."""
    mirrored(document)
    in_a_mesh(document)


def images(document: Document) -> list[str]:
    """Read the images of a Deployment, in order."""
    return [one["image"] for one in _containers(document)]


def _containers(document: Document) -> list[Document]:
    found: list[Document] = document["spec"]["template"]["spec"]["containers"]
    return found
