"""Look at files from outside."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flashd.core.checkup.files import Directory, File

if TYPE_CHECKING:
    from pathlib import Path


def user_name(uid: int | None = None) -> str:
    """Name a user; by default who runs this process."""
    number = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def look_at(path: Path, need: int) -> File:
    """Tell of a file or directory what can be told; `need` are the rights that are needed."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return File(path=str(path), missing=True)
    except OSError as error:
        return File(path=str(path), error=(error.strerror or str(error)).lower())
    return File(
        path=str(path),
        owner=user_name(found.st_uid),
        mode=stat.S_IMODE(found.st_mode),
        changed_at=datetime.fromtimestamp(found.st_mtime, UTC),
        usable=os.access(path, need),
    )


def look_at_program(path: Path) -> File:
    """Tell of a program; a directory is none."""
    found = look_at(path, os.X_OK)
    if os.path.isdir(path):  # noqa: PTH112 - raises nothing
        return File(path=found.path, error="is a directory")
    return found


def look_at_directory(path: Path, store: Path | None) -> Directory:
    """Tell of the state directory, and of the store's files in it."""
    file = look_at(path, os.W_OK | os.X_OK)
    there = not file.missing and not file.error
    try:
        root = there and path.stat().st_uid == 0 and os.geteuid() == 0
        free = shutil.disk_usage(path).free if there else None
        found = (
            [look_at(one, os.R_OK) for one in sorted(path.glob(f"{store.name}*"))] if store else []
        )
    except OSError:
        root, free, found = False, None, []
    return Directory(
        file=file,
        owner_is_root=root,
        free_bytes=free,
        foreign=tuple(one.path for one in found if one.owner != file.owner),
        open_to_others=tuple(one.path for one in found if one.mode & 0o077),
    )
