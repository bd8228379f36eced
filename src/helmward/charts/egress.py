"""Which addresses may be asked at all: `--allow-url`, nothing of this machine or link. Pure.

Called before anything is asked. The engine holds every address that it meets on
its way against the same prefixes by the same rules; git is asked by us, so what
git is given is held against them here alone.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from helmward.charts.urls import Place, Unreadable, place_of, shown
from helmward.errors import SourceForbidden

LOCAL_NAMES: Final = ("localhost", "ip6-localhost", "ip6-loopback")
SECRETIVE: Final = tuple(
    map(ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32"))
)
"""Where clouds keep secrets of their machines, and charts never are."""
TOKENS: Final = ("token", "service/token", "oauth2/token", "v2/token", "v2/auth")
"""Where well-known registries give out tokens for themselves."""
_SCHEME_ALONE: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):///?")
_NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*")


def permit(field: str, url: str, allowed: Iterable[str], *, refuse_local: bool = False) -> None:
    """Return if an address may be asked; one that a prefix names by its host is never local.

    Raises:
        SourceForbidden: none of the prefixes holds it, or it is one of this machine or link.
    """
    if url.startswith("data:"):
        return
    prefixes = tuple(allowed)
    if prefixes and not allows(url, prefixes):
        raise SourceForbidden(
            f"{field}: {shown(url)} is not among the URLs that may be asked: take another "
            "source, or let --allow-url add it"
        )
    named = tuple(one for one in prefixes if not _SCHEME_ALONE.fullmatch(one))
    if (why := _trouble(url, refuse_local=refuse_local)) and not allows(url, named):
        raise SourceForbidden(f"{field}: {shown(url)} {why}: --allow-url would allow its host")


def allows(url: str, allowed: Iterable[str]) -> bool:
    """Tell whether one of the prefixes holds an address, at the boundary of a path."""
    try:
        place = place_of(url)
    except Unreadable:
        return False
    return any(_covers(prefix, place) for prefix in allowed)


def for_engine(allowed: Iterable[str]) -> tuple[str, ...]:
    """Return the prefixes with those that a registry is really asked at.

    `oci://host/team` is `https://host/v2/team` to who speaks with it, and some
    path beside that where tokens are given out.
    """
    prefixes = tuple(allowed)
    return prefixes + tuple(one for prefix in prefixes for one in _of_registry(prefix))


def _of_registry(prefix: str) -> Iterator[str]:
    scheme, _, rest = prefix.partition("://")
    if scheme.lower() != "oci":
        return
    host, _, path = rest.partition("/")
    for way in ("https", "http"):
        yield f"{way}://{host}/v2/{path}"
        yield from (f"{way}://{host}/{token}" for token in TOKENS)


def is_prefix(text: str) -> bool:
    """Tell whether a text can be the beginning of a URL; it has no user and no query.

    Registries are named one by one: they are asked over HTTPS, as all else is.
    """
    if alone := _SCHEME_ALONE.fullmatch(text):
        return alone["scheme"].lower() != "oci"
    try:
        place_of(text)
    except Unreadable:
        return False
    return "://" in text and shown(text) == text


def _covers(prefix: str, place: Place) -> bool:
    if alone := _SCHEME_ALONE.fullmatch(prefix):
        return alone["scheme"].lower() == place.scheme
    return place_of(prefix).holds(place)


def _trouble(url: str, *, refuse_local: bool) -> str:
    """Say what is wrong with an address by its own words; names are not resolved here."""
    try:
        place = place_of(url)
    except Unreadable as why:
        return str(why)
    address = _address(place.host)
    if address and any(address in one for one in SECRETIVE):
        return "is a link-local address, where clouds keep secrets"
    if address is None and _NUMBER.fullmatch(place.host.rpartition(".")[2]):
        # The system's resolver reads 2130706433, 0x7f.1 and 127.1 as addresses too.
        return "has a number for a host"
    if refuse_local and (place.scheme == "file" or _is_local(place.host, address)):
        return "is an address of the operator's own machine"
    return ""


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_local(host: str, address: IPv4Address | IPv6Address | None) -> bool:
    if address:
        return address.is_loopback or address.is_unspecified
    return host in LOCAL_NAMES or host.endswith(".localhost")
