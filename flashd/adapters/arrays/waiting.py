"""Whether a client waits for what it is told next, as the kernel sees it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from flashd.adapters import procfs

if TYPE_CHECKING:
    from pathlib import Path

_READ_CALLS = frozenset({"0", "3", "63"})
"""read(2) on x86_64; on ppc64le, s390x and i386; on aarch64."""


def input_of(pid: int) -> str:
    """Tell where the standard input of a process comes from, a pipe or a terminal."""
    with suppress(OSError):
        return str((procfs.PROC / str(pid) / "fd" / "0").readlink())
    return ""


def reader_in(group: int, source: str) -> int | None:
    """Find a process of the group of which some thread is blocked in reading that input."""
    members = (one.pid for one in procfs.processes() if one.group == group)
    return next((pid for pid in members if reads(pid, source)), None)


def reads(pid: int, source: str) -> bool:
    """Whether some thread of a process is blocked in reading that input."""
    process = procfs.PROC / str(pid)
    try:
        return any(_blocked_on(process, thread, source) for thread in (process / "task").iterdir())
    except OSError:
        return False


def _blocked_on(process: Path, thread: Path, source: str) -> bool:
    """Whether a thread is in read(2) of that input; what cannot be seen is a no."""
    try:
        call, *arguments = (thread / "syscall").read_text().split() or [""]
        if call not in _READ_CALLS or not arguments or not source:
            return False
        return str((process / "fd" / str(int(arguments[0], 16))).readlink()) == source
    except OSError:
        return False
