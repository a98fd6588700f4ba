"""A socket like systemd's, which keeps what a daemon tells."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ENOUGH = 60


class Notices:
    """Everything that was told so far, one dictionary a datagram."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told: list[dict[str, str]] = []
        self._news = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while datagram := self._socket.recv(65536):
            lines = datagram.decode().splitlines()
            with self._news:
                self.told.append(dict(line.split("=", 1) for line in lines))
                self._news.notify_all()

    def until(self, happened: Callable[[list[dict[str, str]]], object]) -> list[dict[str, str]]:
        """Wait until what was told fulfils a condition, and give it back."""
        with self._news:
            assert self._news.wait_for(lambda: happened(self.told), ENOUGH), self.told
            return list(self.told)

    def within(self, seconds: float, happened: Callable[[list[dict[str, str]]], object]) -> bool:
        """Whether it happens in so many seconds."""
        with self._news:
            return bool(self._news.wait_for(lambda: happened(self.told), seconds))

    def close(self) -> None:
        """End the reader with an empty datagram."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", str(self.path))
        self._reader.join()
        self._socket.close()


@contextmanager
def listening(path: Path) -> Iterator[Notices]:
    """Listen at a path for the length of a block."""
    notices = Notices(path)
    try:
        yield notices
    finally:
        notices.close()
        os.unlink(path)  # noqa: PTH108 - a socket, not a file
