"""The file of a store: made private, and watched for being taken away."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.config.trust import believed, distrust_of
from flashd.errors import StoreError, StoreGone

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 5.0
"""For how many seconds another process that keeps a store locked is waited for."""

_PRIVATE = 0o600
_OTHERS = 0o077
_OWNED = "Create it, and give it to the user that flashd runs as."


def provide(path: Path) -> None:
    """Make sure that the file is there and that the store can work beside it.

    SQLite gives its -wal and -shm files the mode of the file. An existing file is only looked
    at: to open and close it would drop every lock that this process has on it (POSIX).
    One that was copied here may be open to others, and is made private by its name alone.
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
    _make_private(path)


def _check_directory(directory: Path) -> None:
    if not directory.is_dir():
        raise StoreError(f"directory {directory} of the state store does not exist", _OWNED)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise StoreError(
            f"directory {directory} of the state store is not writable",
            "Run as the user that flashd runs as, or give the directory to that user:"
            " SQLite needs to make files beside the store.",
        )
    if doubt := distrust_of(directory):
        raise StoreError(
            f"directory {directory} of the state store is not used: {doubt.message}",
            f"Run: {doubt.remedy}; whoever can write there could replace the store.",
        )


def _make_private(path: Path) -> None:
    """Take from others what a copy or another umask gave them; -wal and -shm are ours too."""
    for name in (path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))):
        with suppress(FileNotFoundError):
            found = name.lstat()
            if found.st_uid not in believed():
                raise StoreError(
                    f"{name} of the state store belongs to another user",
                    "Find out who made it; give it to the user that flashd runs as, or remove it.",
                )
            if stat.S_ISREG(found.st_mode) and found.st_mode & _OTHERS and _owned(found):
                name.chmod(_PRIVATE)


def _owned(found: os.stat_result) -> bool:
    return os.geteuid() in {0, found.st_uid}


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
