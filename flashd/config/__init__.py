"""What the operator wrote: read with every place known, checked whole, made into nouns.

Names are imported when they are first used: `flashd --help` needs neither YAML nor pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flashd.config.auth import Auth, Login, missing_arrays, open_auth
    from flashd.config.configuration import Configuration, interpret, load
    from flashd.config.files import Files, read_files
    from flashd.config.guards import BUILT_IN_GUARDS, GuardOptions
    from flashd.config.mistakes import Mistake, Mistakes, Place
    from flashd.config.pwfile import check_pwfile, fingerprint, pwfile_of
    from flashd.config.settings import DscliSettings, Settings

_HOMES = {
    "auth": ("Auth", "Login", "missing_arrays", "open_auth"),
    "configuration": ("Configuration", "interpret", "load"),
    "files": ("Files", "read_files"),
    "guards": ("BUILT_IN_GUARDS", "GuardOptions"),
    "mistakes": ("Mistake", "Mistakes", "Place"),
    "pwfile": ("check_pwfile", "fingerprint", "pwfile_of"),
    "settings": ("DscliSettings", "Settings"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "BUILT_IN_GUARDS",
    "Auth",
    "Configuration",
    "DscliSettings",
    "Files",
    "GuardOptions",
    "Login",
    "Mistake",
    "Mistakes",
    "Place",
    "Settings",
    "check_pwfile",
    "fingerprint",
    "interpret",
    "load",
    "missing_arrays",
    "open_auth",
    "pwfile_of",
    "read_files",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
