"""The encrypted password file of an array, which dscli makes and reads."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from flashd.config.files import mark_of
from flashd.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.config.auth import Login
    from flashd.config.settings import Settings

MISSING = "missing"


def pwfile_of(settings: Settings, login: Login) -> Path:
    """Tell where the array's password file is: named after the array."""
    return settings.pwfiles / f"{login.array}.pwfile"


def check_pwfile(settings: Settings, login: Login) -> None:
    """Refuse an array whose password file is not there or cannot be read."""
    file = pwfile_of(settings, login)
    try:
        with file.open("rb"):
            return
    except FileNotFoundError as error:
        hint = f"Run: {managepwfile(settings, login)}"
        raise ConfigError(f"{file} does not exist", hint) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "It must be readable by the user that flashd runs as."
        raise ConfigError(f"{file} cannot be read: {reason}", hint) from error


def managepwfile(settings: Settings, login: Login) -> str:
    """Write the line that makes the file, but for the password."""
    consoles = ["-mc1", login.hmc1, *(["-mc2", login.hmc2] if login.hmc2 else [])]
    words = [str(settings.dscli.path), "managepwfile", "-action", "add", *consoles]
    words += ["-pwfile", str(pwfile_of(settings, login)), "-name", login.username]
    return f"{shlex.join(words)} -pw PASSWORD"


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
