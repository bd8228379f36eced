"""What processes used, from /proc, and what the API server answered, from its audit log."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
MB: Final = 1024.0
USER, SYSTEM, DEAD_USER, DEAD_SYSTEM = 11, 12, 13, 14
"""Where /proc/<pid>/stat says them, counted from behind the name; the dead are children."""
PARENT: Final = 1


def cpu(pid: int) -> float:
    """Return the seconds that a process and its children that have ended have used."""
    said = _stat(pid)
    return TICK * sum(int(said[at]) for at in (USER, SYSTEM, DEAD_USER, DEAD_SYSTEM))


def peak(pid: int) -> float:
    """Return the most memory that a process ever had resident, in megabytes."""
    return _memory(pid, "VmHWM:")


def rss(pid: int) -> float:
    """Return the memory that a process has resident now, in megabytes."""
    return _memory(pid, "VmRSS:")


def child(pid: int, program: str) -> int:
    """Return the child process that runs a program.

    Raises:
        LookupError: there is none.
    """
    for one in children(pid):
        if Path(words(one)[0]).name == program:
            return one
    raise LookupError(f"process {pid} has no child {program}")


def words(pid: int) -> list[str]:
    """Return a process's command line."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]


def children(pid: int) -> list[int]:
    """Return the process's children."""
    found = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [one for one in found if _parent(one) == pid]


def family_cpu(pids: Iterable[int]) -> float:
    """Return the seconds that some processes have used."""
    return sum(cpu(pid) for pid in pids)


def _memory(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / MB
    return 0.0


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int:
    try:
        return int(_stat(pid)[PARENT])
    except OSError:  # it has ended meanwhile
        return 0


class _Ref(msgspec.Struct, frozen=True, rename="camel"):
    resource: str = ""
    subresource: str = ""


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    verb: str
    request_uri: str = msgspec.field(name="requestURI")
    user_agent: str = ""
    object_ref: _Ref | None = None
    impersonated_user: dict[str, Any] | None = None


class AuditLog:
    """The requests of the contestant: what the plane and the bench ask for is left out.

    The plane says who it is in its user agent; the bench impersonates another user.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decoder = msgspec.json.Decoder(_Event)

    def mark(self) -> int:
        """Return a place in the log, for `since`."""
        return self._path.stat().st_size

    def since(self, mark: int) -> Counter[str]:
        """Count the requests answered since, by `verb resource`."""
        with self._path.open("rb") as log:
            log.seek(mark)
            events = [self._decoder.decode(line) for line in log if line.endswith(b"\n")]
        return Counter(_kind(one) for one in events if _counts(one))


def _counts(event: _Event) -> bool:
    return event.impersonated_user is None and not event.user_agent.startswith("devplane")


def _kind(event: _Event) -> str:
    about = event.object_ref
    if about is None:
        return f"{event.verb} {event.request_uri.partition('?')[0]}"
    resource = f"{about.resource}/{about.subresource}" if about.subresource else about.resource
    return f"{event.verb} {resource}"
