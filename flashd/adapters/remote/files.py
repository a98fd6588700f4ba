"""Whether the files that ssh goes by can be believed."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.config.auth import distrust
from flashd.config.files import opened
from flashd.config.trust import distrust_of, judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.config.ssh import SshSettings

NAME = "probe.key"
"""What `LoadCredential=` of the unit calls the private key."""


def key_of(settings: SshSettings, environ: Mapping[str, str]) -> Path | None:
    """Find the private key: what systemd passed on, else what the settings name."""
    if directory := environ.get("CREDENTIALS_DIRECTORY"):
        passed = Path(directory) / NAME
        if os.path.lexists(passed):
            return passed
    return settings.key


def distrust_of_files(settings: SshSettings, key: Path | None) -> str:
    """Say why ssh must not go by the files it is given, and what mends it; empty if it may."""
    public = (settings.path, settings.known_hosts, settings.config)
    return (_distrust_key(key, passed_on=key != settings.key) if key else "") or next(
        filter(None, (_distrust_public(file) for file in public)), ""
    )


def _distrust_key(key: Path, *, passed_on: bool) -> str:
    """Judge the private key as auth.conf is judged: it opens other hosts."""
    try:
        with opened(key, os.O_NOFOLLOW) as descriptor:
            found = distrust(key, os.fstat(descriptor), os.geteuid(), passed_on=passed_on)
    except OSError as error:
        if key.is_symlink():
            return f"the key {key} is a symbolic link; put the file itself there"
        advice = f"make it: ssh-keygen -t ed25519 -N '' -f {shlex.quote(str(key))}"
        why = (error.strerror or str(error)).lower()
        return f"the key {key} cannot be opened: {why}; {advice}"
    return f"the key cannot be used: {found.message}; {_lowered(found.hint)}" if found else ""


def _distrust_public(file: Path | None) -> str:
    """Judge a file that holds no secret, but decides whom to believe, and the way to it."""
    if file is None:
        return ""
    try:
        with opened(file) as descriptor:
            found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return f"{file} is not a regular file"
        return str(judge(file, found) or distrust_of(file) or "")
    except OSError as error:
        return f"{file} cannot be opened: {(error.strerror or str(error)).lower()}"


def _lowered(hint: str) -> str:
    return hint[:1].lower() + hint[1:]
