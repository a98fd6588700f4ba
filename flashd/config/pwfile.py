"""The encrypted password file of an array, which dscli makes and reads."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
from typing import TYPE_CHECKING

from flashd.config.files import mark_of, opened
from flashd.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.config.auth import Login
    from flashd.config.settings import Settings

MISSING = "missing"


def pwfile_of(settings: Settings, login: Login) -> Path:
    """Tell where the array's password file is: named after the array."""
    return settings.pwfiles / f"{login.array}.pwfile"


def check_pwfile(settings: Settings, login: Login, reader: int) -> None:
    """Refuse an array whose password file is not there or cannot be read.

    `reader` is the user who reads the message, and runs what it says.
    """
    file = pwfile_of(settings, login)
    try:
        with opened(file) as descriptor:  # without waiting for a writer, should it be a fifo
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigError(
                    f"{file} is not a regular file",
                    f"Move it away, and run: {managepwfile(settings, login, reader)}",
                )
            return
    except FileNotFoundError as error:
        hint = f"Run: {managepwfile(settings, login, reader)}"
        raise ConfigError(f"{file} does not exist", hint) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "It must be readable by the user that flashd runs as."
        if isinstance(error, PermissionError):
            hint = f"Run: {chown(settings, login)}"
        raise ConfigError(f"{file} cannot be read: {reason}", hint) from error


def chown(settings: Settings, login: Login) -> str:
    """Write the line that gives the file to the user that flashd runs as, and to him alone."""
    file = str(pwfile_of(settings, login))
    given = shlex.join(["chown", _owner_and_group(settings.own_directory), file])
    return f"{given} && {shlex.join(['chmod', '600', file])}"


def _owner_and_group(directory: Path) -> str:
    try:
        found = directory.stat()
    except OSError:
        return "flashd:flashd"  # as it is installed
    return f"{_user(found.st_uid) or found.st_uid}:{_group(found.st_gid)}"


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return ""


def managepwfile(settings: Settings, login: Login, reader: int) -> str:
    """Write the line that makes the file, but for the password.

    What root makes would be root's, so he makes it as the owner of the directory.
    """
    consoles = ["-mc1", login.hmc1, *(["-mc2", login.hmc2] if login.hmc2 else [])]
    words = [str(settings.dscli.path), "managepwfile", "-action", "add", *consoles]
    words += ["-pwfile", str(pwfile_of(settings, login)), "-name", login.username]
    return f"{shlex.join([*_as_owner(settings.pwfiles, reader), *words])} -pw PASSWORD"


def _as_owner(directory: Path, reader: int) -> list[str]:
    if reader != 0:
        return []
    try:
        owner = directory.stat().st_uid
    except OSError:
        return []
    name = _user(owner)
    return ["runuser", "-u", name, "--"] if owner != 0 and name else []


def fingerprint(file: Path) -> str:
    """Tell this file from any other and from its former self, without its content."""
    try:
        return mark_of(file.stat())
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error
