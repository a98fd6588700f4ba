"""The instants of a client at which something outside can end it, or anybody else.

With FLASHD_SIM_INSTANTS naming a Unix socket on which somebody listens, a client says there at
each of its instants a line, its process id and the instant's name, and stands still until it is
told a byte to go on by. Whoever listens has then stopped it just there: it may kill it, its group,
or its parent, and have what is left go on. Where nobody listens any more it goes on by itself.
"""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from flashd.sim.terminal import Terminal

INSTANTS = "FLASHD_SIM_INSTANTS"
_CHANGING = ("mkflash", "resyncflash", "rmflash")

_listener: list[socket.socket] = []


def watch(environment: Mapping[str, str]) -> bool:
    """Find who listens, if anybody does; whether so."""
    _listener.clear()
    if where := environment.get(INSTANTS):
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.connect(where)
        except OSError:
            return False
        _listener.append(listener)
    return bool(_listener)


def reach(name: str) -> None:
    """Come to an instant, and stay there until told to go on."""
    for listener in tuple(_listener):
        try:
            listener.sendall(f"{os.getpid()} {name}\n".encode(), socket.MSG_NOSIGNAL)
            heard = listener.recv(1)
        except OSError:
            heard = b""
        if not heard:
            _listener.remove(listener)
            with suppress(OSError):
                listener.close()


def byte_by_byte(terminal: Terminal) -> Terminal:
    """Return a terminal that comes to an instant around each byte it reads and each line it says.

    Nothing is read ahead: what it has not read is still in the pipe when it is killed. Where
    nobody listens the terminal stays as it is.
    """
    if not _listener:
        return terminal
    return replace(
        terminal,
        write=_told("output", terminal.write),
        complain=_told("errors", terminal.complain),
        write_prompt=_told("prompt", terminal.prompt) if terminal.is_tty else None,
        write_echo=_told("echo", terminal.echo) if terminal.is_tty else None,
        readline=_read_line,
    )


def _told(stream: str, write: Callable[[str], object]) -> Callable[[str], None]:
    def say(text: str) -> None:
        for line in text.splitlines(keepends=True):
            reach(f"{stream}: before a line")
            half = len(line) // 2
            write(line[:half])
            reach(f"{stream}: half a line")
            write(line[half:])
            reach(f"{stream}: a line")

    return say


def _read_line() -> str:
    reach("input: waiting")
    read = bytearray()
    while not read.endswith(b"\n"):
        try:
            byte = os.read(0, 1)
        except OSError:
            byte = b""
        if not byte:
            reach("input: its end")
            break
        read += byte
        if read.split(b" ")[0].decode(errors="replace") in _CHANGING:
            reach(f"input: {len(read)} bytes of a change")
    return read.decode("utf-8", "replace")
