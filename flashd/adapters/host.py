"""This host, as Linux tells of it in /proc."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
import signal
import socket
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from pathlib import Path

from flashd.adapters import procfs
from flashd.adapters.processes import MARK, lives, vanished
from flashd.adapters.threads import beside
from flashd.model.lease import Holder
from flashd.model.run import Carrier

_FIRST_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO of the kernel's proc_ns.h
_NAMESPACE = procfs.PROC / "self/ns/pid"
_MACHINE_ID = Path("/etc/machine-id")
_ID = re.compile(rb"[0-9a-f]{32}")  # machine-id(5); before the first boot it is "uninitialized"
_DIGITS = 8  # of the hash: enough to tell apart the nodes of one store, and short in a message
_PATIENCE = 10.0  # seconds that a killed group gets to be gone


class LinuxHost:
    """Who we are, and who is still alive.

    `name` is the host's name with some digits that stand for its machine id, since nodes that
    share a store may all be called localhost. In a container it also has the process namespace:
    the process numbers of one mean nothing in another.
    """

    def __init__(self, machine_id: Path = _MACHINE_ID, namespace: Path = _NAMESPACE) -> None:
        machine, inside = _digits(machine_id), str(namespace.readlink())
        contained = inside != _FIRST_NAMESPACE
        words = (socket.gethostname(), machine, inside if contained else "")
        self.name = "/".join(filter(None, words))
        # The machine id in a container may be that of its image, the same on many machines.
        self._unmistakable = bool(machine) and not contained
        self.boot_id = (procfs.PROC / "sys/kernel/random/boot_id").read_text().strip()

    def holder(self, token: str) -> Holder:
        """Name this process as a holder of leases."""
        pid = os.getpid()
        return Holder(self.name, self.boot_id, pid, _start_of(pid), token)

    def carrier(self, group: int, started: int) -> Carrier:
        """Name a process group of this host."""
        return Carrier(self.name, self.boot_id, group, started)

    def gone(self, holder: Holder) -> bool | None:
        """Whether that process has ended; None where it cannot be known from here."""
        if holder.host != self.name:
            return None
        if holder.boot_id != self.boot_id:
            return self._booted_since()
        try:
            found = procfs.process(holder.pid)
        except PermissionError:
            return None
        if found is None:
            return _no_such(holder.pid)
        return found.started != holder.started or not found.alive

    def ours(self, carrier: Carrier) -> bool:
        """Whether every process of that living group bears the mark of flashd's children."""
        return _all_marked(carrier.group)

    async def end(self, carrier: Carrier) -> bool | None:
        """End that process group if it lives, and wait until it is gone.

        True: it is gone. False: it would not go, or nothing proves that the processes which
        have its number now are the ones that were meant. None: it belongs to another host, or
        may do so.
        """
        if carrier.host != self.name:
            return None
        if carrier.boot_id != self.boot_id:
            return self._booted_since()
        match await beside(partial(_identify, carrier)):
            case _Group.GONE:
                return True
            case _Group.MEANT:
                return await _killed(carrier.group)
            case _Group.UNSURE:
                return False

    def _booted_since(self) -> bool | None:
        """Judge another boot id under our name: an earlier boot of ours, if no other has the name.

        Two machines with one name would else take each other's leases for void.
        """
        return True if self._unmistakable else None


class _Group(Enum):
    """What a group number stands for now."""

    GONE = auto()
    MEANT = auto()
    UNSURE = auto()


def _identify(carrier: Carrier) -> _Group:
    """Tell whether the processes in a carrier's group are the carrier's.

    The kernel gives a number to a new process only when no group has it. So a leader that began
    at another time means that the group we knew is gone; and without a leader, its members are
    ours or those of a daemon whose first process had the number later and ended. Only the mark
    that children of flashd inherit tells those apart. We ourselves may have the number by now.
    """
    if carrier.group <= 1:  # to kill 0 or 1 is to kill many
        return _Group.UNSURE
    if not lives(carrier.group):
        return _Group.GONE
    try:
        leader = procfs.process(carrier.group)
    except PermissionError:
        return _Group.UNSURE
    if leader is not None and leader.started != carrier.started:
        return _Group.GONE
    if carrier.group == os.getpgrp() or (leader is None and not _all_marked(carrier.group)):
        return _Group.UNSURE
    return _Group.MEANT


def _all_marked(group: int) -> bool:
    members = [p.pid for p in procfs.processes() if p.group == group and p.alive]
    return bool(members) and all(_marked(pid) for pid in members)


def _marked(pid: int) -> bool:
    try:
        variables = (procfs.PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:  # of another user, or just ended: then the next look finds it gone
        return False
    return any(variable.startswith(f"{MARK}=".encode()) for variable in variables)


async def _killed(group: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    try:
        async with asyncio.timeout(_PATIENCE):
            await vanished(group)
    except TimeoutError:
        return False
    return True


def _no_such(pid: int) -> bool | None:
    """Whether there is really no such process, or one that is hidden from us."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return None
    return None  # it appeared between the two looks


def _start_of(pid: int) -> int:
    found = procfs.process(pid)
    if found is None:
        raise ProcessLookupError(f"process {pid} is not in /proc")
    return found.started


def _digits(file: Path) -> str:
    """Tell some digits that stand for this machine; empty where it has no id of its own.

    machine-id(5) asks not to show the id itself, but a keyed hash of it.
    """
    try:
        found = file.read_bytes().strip()
    except OSError:
        return ""
    if not _ID.fullmatch(found) or not found.strip(b"0"):
        return ""
    return hmac.new(found, b"flashd", hashlib.sha256).hexdigest()[:_DIGITS]
