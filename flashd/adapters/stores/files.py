"""The file of a store: made private, and watched for being taken away."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.errors import StoreError, StoreGone

if TYPE_CHECKING:
    from pathlib import Path

_PRIVATE = 0o600
_OWNED = "Create it, and give it to the user that flashd runs as."


def provide(path: Path) -> None:
    """Make sure that the file is there and that the store can work beside it.

    SQLite gives its -wal and -shm files the mode of the file. An existing file is only looked
    at: to open and close it would drop every lock that this process has on it (POSIX).
    """
    _check_directory(path.parent)
    with suppress(FileExistsError):
        _create(path)
    if not stat.S_ISREG(path.stat().st_mode):
        raise StoreError(f"state store {path} is not a file", "Point `state` to a file.")
    if not os.access(path, os.R_OK | os.W_OK):
        raise StoreError(
            f"state store {path} may not be read and written",
            "Run as the user that flashd runs as, or give the file to that user.",
        )


def _check_directory(directory: Path) -> None:
    if not directory.is_dir():
        raise StoreError(f"directory {directory} of the state store does not exist", _OWNED)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise StoreError(
            f"directory {directory} of the state store is not writable",
            "Run as the user that flashd runs as, or give the directory to that user:"
            " SQLite needs to make files beside the store.",
        )


def _create(path: Path) -> None:
    """Create the file and make its name survive a power cut."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _PRIVATE)
    try:
        os.fchmod(descriptor, _PRIVATE)
    finally:
        os.close(descriptor)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file a path named when it was opened.

    SQLite goes on writing to a file that was deleted or replaced, and says nothing: another
    process would then find no lease of ours in the new one.
    """

    path: Path
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Identity:
        """Look."""
        found = path.stat()
        return cls(path, found.st_dev, found.st_ino)

    def check(self) -> None:
        """Raise unless the path names the same file still."""
        with suppress(FileNotFoundError):
            if Identity.of(self.path) == self:
                return
        raise StoreGone(
            f"state store {self.path} was deleted or replaced while it was in use",
            "Restart flashd, so that all of it works with the same file.",
        )
