"""A cluster as a kubeconfig, for a program of ours that has to reach the same one.

Called by `app` for the engine. The file holds credentials: it is readable for
nobody else, and whoever asks for it removes it.
"""

import base64
from pathlib import Path
from typing import Any, Final

import yaml

from helmward.kube.cluster import ClusterConfig
from helmward.kube.credentials import Credentials, ExecPlugin, Fixed, TokenFile

NAME: Final = "helmward"


def write_kubeconfig(config: ClusterConfig, file: Path) -> Path:
    """Write a kubeconfig of this one cluster and identity; return its path."""
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(_document(config)))
    return file


def _document(config: ClusterConfig) -> dict[str, Any]:
    context = {"cluster": NAME, "user": NAME, "namespace": config.namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "contexts": [{"name": NAME, "context": context}],
        "clusters": [{"name": NAME, "cluster": _cluster(config)}],
        "users": [{"name": NAME, "user": _user(config)}],
    }


def _cluster(config: ClusterConfig) -> dict[str, Any]:
    fields = {
        "server": config.server,
        "certificate-authority-data": _packed(config.ca),
        "tls-server-name": config.tls_server_name,
        "insecure-skip-tls-verify": config.insecure,
        "proxy-url": config.proxy,
    }
    return {name: value for name, value in fields.items() if value}


def _user(config: ClusterConfig) -> dict[str, Any]:
    fields = {
        "client-certificate-data": _packed(config.client_certificate),
        "client-key-data": _packed(config.client_key),
        "as": next((who for name, who in config.impersonate if name.endswith("-User")), ""),
        "as-groups": [who for name, who in config.impersonate if name.endswith("-Group")],
    }
    return _proof(config.credentials) | {name: value for name, value in fields.items() if value}


def _proof(credentials: Credentials) -> dict[str, Any]:
    match credentials:
        case TokenFile(path=path):
            return {"tokenFile": str(path.absolute())}
        case ExecPlugin():
            return {"exec": _plugin(credentials)}
        case Fixed(header=header):
            kind, _, word = header.partition(" ")
            if kind == "Basic":
                name, _, password = base64.b64decode(word).decode().partition(":")
                return {"username": name, "password": password}
            return {"token": word} if word else {}
        case _:
            return {}


def _plugin(plugin: ExecPlugin) -> dict[str, Any]:
    return {
        "apiVersion": plugin.api_version,
        "command": plugin.command,
        "args": list(plugin.args),
        "env": [{"name": name, "value": value} for name, value in plugin.env.items()],
        "provideClusterInfo": plugin.cluster is not None,
        "interactiveMode": "Never",
    }


def _packed(content: bytes | None) -> str:
    return base64.b64encode(content or b"").decode()
