"""Finds the cluster, once, at the start."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from helmward.errors import ConfigInvalid
from helmward.kube.cluster import ClusterConfig
from helmward.kube.credentials import TokenFile
from helmward.kube.kubeconfig import read_kubeconfig

__all__ = ["ClusterConfig", "load_config"]

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def load_config(
    kubeconfig: str | None = None,
    context: str | None = None,
    *,
    server: str | None = None,
    environ: Mapping[str, str] | None = None,
    service_account: Path = SERVICE_ACCOUNT,
) -> ClusterConfig:
    """Find the cluster: the path given, $KUBECONFIG, the pod's account, ~/.kube/config.

    `server` takes the place of the address found; where nothing was found it
    is enough, as for a proxy that needs no credentials.

    Raises:
        ConfigInvalid: nothing was found, or a file is wrong; names file and field.
    """
    environ = os.environ if environ is None else environ
    files = _kubeconfigs(kubeconfig, environ, service_account)
    if files:
        found = read_kubeconfig(files, context)
    elif _is_pod(environ, service_account):
        found = in_cluster(environ, service_account)
    elif server:
        return ClusterConfig(server)
    else:
        home = _home(environ)
        raise ConfigInvalid(
            f"no cluster: neither --kubeconfig nor $KUBECONFIG nor a pod nor {home}"
        )
    return replace(found, server=server) if server else found


def _kubeconfigs(
    kubeconfig: str | None, environ: Mapping[str, str], service_account: Path
) -> list[Path]:
    """Return the files that count; none in a pod, and where there are none."""
    if kubeconfig:
        return [Path(kubeconfig)]
    if listed := [Path(path) for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]:
        return [path for path in listed if path.exists()] or listed
    home = _home(environ)
    return [home] if home.exists() and not _is_pod(environ, service_account) else []


def _is_pod(environ: Mapping[str, str], service_account: Path) -> bool:
    return "KUBERNETES_SERVICE_HOST" in environ and (service_account / "token").exists()


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME", "~")).expanduser() / ".kube" / "config"


def in_cluster(environ: Mapping[str, str], service_account: Path) -> ClusterConfig:
    """Return the pod's own cluster and account; the token is read again as it is renewed."""
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    authority = f"[{host}]" if ":" in host else host
    namespace = service_account / "namespace"
    try:
        return ClusterConfig(
            server=f"https://{authority}:{port}",
            namespace=namespace.read_text().strip() if namespace.exists() else "default",
            credentials=TokenFile(service_account / "token"),
            ca=(service_account / "ca.crt").read_bytes(),
            in_cluster=True,
        )
    except OSError as error:
        raise ConfigInvalid(f"{error.filename}: {error.strerror}") from error
