"""Who else could change what a path leads to: programs, and files from which commands come.

A path is walked as the kernel walks it, link by link. Where nobody else can change a step of it,
nobody else can between the look and the use either: only root, or the user himself, could.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import shlex
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = 0
_MOST_LINKS = 40  # Linux' own limit, path_resolution(7)
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_ACCESS_LIST = "system.posix_acl_access"
"""The extended attribute that is there where an access list says more than the mode, acl(5)."""


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why a place cannot be believed, and the command that mends it."""

    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}; run: {self.remedy}"


def distrust_of(path: Path) -> Distrust | None:
    """Say why somebody else could decide what a path leads to. Raises `OSError`.

    In a sticky folder only an owner can rename or delete, so one above may be open to all; but
    not the folder in which the file itself, or a link to it, stands.
    """
    found, sticky = None, None
    for step, status in _steps(path):
        if sticky and not stat.S_ISDIR(status.st_mode):
            break
        if found := _foreign(step, status):
            return found
        if stat.S_ISLNK(status.st_mode):
            continue
        found = _changeable(step, status)
        sticky = found if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX else None
        if found and not sticky:
            return found
    return sticky


def distrust_here(path: Path) -> Distrust | None:
    """Judge only a file that a path leads to, and the folder that it stands in."""
    file = path.resolve(strict=True)
    return next(filter(None, (judge(one, one.stat()) for one in (file.parent, file))), None)


def judge(place: Path, found: os.stat_result) -> Distrust | None:
    """Judge one place by its owner and its mode; a file may be open, and is so the one judged."""
    return _foreign(place, found) or _changeable(place, found)


def believed() -> frozenset[int]:
    """Tell whom we believe: root, who runs this, and whose flashd's own code is anyway."""
    return frozenset({_ROOT, os.geteuid(), _owner_of_our_code()})


def _steps(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Take every step by which a path is found, from the root on."""
    links, here = 0, Path("/")
    left = list(reversed(path.absolute().parts[1:]))
    yield here, here.lstat()
    while left:
        step = here / left.pop()
        if step.name == "..":
            here = here.parent
            continue
        found = step.lstat()
        yield step, found
        if not stat.S_ISLNK(found.st_mode):
            here = step
            continue
        if (links := links + 1) > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        goal = step.readlink()
        here = Path("/") if goal.is_absolute() else here
        left += reversed(goal.parts[1:] if goal.is_absolute() else goal.parts)


def _foreign(place: Path, found: os.stat_result) -> Distrust | None:
    if found.st_uid in believed():
        return None
    option = "-h " if stat.S_ISLNK(found.st_mode) else ""
    return Distrust(
        f"{place} belongs to another user than root",
        f"chown {option}root {shlex.quote(str(place))}",
    )


def _changeable(place: Path, found: os.stat_result) -> Distrust | None:
    open_to = found.st_mode & _OTHERS
    if open_to == stat.S_IWGRP and _is_private(found.st_gid, found.st_uid):
        open_to = _has_access_list(place)  # then these bits are those of anybody who is listed
    if not open_to:
        return None
    return Distrust(
        f"{place} can be changed by its group or by others",
        f"chmod go-w {shlex.quote(str(place))}",
    )


def _is_private(group: int, owner: int) -> bool:
    """Whether a group is its owner's alone, as where each user has one of his own name.

    Root's is not: some systems put others into it.
    """
    if owner == _ROOT:
        return False
    try:
        user = pwd.getpwuid(owner)
        found = grp.getgrgid(group)
    except KeyError:
        return False
    own = user.pw_gid == group and found.gr_name == user.pw_name
    return own and set(found.gr_mem) <= {user.pw_name}


def _has_access_list(place: Path) -> bool:
    try:
        os.getxattr(place, _ACCESS_LIST)
    except OSError as error:
        return error.errno not in {errno.ENODATA, errno.ENOTSUP}
    return True


@cache
def _owner_of_our_code() -> int:
    return Path(__file__).stat().st_uid
