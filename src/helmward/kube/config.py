"""Where the API server is and how to prove who we are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """One cluster, one identity; secrets stay out of its repr."""

    server: str
    namespace: str = "default"


def load_config(kubeconfig: str | None = None, context: str | None = None) -> ClusterConfig:
    """Find the cluster: the path given, $KUBECONFIG, the pod's account, ~/.kube/config.

    Raises:
        ConfigInvalid: nothing was found, or a file is wrong; names file and field.
    """
    raise NotImplementedError
