"""What Linux says about processes in /proc."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROC = Path("/proc")


class Place(Protocol):
    """What is needed of a path: so that /proc may be that of this host, or one that was told."""

    @property
    def name(self) -> str:
        """The last word of the path."""

    def __truediv__(self, name: str, /) -> Place: ...

    def iterdir(self) -> Iterable[Place]:
        """List what is in it."""

    def read_bytes(self) -> bytes:
        """Read it."""

    def read_text(self, encoding: str, errors: str) -> str:
        """Read it as text."""

    def readlink(self) -> Place:
        """Tell where it leads."""


_KERNEL_THREAD = 0x00200000  # PF_KTHREAD of the kernel's sched.h
_ENDED = frozenset("ZXx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process as /proc/PID/stat has it; `started` in clock ticks since boot."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    session: int
    flags: int
    threads: int
    started: int

    @property
    def alive(self) -> bool:
        """Whether any of it still runs.

        A process whose first thread has ended shows as a zombie while its other threads go on.
        """
        return self.state not in _ENDED or self.threads > 1

    @property
    def of_kernel(self) -> bool:
        """Whether it is a thread of the kernel."""
        return bool(self.flags & _KERNEL_THREAD)


def parse(stat: str) -> Process:
    """Read a line of /proc/PID/stat.

    The name stands in parentheses and may contain spaces and parentheses itself, so the fields
    are counted from the last one.
    """
    opening, closing = stat.index("("), stat.rindex(")")
    fields = stat[closing + 1 :].split()  # fields[0] is field 3 of proc(5)
    return Process(
        pid=int(stat[:opening]),
        name=stat[opening + 1 : closing],
        state=fields[0],
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        flags=int(fields[6]),
        threads=int(fields[17]),
        started=int(fields[19]),
    )


def process(pid: int, proc: Place = PROC) -> Process | None:
    """Read one process; None where there is none.

    Raises `PermissionError` where it may not be seen.
    """
    try:
        stat = (proc / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # the latter where it ended while being read
        return None
    return parse(stat.decode("utf-8", "backslashreplace"))


def pids(proc: Place = PROC) -> Iterator[int]:
    """List the processes that may be seen."""
    return (int(entry.name) for entry in proc.iterdir() if entry.name.isdecimal())


def processes(proc: Place = PROC) -> Iterator[Process]:
    """Read every process that may be seen; one that ends meanwhile is left out."""
    for pid in pids(proc):
        try:
            found = process(pid, proc)
        except PermissionError:
            continue
        if found is not None:
            yield found
