"""The processes of another host, as its probe tells them: its /proc, held in memory only.

Arguments may hold passwords, so nothing of this is logged or kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SECTION = re.compile(rb"\n==> ([^\n ]+) <==\n")
_FILES = ("stat", "cmdline")
_PID = re.compile(r"/proc/([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class Told:
    """A path below a /proc that was told."""

    files: Mapping[str, bytes]
    pids: frozenset[str]
    path: str = ""

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path.rpartition("/")[2]

    def __truediv__(self, name: str, /) -> Told:
        return Told(self.files, self.pids, f"{self.path}/{name}" if self.path else name)

    def __str__(self) -> str:
        return self.path

    def iterdir(self) -> Iterable[Told]:
        """List the processes."""
        return (self / pid for pid in self.pids)

    def read_bytes(self) -> bytes:
        """Read a file; one that was not told of a process that is there was hidden."""
        try:
            return self.files[self.path]
        except KeyError:
            raise PermissionError(f"{self.path} was not told") from None

    def read_text(self, encoding: str, errors: str) -> str:
        """Read a file as text."""
        return self.read_bytes().decode(encoding, errors)

    def readlink(self) -> Told:
        """Tell where a link leads, as text."""
        target = self.read_bytes().decode("utf-8", "replace").strip()
        return Told(self.files, self.pids, target)


@dataclass(frozen=True, slots=True)
class Listing:
    """What was told: the processes, and who looked.

    `user` is the number of the user that was asked for, None where there is none.
    """

    proc: Told
    groups: tuple[int, ...]
    user: int | None
    prober: int
    program: bytes

    def is_probe(self, pid: int) -> bool:
        """Whether a process is a probe: of that program, run by that user."""
        words = self.proc.files.get(f"{pid}/cmdline", b"").split(b"\0")
        uids = self.proc.files.get(f"{pid}/status", b"").split()[1:]
        return self.program in words[:2] and set(uids) == {str(self.prober).encode()}


def read_listing(told: bytes) -> Listing:
    """Read what a probe told; raises `ValueError` or `LookupError` for anything else.

    A process that was there before and after the listing is one; if a file of it is missing,
    it was hidden. A section that is there twice may be a command line that looks like one.
    """
    sections = _sections(told)
    if sections.pop("end"):
        raise ValueError("it goes on after its end")
    before, after = _pids(sections.pop("pids")), _pids(sections.pop("after"))
    _, prober, program = sections.pop("probe").rstrip(b"\n").split(b" ", 2)
    groups = tuple(int(group) for group in sections.pop("groups").split())
    user = sections.pop("user").strip()
    files = dict(_uids(sections.pop("uids")))
    for name, content in sections.items():
        files[_file(name, before)] = content
    lasting = frozenset(before & after)
    return Listing(
        Told(files, lasting), groups, None if user == b"-" else int(user), int(prober), program
    )


def _sections(told: bytes) -> dict[str, bytes]:
    start, *rest = _SECTION.split(b"\n" + told if not told.startswith(b"\n") else told)
    if start.strip():
        raise ValueError("it begins with something else")
    names = [name.decode("ascii") for name in rest[0::2]]
    if len(set(names)) != len(names):
        raise ValueError("something is told twice")
    return dict(zip(names, rest[1::2], strict=True))


def _pids(told: bytes) -> set[str]:
    found = [_PID.fullmatch(word) for word in told.decode("ascii").split()]
    if not found or not all(found):
        raise ValueError("no list of processes")
    return {match[1] for match in found if match}


def _file(name: str, pids: set[str]) -> str:
    """Tell the path below /proc of a section.

    `status` is told with the users alone: as a section it is somebody's command line.
    """
    if name.startswith("self/"):
        return name
    pid, _, file = name.removeprefix("/proc/").partition("/")
    if not name.startswith("/proc/") or file not in _FILES or pid not in pids:
        raise ValueError("a section that nobody asked for")
    return f"{pid}/{file}"


def _uids(told: bytes) -> Iterable[tuple[str, bytes]]:
    """Read the lines of the users, each with the file it is from."""
    for line in told.splitlines():
        name, colon, rest = line.partition(b":")
        found = re.fullmatch(rb"/proc/([0-9]+)/status", name)
        if found is None or not colon:
            raise ValueError("no list of users")
        yield f"{found[1].decode()}/status", rest
