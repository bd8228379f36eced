"""Users with few rights, as a client or an operator may be one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from helmward.kube import Kube, Resource

RBAC: Final = "rbac.authorization.k8s.io"
CLUSTER_ROLES: Final = Resource(RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS: Final = Resource(
    RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)


def a_rule(groups: list[str], resources: list[str], verbs: list[str]) -> dict[str, Any]:
    """Return a rule of a Role."""
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


async def bind(kube: Kube, namespace: str, user: str, *rules: dict[str, Any]) -> None:
    """Give a user rules in one namespace, instead of those given before."""
    metadata = {"name": "reader", "namespace": namespace}
    role = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": list(rules)}
    await kube.apply(role)
    await kube.apply(_binding("RoleBinding", "Role", metadata, user))


@asynccontextmanager
async def bound(kube: Kube, user: str, *rules: dict[str, Any]) -> AsyncIterator[None]:
    """Give a user rules in the whole cluster until the block ends."""
    metadata = {"name": user}
    role = {"kind": "ClusterRole", "metadata": metadata, "rules": list(rules)}
    await kube.apply({"apiVersion": f"{RBAC}/v1", **role})
    await kube.apply(_binding("ClusterRoleBinding", "ClusterRole", metadata, user))
    yield
    await kube.delete(CLUSTER_ROLE_BINDINGS, user)
    await kube.delete(CLUSTER_ROLES, user)


def _binding(kind: str, role: str, metadata: dict[str, Any], user: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": role, "name": metadata["name"]},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
    }


def kubeconfig_as(user: str, kubeconfig: str, folder: Path) -> str:
    """Write a kubeconfig with which everything is done as another user."""
    document = yaml.safe_load(Path(kubeconfig).read_text())
    for one in document["users"]:
        one["user"]["as"] = user
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return str(path)
