"""What a path has left in its namespace, without what no two runs have in common.

Left out, with the reason:

- `uid`, `resourceVersion`, `creationTimestamp`: the API server's, new each time.
- `status`: written by controllers, each in its own time.
- what controllers made (objects with an owner, `default` accounts, root certificates,
  Endpoints): the same controllers make the same of the same objects.
- names that the server made up from `generateName`, and addresses, ports, volumes and nodes
  that it gave away: they are read as `given`.
- entries of managedFields of other managers, for the same reason. Of the one that applied the
  object there must be the same entries with the same fields. Its name is `helm` or `helmward`:
  read as `helm`. Times are left out. A Secret's `stringData` is read as `data`: as that we apply
  it, since stock Helm owns fields there that no live object has.
- the namespace's own name, which is read as `NAMESPACE` everywhere.

What remains is compared whole: also `generation`, which tells of changes that were none.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from helmward.errors import NotFound
from helmward.kube import Kube, Resource
from helmward.kube.resources import (
    CONFIG_MAPS,
    CRDS,
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
)

RBAC: Final = "rbac.authorization.k8s.io"
IN_NAMESPACES: Final = (
    CONFIG_MAPS,
    SECRETS,
    SERVICES,
    SERVICE_ACCOUNTS,
    DEPLOYMENTS,
    PODS,
    Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
    Resource("", "v1", "limitranges", "LimitRange"),
    Resource("", "v1", "resourcequotas", "ResourceQuota"),
    Resource("apps", "v1", "statefulsets", "StatefulSet"),
    Resource("apps", "v1", "daemonsets", "DaemonSet"),
    Resource("batch", "v1", "jobs", "Job"),
    Resource("batch", "v1", "cronjobs", "CronJob"),
    Resource(RBAC, "v1", "roles", "Role"),
    Resource(RBAC, "v1", "rolebindings", "RoleBinding"),
    Resource("networking.k8s.io", "v1", "ingresses", "Ingress"),
    Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
    Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
)
CLUSTER_WIDE: Final = (
    NAMESPACES,
    CRDS,
    Resource(RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False),
    Resource(RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", namespaced=False),
)
OURS: Final = ("helm", "helmward")
NEW_EACH_TIME: Final = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
GIVEN: Final = frozenset(
    {"clusterIP", "clusterIPs", "nodePort", "volumeName", "nodeName", "controller-uid"}
    | {"batch.kubernetes.io/controller-uid"}
)

Seen = dict[str, Any]


async def objects(kube: Kube, namespace: str, *, owners: bool = True) -> Seen:
    """Read all objects that a path may have left, by kind, namespace and name.

    `owners` says whether with the fields that the applying manager owns.
    """
    own = [one for kind in CLUSTER_WIDE for one in await _named_after(kube, kind, namespace)]
    spaces = [one["metadata"]["name"] for one in own if one["kind"] == "Namespace"]
    kinds = [*IN_NAMESPACES, *(_kind_of(one) for one in own if one["kind"] == CRDS.kind)]
    pairs = [(kind, space) for kind in kinds for space in spaces]
    lists = await asyncio.gather(*(_listed(kube, *pair) for pair in pairs))
    found = [one for listed in lists for one in listed]
    read = [json.loads(json.dumps(one).replace(namespace, "NAMESPACE")) for one in own + found]
    seen = {_key(one): _comparable(one) for one in read if not _is_left_out(one)}
    return seen if owners else {key: one | {"fields": ""} for key, one in seen.items()}


async def _named_after(kube: Kube, kind: Resource, namespace: str) -> list[Seen]:
    found, _ = await kube.list(kind)
    return [dict(one) for one in found if namespace in one["metadata"]["name"]]


async def _listed(kube: Kube, kind: Resource, namespace: str) -> list[Seen]:
    """Read a kind's objects; none of one that is not served."""
    try:
        found, _ = await kube.list(kind, namespace)
    except NotFound:
        return []
    return [dict(one) for one in found]


def _kind_of(crd: Seen) -> Resource:
    spec = crd["spec"]
    names = spec["names"]
    version = spec["versions"][0]["name"]
    return Resource(spec["group"], version, names["plural"], names["kind"])


def _is_left_out(one: Seen) -> bool:
    metadata = one["metadata"]
    return (
        bool(metadata.get("ownerReferences"))
        or one.get("type") == "helm.sh/release.v1"
        or (one["kind"], metadata["name"])
        in {
            ("ServiceAccount", "default"),
            ("ConfigMap", "kube-root-ca.crt"),
        }
    )


def _key(one: Seen) -> str:
    metadata = one["metadata"]
    name = metadata["name"]
    if prefix := metadata.get("generateName"):
        name = f"{prefix}given"
    return f"{one['apiVersion']} {one['kind']} {metadata.get('namespace', '')}/{name}"


def _comparable(one: Seen) -> Seen:
    metadata = one["metadata"]
    kept = {key: value for key, value in metadata.items() if key not in NEW_EACH_TIME}
    if "generateName" in kept:
        kept["name"] = "given"
    content = {key: value for key, value in one.items() if key not in {"metadata", "status"}}
    read: Seen = _without_given({**content, "metadata": kept})
    return read | {"fields": _fields(metadata.get("managedFields", ()))}


def _fields(entries: Any) -> Seen:
    """Read which fields the applying manager owns, by operation and subresource."""
    return {
        f"{one['operation']} {one.get('subresource', '')}": _stored(one["fieldsV1"])
        for one in entries
        if one["manager"] in OURS
    }


def _stored(fields: Seen) -> Seen:
    """Read `stringData` as what the API server makes of it, and what we apply: `data`."""
    if "f:stringData" not in fields:
        return fields
    rest = {key: one for key, one in fields.items() if key != "f:stringData"}
    return rest | {"f:data": rest.get("f:data", {}) | fields["f:stringData"]}


def _without_given(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {
            key: "given" if key in GIVEN else _without_given(value)
            for key, value in content.items()
        }
    if isinstance(content, list):
        return [_without_given(one) for one in content]
    return content


async def leave_nothing(kube: Kube, *namespaces: str) -> None:
    """Ask for the deletion of both namespaces and of what is named after them."""
    for namespace in namespaces:
        for kind in CLUSTER_WIDE:
            for one in await _named_after(kube, kind, namespace):
                await kube.delete(kind, one["metadata"]["name"])


def differences(lean: Any, stock: Any, where: str = "") -> list[str]:
    """Say where two things differ; nothing where they do not."""
    if isinstance(lean, Mapping) and isinstance(stock, Mapping):
        keys = sorted({*lean, *stock})
        return [
            line
            for key in keys
            for line in differences(lean.get(key, ABSENT), stock.get(key, ABSENT), f"{where}/{key}")
        ]
    if isinstance(lean, list) and isinstance(stock, list) and len(lean) == len(stock):
        pairs = enumerate(zip(lean, stock, strict=True))
        return [line for at, (a, b) in pairs for line in differences(a, b, f"{where}/{at}")]
    return [] if lean == stock else [f"{where}: {_short(lean)}, stock Helm: {_short(stock)}"]


ABSENT: Final = "(absent)"


def _short(thing: Any) -> str:
    text = str(thing)
    return text if len(text) < 300 else f"{text[:300]}..."
