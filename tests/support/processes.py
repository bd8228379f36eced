"""Processes as the kernel lists them: who is whose child."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One process that lives, or has died and awaits its parent."""

    pid: int
    name: str
    state: str
    parent: int


def processes() -> list[Process]:
    """Return all processes."""
    found = (read(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [one for one in found if one]


def read(pid: int) -> Process | None:
    """Return one process, or None when it is gone."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    head, _, tail = line.rpartition(")")
    state, parent, *_ = tail.split()
    return Process(pid, head.partition("(")[2], state, int(parent))


def lives(pid: int) -> bool:
    """Tell whether a process still runs."""
    found = read(pid)
    return found is not None and found.state != "Z"


def children(pid: int, name: str = "") -> list[int]:
    """Return the process ids of all descendants, of those with the name if one is given."""
    everyone = processes()
    family = {pid}
    while grown := {one.pid for one in everyone if one.parent in family} - family:
        family |= grown
    return [one.pid for one in everyone if one.pid in family - {pid} and name in {"", one.name}]
