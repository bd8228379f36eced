"""From `[host]:port` to a listening socket.

Called by the server. Says which flag to change when the address cannot be had.
"""

import errno
import socket
from typing import Final

from helmward.errors import ConfigInvalid

_HIGHEST_PORT: Final = 65535
_BACKLOG: Final = 128


def parse(listen: str, said: str = "--listen") -> tuple[str, int]:
    """Split `[host]:port`; an empty host means every address.

    Raises:
        ConfigInvalid: there is no port, or it is no number.
    """
    host, colon, port = listen.rpartition(":")
    if not (colon and port.isascii() and port.isdecimal() and int(port) <= _HIGHEST_PORT):
        raise ConfigInvalid(f"{said} {listen!r} is not an address such as :3030 or 127.0.0.1:8080")
    return host.strip("[]"), int(port)


def listening(listen: str, said: str = "--listen") -> socket.socket:
    """Bind and listen; port 0 takes a free one. `said` is the flag that names the address.

    Raises:
        ConfigInvalid: the address is taken, not this machine's, or not allowed.
    """
    host, port = parse(listen, said)
    try:
        return _bound(host, port)
    except OSError as error:
        raise ConfigInvalid(f"{said} {listen}: {_cause(error)}") from error


def _bound(host: str, port: int) -> socket.socket:
    if host:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(
                ("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise
    return socket.create_server(("", port), backlog=_BACKLOG)


def _cause(error: OSError) -> str:
    """Say what is wrong and what would mend it."""
    if error.errno == errno.EADDRINUSE:
        return "the address is already in use; choose another port, or :0 for a free one"
    if error.errno == errno.EACCES:
        return "not allowed; ports below 1024 need privileges"
    return error.strerror or str(error)
