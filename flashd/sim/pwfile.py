"""The password file: one record for each console and user.

The real file is encrypted. This one only keeps a password from being read over a shoulder.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from flashd.sim.errors import SimError

Records = Mapping[tuple[str, str], str]


def read(path: Path) -> Records:
    """Return the passwords by console and user."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {(mc, user): _unseal(mc, user, sealed) for mc, user, sealed in map(str.split, lines)}
    except OSError as error:
        raise SimError(f"cannot read password file {path}: {error.strerror}") from error
    except ValueError as error:
        raise SimError(f"{path} is not a password file") from error


def write(path: Path, records: Records) -> None:
    """Replace the file as a whole; nobody but its owner may read it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    text = "".join(f"{mc} {user} {_seal(mc, user, pw)}\n" for (mc, user), pw in records.items())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:  # noqa: PTH123 - the mode has to be right from the first instant
            out.write(text)
        fresh.replace(path)
    except OSError as error:
        raise SimError(f"cannot write password file {path}: {error.strerror}") from error


def _seal(console: str, user: str, password: str) -> str:
    plain = password.encode()
    return "=" + _mix(console, user, plain).hex()


def _unseal(console: str, user: str, sealed: str) -> str:
    return _mix(console, user, bytes.fromhex(sealed.removeprefix("="))).decode()


def _mix(console: str, user: str, text: bytes) -> bytes:
    pad = hashlib.shake_256(f"{console} {user}".encode()).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, pad, strict=True))
