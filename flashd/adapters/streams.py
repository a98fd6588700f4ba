"""Our ends of the pipes or the terminal of a child, without blocking the event loop."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 16


class Output:
    """What a child writes, kept until it is taken; beyond `cap` bytes untaken, `flood` is called.

    Owns its descriptor; without one it is at its end from the beginning.
    """

    def __init__(self, fd: int | None, cap: int, flood: Callable[[], None]) -> None:
        self.flooded = False
        self._fd = fd
        self._cap = cap
        self._flood = flood
        self._kept = bytearray()
        self._news = asyncio.Event()
        if fd is None:
            self._news.set()
        else:
            os.set_blocking(fd, False)
            asyncio.get_running_loop().add_reader(fd, self._read_some)

    @property
    def open(self) -> bool:
        """Whether more may come."""
        return self._fd is not None

    def take(self) -> bytes:
        """Tell what came since this was last asked, without waiting."""
        taken = bytes(self._kept)
        self._kept.clear()
        if self.open:
            self._news.clear()
        return taken

    @property
    def waiting(self) -> bool:
        """Whether something came that is not taken yet."""
        return bool(self._kept)

    def there(self) -> bool:
        """Whether there is something to take, with all that was written before this is asked.

        A terminal hands over what was written a little later, and whoever reads has it do so; who
        only waits to be told that there is something does not (n_tty_read in Linux).
        """
        self._read_some()
        return self.waiting

    def untaken(self) -> bytes:
        """Tell what there is to take, as `there` does, and leave it to be taken."""
        self.there()
        return bytes(self._kept)

    async def more(self) -> None:
        """Wait until there is something to take, or the end."""
        await self._news.wait()

    async def read(self) -> bytes:
        """Wait until something came, and take it; nothing at the end."""
        await self.more()
        return self.take()

    def drain(self) -> None:
        """Keep what was written up to now, and close.

        Does not wait for the end of the stream: a process that left the group may hold it open.
        """
        while self._read_some():
            pass
        self.close()

    def close(self) -> None:
        """Let go of the descriptor; what came stays to be taken."""
        if self._fd is not None:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None
        self._news.set()

    def _read_some(self) -> bool:
        if self._fd is None:
            return False
        try:
            chunk = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno != errno.EIO:  # a terminal that nobody has open any more
                raise
            chunk = b""
        self._keep(chunk)
        return bool(chunk)

    def _keep(self, chunk: bytes) -> None:
        self._kept += chunk
        self._news.set()
        if len(self._kept) > self._cap:
            del self._kept[self._cap :]
            self.flooded = True
            self._flood()
        if not chunk or self.flooded:
            self.close()


class Input:
    """Where a child reads. Owns its descriptor; without one nobody reads."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._room = asyncio.Event()
        if fd is not None:
            os.set_blocking(fd, False)

    async def write(self, data: bytes) -> None:
        """Write all of `data`; raises `BrokenPipeError` where nobody reads any more."""
        rest = memoryview(data)
        while rest:
            if self._fd is None:
                raise BrokenPipeError("nobody reads any more")
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                await self._wait_for_room(self._fd)

    def close(self) -> None:
        """Tell the child that no more comes."""
        if self._fd is not None:
            asyncio.get_running_loop().remove_writer(self._fd)
            os.close(self._fd)
            self._fd = None
        self._room.set()

    async def _wait_for_room(self, fd: int) -> None:
        self._room.clear()
        loop = asyncio.get_running_loop()
        loop.add_writer(fd, self._room.set)
        try:
            await self._room.wait()
        finally:
            if self._fd is not None:  # else closed, and its number perhaps given away
                loop.remove_writer(fd)
