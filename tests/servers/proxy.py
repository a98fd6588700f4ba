"""A TCP proxy in front of a database server, that fails at a chosen moment."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16


class Harm(Enum):
    """What happens to a connection on which the words of a trap are seen."""

    CUT = auto()  # it ends before the words are passed on
    CUT_AFTER = auto()  # they are passed on; the server's answer is read and thrown away
    CUT_IN_ANSWER = auto()  # half of the answer is passed on
    FREEZE = auto()  # nothing is passed on any more, and nothing ends
    FREEZE_AFTER = auto()  # they are passed on; nothing comes back


@dataclass
class Trap:
    """Waits until `armed` was seen on a connection, then for `words` on the same one."""

    words: bytes
    harm: Harm
    armed: bytes = b""
    sprung: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Passes on what comes, until a trap springs."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.trap: Trap | None = None
        self.accepted = 0
        self.closed = False
        self._links: list[_Link] = []

    def serve(self) -> None:
        """Accept until closed; while `closed`, whoever comes is turned away."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.accepted += 1
                if self.closed:
                    client.close()
                    continue
                with _closed_on_error(client):
                    self._links.append(_Link(self, client, self._target))

    def set(self, words: bytes, harm: Harm, armed: bytes = b"") -> Trap:
        """Set a trap; it springs once."""
        self.trap = Trap(words, harm, armed)
        return self.trap

    def cut(self) -> None:
        """End every connection there is."""
        for link in self._links:
            link.end()

    def end(self) -> None:
        """End all."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.close()


class _Link:
    """One connection and its other half."""

    def __init__(self, proxy: Proxy, client: socket.socket, target: int) -> None:
        self._proxy = proxy
        self._client = client
        self._server = socket.create_connection(("127.0.0.1", target))
        self._armed = False
        self._harm: Harm | None = None
        self._pumps = [threading.Thread(target=one) for one in (self._up, self._down)]
        for pump in self._pumps:
            pump.start()

    def close(self) -> None:
        """Let go of all."""
        self.end()
        for pump in self._pumps:
            pump.join()
        self._client.close()
        self._server.close()

    def end(self) -> None:
        for side in (self._client, self._server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _up(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(_CHUNK):
                self._harm = self._harm or self._springs(data)
                if self._harm is Harm.CUT:
                    break
                if self._harm is not Harm.FREEZE:
                    self._server.sendall(data)
        self.end()

    def _springs(self, data: bytes) -> Harm | None:
        trap = self._proxy.trap
        if trap is None:
            return None
        self._armed = self._armed or trap.armed in data
        if self._armed and trap.words in data:
            self._proxy.trap = None
            trap.sprung.set()
            return trap.harm
        return None

    def _down(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(_CHUNK):
                match self._harm:
                    case Harm.CUT_AFTER:
                        break
                    case Harm.CUT_IN_ANSWER:
                        self._client.sendall(data[: len(data) // 2])
                        break
                    case None:
                        self._client.sendall(data)
                    case _:
                        continue
        self.end()


@contextmanager
def _closed_on_error(client: socket.socket) -> Iterator[None]:
    """Turn a client away where the server cannot be reached."""
    try:
        yield
    except OSError:
        client.close()


@contextmanager
def between(port: int) -> Iterator[Proxy]:
    """Run a proxy in front of a server."""
    proxy = Proxy(port)
    acceptor = threading.Thread(target=proxy.serve, daemon=True)
    acceptor.start()
    try:
        yield proxy
    finally:
        proxy.end()
        acceptor.join()
