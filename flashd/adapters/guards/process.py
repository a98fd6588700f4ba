"""Whether a process of the dependent service runs, on this host or another one."""

from __future__ import annotations

import os
import pwd
import re
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters import procfs
from flashd.adapters.guards.findings import cause, unknown
from flashd.adapters.guards.here import Here, Look
from flashd.adapters.guards.listing import Listing, read_listing
from flashd.adapters.guards.sight import blindness
from flashd.adapters.threads import beside
from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from flashd.adapters.guards.here import There
    from flashd.adapters.procfs import Place, Process
    from flashd.config.guards import ProcessOptions
    from flashd.ports.remote import Remote

    Everybody = Mapping[int, Process]

_NAME_KEPT = 15  # bytes of a process's name that the kernel keeps
_TOLD = 10
_LISTING_CAP = 1 << 25


@dataclass(frozen=True, slots=True)
class ProcessGuard:
    """Vetoes where a process matches; where none does it has nothing against.

    An absent process proves nothing: a mounted file system needs none.
    """

    options: ProcessOptions
    proc: Path = procfs.PROC
    remote: Remote | None = None
    reading: Callable[[], Awaitable[Processes]] | None = None
    """Reads those of this host, each time from when it is called on; may be shared."""

    async def look(self) -> Finding:
        """Read every process of the host."""
        options = self.options
        late = "the processes of this host were not read"
        try:
            return await Look(options.host, options.timeout, late, self.remote).take(self._look)
        except (OSError, ValueError, LookupError) as error:  # not what /proc is made of
            return unknown(f"the processes of this host cannot be read: {cause(error)}")

    async def _look(self, asked: Here | There) -> Finding:
        if isinstance(asked, Here):
            processes = await (self.reading or partial(read_processes, self.proc))()
            return await beside(partial(_look, self.options, processes))
        words = ("processes", self.options.user or "")
        done = await asked.run((), words, cap=_LISTING_CAP)
        if isinstance(done, Finding):
            return done
        if done.exit_status != 0:
            return unknown(f"the processes of {asked.host} were not listed")
        try:
            return await beside(partial(_look_through, self.options, done.output))
        except (OSError, ValueError, LookupError) as error:  # no word of it: it tells arguments
            return unknown(f"the processes of {asked.host} cannot be read: {type(error).__name__}")


class Processes:
    """All processes of a host; what else one tells of itself is read when it is asked for, once.

    So many who look at the same moment read it together.
    """

    def __init__(self, proc: Place) -> None:
        self.proc = proc
        self.everybody, self.hidden = _everybody(proc)
        self._words: dict[int, list[str]] = {}
        self._uids: dict[int, set[int]] = {}

    @cached_property
    def own(self) -> set[int]:
        """Those of this host that are flashd's."""
        return _own(self.everybody)

    @cached_property
    def blind(self) -> str:
        """Why not all of them can be seen."""
        return blindness(self.proc)

    def words(self, pid: int) -> list[str]:
        """Tell a command line; raises `OSError` where it ended or may not be read."""
        if (known := self._words.get(pid)) is None:
            line = (self.proc / str(pid) / "cmdline").read_bytes()
            known = self._words[pid] = line.decode("utf-8", "backslashreplace").split("\0")
        return known

    def uids(self, pid: int) -> set[int]:
        """Tell as whom it acts; raises `OSError` like `words`."""
        if (known := self._uids.get(pid)) is None:
            known = self._uids[pid] = _uids(self.proc / str(pid))
        return known


async def read_processes(proc: Place = procfs.PROC) -> Processes:
    """Read the processes of this host, beside the event loop."""
    return await beside(partial(Processes, proc))


def _look(options: ProcessOptions, processes: Processes) -> Finding:
    try:
        uid = _uid(options.user)
    except KeyError:
        return unknown(f"there is no user {options.user} on this host")
    return judge(_scan(_sought(options, uid), processes, processes.own), processes.blind)


def _look_through(options: ProcessOptions, told: bytes) -> Finding:
    """Look through the processes of another host; what they are is not kept."""
    listing = read_listing(told)
    uid = _number(options.user)
    if options.user and uid is None:
        uid = listing.user
        if uid is None:
            return unknown(f"there is no user {options.user} on that host")
    processes = Processes(listing.proc)
    seen = _scan(_sought(options, uid), processes, _of_probes(listing, processes.everybody))
    return judge(seen, blindness(listing.proc, listing.groups, who="the probe"))


def _sought(options: ProcessOptions, uid: int | None) -> _Sought:
    pattern = re.compile(options.pattern) if options.pattern else None
    return _Sought(pattern, options.name, uid)


@dataclass(frozen=True, slots=True)
class Seen:
    """The processes that match, of how many; `hidden` is how many could not be read."""

    found: tuple[Process, ...]
    looked_at: int
    hidden: int


def judge(seen: Seen, blind: str) -> Finding:
    """Take a match for up, and none for clear where nothing was hidden.

    Only names are told: arguments may hold passwords.
    """
    told = [{"pid": p.pid, "name": harmless(p.name)} for p in seen.found[:_TOLD]]
    evidence = {"found": told, "matching": len(seen.found), "looked_at": seen.looked_at}
    if seen.found:
        names = ", ".join(f"{one['name']} ({one['pid']})" for one in told)
        return Finding(Verdict.UP, f"a process that matches is running: {names}", evidence)
    if blind:
        return unknown(f"no process matches, but {blind}", evidence)
    if seen.hidden:
        return unknown(f"no process matches, but {seen.hidden} could not be read", evidence)
    return Finding(Verdict.CLEAR, "no process matches", evidence)


@dataclass(frozen=True, slots=True)
class _Sought:
    """What is looked for; all that is given must match. To match too much is the safe side."""

    pattern: re.Pattern[str] | None
    name: str | None
    uid: int | None

    def matches(self, process: Process, processes: Processes) -> bool:
        """Compare; raises `OSError` where the process ended or may not be read."""
        words = processes.words(process.pid)
        return (
            (self.name is None or _called(self.name, process.name, words[0]))
            and (self.pattern is None or _found(self.pattern, process.name, " ".join(words)))
            and (self.uid is None or self.uid in processes.uids(process.pid))
        )


def _called(wanted: str, name: str, program: str) -> bool:
    """Whether a process goes by that name, of which the kernel keeps only the beginning."""
    kept = wanted.encode()[:_NAME_KEPT].decode("utf-8", "backslashreplace")
    return name == kept or wanted in {program, Path(program).name}


def _found(pattern: re.Pattern[str], name: str, line: str) -> bool:
    return bool(pattern.search(line) or pattern.search(name))


def _uids(place: Place) -> set[int]:
    """Read the users that a process acts as: real, effective, saved, of its files.

    The owner of its folder in /proc says less: that of a program like Oracle's, which changes
    its user, is root.
    """
    for line in (place / "status").read_text("utf-8", "replace").splitlines():
        if line.startswith("Uid:"):
            return {int(uid) for uid in line.split()[1:]}
    raise ValueError(f"no user in {place}/status")


def _uid(user: str | None) -> int | None:
    """Look a user up; raises `KeyError` where there is none."""
    number = _number(user)
    return number if user is None or number is not None else pwd.getpwnam(user).pw_uid


def _number(user: str | None) -> int | None:
    return int(user) if user and user.isascii() and user.isdecimal() else None


def _scan(sought: _Sought, processes: Processes, own: set[int]) -> Seen:
    found, hidden = [], processes.hidden
    for process in processes.everybody.values():
        if process.pid in own or process.of_kernel or not process.alive:
            continue
        try:
            if sought.matches(process, processes):
                found.append(process)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        except PermissionError:
            hidden += 1
    return Seen(tuple(found), len(processes.everybody), hidden)


def _everybody(proc: Place) -> tuple[dict[int, Process], int]:
    everybody, hidden = {}, 0
    for pid in procfs.pids(proc):
        try:
            process = procfs.process(pid, proc)
        except PermissionError:
            hidden += 1
        else:
            if process is not None:
                everybody[pid] = process
    return everybody, hidden


def _own(everybody: Everybody) -> set[int]:
    """Tell which processes are flashd's, since its own command lines name the services.

    Itself, what it started (other guards), and what it was started by in the same process
    group (sudo, a shell). The whole group would be too much: in a script without job control
    a service started beside flashd is in it too.
    """
    me = os.getpid()
    own = {me} | {pid for pid in everybody if me in _ancestors(pid, everybody)}
    group = os.getpgrp()
    return own | {pid for pid in _ancestors(me, everybody) if everybody[pid].group == group}


def _of_probes(listing: Listing, everybody: Everybody) -> set[int]:
    """Tell which processes are probes of flashd's, or were started by one: other guards."""
    probes = {pid for pid in everybody if listing.is_probe(pid)}
    below = {pid for pid in everybody if not probes.isdisjoint(_ancestors(pid, everybody))}
    return probes | below


def _ancestors(pid: int, everybody: Mapping[int, Process]) -> Iterable[int]:
    ancestors: list[int] = []
    while (found := everybody.get(pid)) and found.parent in everybody:
        pid = found.parent
        if pid in ancestors:  # numbers were given anew while we read
            break
        ancestors.append(pid)
    return ancestors
