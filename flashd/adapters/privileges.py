"""Give up root's rights: nothing in the state directory shall ever belong to root."""

from __future__ import annotations

import os
import pwd
import stat
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGES = ("flashd", "sqlalchemy")
"""Ours, and one that stands for all that it needs."""


def become_owner(directory: Path) -> None:
    """Take on the owner of `directory`, if we are root and he is not. Does nothing else.

    Raises `OSError` where that fails, and `ConfigError` where he cannot reach this Python: what
    is imported later would not be found.
    """
    if os.geteuid() != 0 or not directory.exists():
        return
    owner = directory.stat()
    if owner.st_uid == 0:
        return
    needed = _needed()
    try:
        os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    except KeyError:
        os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
    _refuse_closed(needed, _name(owner.st_uid), directory)


def _needed() -> list[Path]:
    """Tell where this Python and its packages are, while that can surely be told."""
    found = [find_spec(name) for name in _PACKAGES]
    packages = [Path(spec.origin).parent for spec in found if spec and spec.origin]
    return [Path(sys.executable), Path(sys.base_prefix), *packages]


def _refuse_closed(needed: list[Path], user: str, directory: Path) -> None:
    for path in needed:
        if reason := closed_step(path, lambda step: os.access(step, os.X_OK), user):
            raise ConfigError(
                f"{user}, who owns {directory}, cannot run this flashd: {reason}",
                "Install flashd where everybody can run it, such as /opt/flashd.",
            )


def closed_step(path: Path, passes: Callable[[Path], bool], user: str) -> str:
    """Say where on the way to a path a user is stopped; empty where he is not.

    Both ways count: by what its name leads to, and by the name, whose links it cannot look behind.
    """
    for place in (path.resolve(), path):
        for step in (*reversed(place.parents), place):
            if not passes(step):
                told = f"{stat.S_IMODE(step.stat().st_mode):04o}"
                return f"{step} has mode {told}, so the user {user} cannot pass"
    return ""


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
