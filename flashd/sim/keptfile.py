"""An array file that one process has for itself, and keeps open."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flashd.sim.statefile import StateFile


class KeptFile(StateFile):
    """A state file whose connections stay open from one transaction to the next.

    To open the file anew for each of the ten transactions of a command takes most of the time of
    a command; it is needed only where another process may have a share in the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = self._idle.pop() if self._idle else self._open()
        try:
            yield connection
        finally:
            if connection.in_transaction:  # one that only looked
                connection.execute("ROLLBACK")
            self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=MEMORY")
        return connection

    def close(self) -> None:
        """Let go of the file."""
        while self._idle:
            self._idle.pop().close()
