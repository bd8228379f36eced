"""What holds for repositories by their addresses: who must have signed, how they are spoken to.

The operator's own word, from the file of `--chart-policies`, read once at
start. A HelmRelease may ask for more than its policy, never for less.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from helmward.charts.imported import read_file
from helmward.charts.keys import PROVIDERS, is_key
from helmward.charts.urls import Place, Unreadable, place_of, shown
from helmward.errors import ConfigInvalid
from helmward.model import Verification
from helmward.yamls import Document, YamlError, documents

TRANSPORT: Final[Mapping[str, str]] = {
    "plainHTTP": "plain_http",
    "insecureSkipTLSVerify": "skip_tls_verify",
    "passCredentials": "pass_credentials",
}
SWITCHES: Final = ("allow", "annotations", *TRANSPORT)
FIELDS: Final = ("url", "verify", *SWITCHES)


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for all that lies below one address."""

    url: str = ""
    allow: bool = True
    """Whether it may be asked at all."""
    annotations: bool = True
    """Whether a HelmRelease or its Secret may loosen the transport."""
    verification: Verification | None = None
    plain_http: bool = False
    skip_tls_verify: bool = False
    pass_credentials: bool = False


FREE: Final = Policy()
"""What holds where nothing is said."""


@dataclass(frozen=True, slots=True)
class Policies:
    """All of them."""

    listed: tuple[tuple[Place, Policy], ...] = ()

    def of(self, url: str) -> Policy:
        """Return what holds for an address: of all prefixes the longest decides.

        http and https count as one here, or a policy would not hold for who
        asks without TLS. What cannot be read is what nobody may ask.
        """
        if not self.listed or url.startswith("data:"):
            return FREE
        try:
            place = place_of(url).secure_or_not()
        except Unreadable:
            return replace(FREE, url=shown(url), allow=False)
        found = [(len(one.path), policy) for one, policy in self.listed if one.holds(place)]
        return max(found, key=lambda pair: pair[0])[1] if found else FREE


def read_policies(path: Path) -> Policies:
    """Read the file of `--chart-policies`, and the keys that it names.

    Raises:
        ConfigInvalid: it cannot be read; the message names file, line and field.
    """
    document = _document(path)
    listed: dict[Place, Policy] = {}
    for entry, field in _entries(path, document):
        where = f"--chart-policies: {path}:{document.line_of(entry)}: {field}"
        place, policy = _policy(path, where, entry)
        if place in listed:
            raise ConfigInvalid(f"{where}.url: is there already: put both into one entry")
        listed[place] = policy
    return Policies(tuple(listed.items()))


def _document(path: Path) -> Document:
    try:
        read = documents(read_file(path))
    except YamlError as error:
        raise ConfigInvalid(f"--chart-policies: {path}:{error.line}: {error}") from None
    except OSError as error:
        raise ConfigInvalid(f"--chart-policies: {path}: {error.strerror or error}") from None
    if len(read) != 1:
        raise ConfigInvalid(f"--chart-policies: {path}: must hold one YAML document")
    return read[0]


def _entries(path: Path, document: Document) -> Iterator[tuple[dict[str, Any], str]]:
    where, value = f"--chart-policies: {path}:{document.line}", document.value
    if not isinstance(value, dict) or set(value) != {"repositories"}:
        raise ConfigInvalid(f"{where}: must be a mapping with the key repositories alone")
    listed = value["repositories"]
    if not isinstance(listed, list):
        raise ConfigInvalid(f"{where}: repositories: must be a list")
    for number, entry in enumerate(listed):
        field = f"repositories[{number}]"
        if not isinstance(entry, dict):
            raise ConfigInvalid(f"{where}: {field}: must be a mapping with url")
        yield entry, field


def _policy(path: Path, where: str, entry: Mapping[str, Any]) -> tuple[Place, Policy]:
    for key in entry:
        if key not in FIELDS:
            raise ConfigInvalid(f"{where}.{key}: is unknown: take one of {', '.join(FIELDS)}")
    url, place = _url(where, entry.get("url"))
    switches = {key: _flag(f"{where}.{key}", entry[key]) for key in SWITCHES if key in entry}
    verify = entry.get("verify")
    return place, Policy(
        url=url,
        verification=None if verify is None else _verification(path, f"{where}.verify", verify),
        **{TRANSPORT.get(key, key): value for key, value in switches.items()},
    )


def _url(where: str, url: object) -> tuple[str, Place]:
    if not isinstance(url, str) or not url:
        raise ConfigInvalid(f"{where}.url: must be the address that the policy is for")
    try:
        return shown(url), place_of(url).secure_or_not()
    except Unreadable as why:
        raise ConfigInvalid(f"{where}.url: {why}") from None


def _flag(where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigInvalid(f"{where}: must be true or false")
    return value


def _verification(path: Path, where: str, verify: object) -> Verification:
    if not isinstance(verify, dict) or set(verify) != {"provider", "keys"}:
        raise ConfigInvalid(f"{where}: must be a mapping with provider and keys")
    provider, files = verify["provider"], verify["keys"]
    if provider not in PROVIDERS:
        raise ConfigInvalid(f"{where}.provider: must be one of {', '.join(PROVIDERS)}")
    if not isinstance(files, list) or not files or not all(isinstance(one, str) for one in files):
        raise ConfigInvalid(f"{where}.keys: must be a list of names of files")
    keys = (_key(path, f"{where}.keys[{n}]", provider, one) for n, one in enumerate(files))
    return Verification(provider, tuple(keys))


def _key(path: Path, where: str, provider: str, name: str) -> bytes:
    try:
        content = read_file(path.parent / name)
    except OSError as error:
        raise ConfigInvalid(f"{where}: {name}: {error.strerror or error}") from None
    if not is_key(provider, content):
        raise ConfigInvalid(f"{where}: {name}: is no {PROVIDERS[provider]}")
    return content
