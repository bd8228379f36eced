"""Reads kubeconfig files as kubectl does; called by `config`, starts and connects nothing."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helmward.errors import ConfigInvalid
from helmward.kube.cluster import ClusterConfig
from helmward.kube.credentials import Credentials, ExecPlugin, Fixed, TokenFile, basic, bearer


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping that knows where it stands, so that an error can say so."""

    file: Path
    where: str = ""
    fields: dict[str, Any] = field(default_factory=dict, repr=False)

    def refuse(self, name: str, problem: str) -> ConfigInvalid:
        """Return the error of one field."""
        path = ".".join(part for part in (self.where, name) if part)
        return ConfigInvalid(f"{self.file}: {path}: {problem}")

    def _typed(self, name: str, kind: type, empty: Any) -> Any:
        value = self.fields.get(name)
        if value is None:
            return empty
        if not isinstance(value, kind):
            raise self.refuse(name, f"should be a {kind.__name__}")
        return value

    def text(self, name: str) -> str:
        """Return a string field, empty when absent."""
        return str(self._typed(name, str, ""))

    def flag(self, name: str) -> bool:
        """Return a boolean field, false when absent."""
        return bool(self._typed(name, bool, empty=False))

    def items(self, name: str) -> list[Any]:
        """Return a list field, empty when absent."""
        return list(self._typed(name, list, ()))

    def section(self, name: str) -> "Section":
        """Return a nested mapping, empty when absent."""
        where = ".".join(part for part in (self.where, name) if part)
        return Section(self.file, where, self._typed(name, dict, {}))

    def path(self, name: str) -> Path:
        """Return a path field; relative ones start at the kubeconfig's folder."""
        return self.file.parent / Path(self.text(name)).expanduser()

    def content(self, name: str) -> bytes | None:
        """Return the bytes of `<name>-data`, or of the file that `<name>` points at."""
        if data := self.text(f"{name}-data"):
            try:
                return base64.b64decode(data, validate=False)
            except binascii.Error as error:
                raise self.refuse(f"{name}-data", "is not base64") from error
        if not self.text(name):
            return None
        try:
            return self.path(name).read_bytes()
        except OSError as error:
            raise self.refuse(name, f"cannot read {self.path(name)}: {error.strerror}") from error


def read_kubeconfig(files: Sequence[Path], context: str | None) -> ClusterConfig:
    """Merge the files, where the first to name something wins, and choose a context.

    Raises:
        ConfigInvalid: a file or field is wrong, or what it refers to is absent.
    """
    sections = [_read(file) for file in files]
    chosen = context or next(
        (s.text("current-context") for s in sections if s.text("current-context")), ""
    )
    if not chosen:
        raise sections[0].refuse("current-context", "is not set, and no context was asked for")
    entry = _named(sections, "contexts", "context", chosen)
    cluster = _named(sections, "clusters", "cluster", entry.text("cluster"))
    user = Section(entry.file)
    if entry.text("user"):
        user = _named(sections, "users", "user", entry.text("user"))
    return _config(entry, cluster, user)


def _read(file: Path) -> Section:
    try:
        fields = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise ConfigInvalid(f"{file}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" near line {mark.line + 1}" if mark else ""
        raise ConfigInvalid(f"{file}: is not YAML{line}") from error
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        raise ConfigInvalid(f"{file}: is not a kubeconfig")
    return Section(file, "", fields)


def _named(sections: Sequence[Section], plural: str, singular: str, name: str) -> Section:
    for section in sections:
        for entry in section.items(plural):
            if isinstance(entry, dict) and entry.get("name") == name:
                return Section(section.file, f"{plural}[{name}]", entry).section(singular)
    raise sections[0].refuse(plural, f'has no entry named "{name}"')


def _config(context: Section, cluster: Section, user: Section) -> ClusterConfig:
    server = cluster.text("server").rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise cluster.refuse("server", "should be an https:// address")
    certificate, key = user.content("client-certificate"), user.content("client-key")
    if bool(certificate) != bool(key):
        raise user.refuse("client-certificate", "and client-key belong together")
    return ClusterConfig(
        server=server,
        namespace=context.text("namespace") or "default",
        credentials=_credentials(user, cluster),
        ca=cluster.content("certificate-authority"),
        client_certificate=certificate,
        client_key=key,
        tls_server_name=cluster.text("tls-server-name"),
        insecure=cluster.flag("insecure-skip-tls-verify"),
        proxy=cluster.text("proxy-url"),
        impersonate=_impersonation(user),
    )


def _credentials(user: Section, cluster: Section) -> Credentials:
    if user.fields.get("auth-provider"):
        raise user.refuse("auth-provider", "was removed from Kubernetes; use exec instead")
    if user.text("tokenFile"):
        return TokenFile(user.path("tokenFile"))
    if user.text("token"):
        return bearer(user.text("token"))
    if user.text("username"):
        return basic(user.text("username"), user.text("password"))
    if user.fields.get("exec"):
        return _exec(user.section("exec"), cluster)
    return Fixed()


def _exec(plugin: Section, cluster: Section) -> ExecPlugin:
    command = plugin.text("command")
    if not command:
        raise plugin.refuse("command", "is missing")
    if not plugin.text("apiVersion").startswith("client.authentication.k8s.io/"):
        raise plugin.refuse("apiVersion", "should be client.authentication.k8s.io/v1")
    variables = [entry for entry in plugin.items("env") if isinstance(entry, dict)]
    return ExecPlugin(
        command=str(plugin.path("command")) if "/" in command else command,
        args=tuple(str(arg) for arg in plugin.items("args")),
        env={str(entry.get("name")): str(entry.get("value", "")) for entry in variables},
        api_version=plugin.text("apiVersion"),
        cluster=dict(cluster.fields) if plugin.flag("provideClusterInfo") else None,
    )


def _impersonation(user: Section) -> tuple[tuple[str, str], ...]:
    headers = [("Impersonate-User", user.text("as"))] if user.text("as") else []
    headers += [("Impersonate-Group", str(group)) for group in user.items("as-groups")]
    if user.fields.get("as-user-extra") or user.fields.get("as-uid"):
        raise user.refuse("as-user-extra", "and as-uid are not supported")
    return tuple(headers)
