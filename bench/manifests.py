"""A repository as teams have them: thousands of manifests of several kinds, one a file. Pure."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

FOLDER: Final = 50
"""Manifests of one folder."""

Body = Mapping[str, Any]


def files(count: int, namespace: str) -> dict[str, str]:
    """Return so many manifests by their paths; half of them are ConfigMaps."""
    return dict(_file(number, namespace) for number in range(count))


def edited(number: int, namespace: str, value: str) -> tuple[str, str]:
    """Return path and content of one of the ConfigMaps, with another value in it."""
    at = number * len(_KINDS)
    return _path(at), _text(_object(at, namespace, {"data": {"value": value}}))


def name_of(number: int) -> str:
    """Return what that ConfigMap is called."""
    return _name(number * len(_KINDS))


def _file(number: int, namespace: str) -> tuple[str, str]:
    return _path(number), _text(_object(number, namespace, {}))


def _path(number: int) -> str:
    return f"team-{number // FOLDER:03}/{_name(number)}.yaml"


def _name(number: int) -> str:
    return f"app-{number:05}"


def _object(number: int, namespace: str, over: Body) -> dict[str, Any]:
    api_version, kind, body = _KINDS[number % len(_KINDS)]
    name = _name(number)
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    head = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    return head | dict(body(name)) | dict(over)


def _text(document: Mapping[str, Any]) -> str:
    # JSON is YAML; so no library of ours decides how it reads.
    return json.dumps(document, indent=1) + "\n"


def _config_map(name: str) -> Body:
    return {"data": {"value": "0", "url": f"https://{name}.example.com/", "log": "level=info\n"}}


def _service(name: str) -> Body:
    return {"spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80}]}}


def _account(_: str) -> Body:
    return {"automountServiceAccountToken": False}


def _role(_: str) -> Body:
    return {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]}


def _deployment(name: str) -> Body:
    container = {"name": "app", "image": f"registry.example.com/{name}:1.0.0"}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    selector = {"matchLabels": {"app": name}}
    return {"spec": {"replicas": 0, "selector": selector, "template": template}}


_KINDS: Final[tuple[tuple[str, str, Callable[[str], Body]], ...]] = (
    ("v1", "ConfigMap", _config_map),
    ("v1", "Service", _service),
    ("v1", "ConfigMap", _config_map),
    ("v1", "ServiceAccount", _account),
    ("v1", "ConfigMap", _config_map),
    ("rbac.authorization.k8s.io/v1", "Role", _role),
    ("v1", "ConfigMap", _config_map),
    ("apps/v1", "Deployment", _deployment),
)
