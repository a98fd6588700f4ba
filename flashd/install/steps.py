"""Which files an installation consists of, and what is to be done about each. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePosixPath

_SIGNED = re.compile(r"# flashd install ([0-9a-f]{64})")


class Owner(StrEnum):
    """Whose a file is once it is there."""

    FLASHD = "flashd"
    """Replaced by a newer one, unless somebody has changed it."""
    ADMINISTRATOR = "administrator"
    """Never touched again."""
    NOBODY = "nobody"
    """Data that is made from flashd's code: always replaced."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file that belongs on the host."""

    path: PurePosixPath
    text: str
    owner: Owner
    mode: int = 0o644


class Action(StrEnum):
    """What becomes of a file."""

    WRITE = "write"
    REPLACE = "replace"
    KEEP = "keep"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one file, and why."""

    action: Action
    path: PurePosixPath
    reason: str
    text: str = ""
    mode: int = 0o644

    @property
    def changes(self) -> bool:
        """Whether anything is written."""
        return self.action is not Action.KEEP


def decide(item: Item, present: str | None, beside: str | None = None) -> Step:
    """Say what is to be done about a file, of which `present` is what stands there now.

    `beside` is what stands in the file of the same name with `.new`.
    """

    def step(action: Action, reason: str) -> Step:
        return Step(action, item.path, reason, item.text, item.mode)

    if present is None:
        return step(Action.WRITE, "new")
    if present == item.text:
        return step(Action.KEEP, "as it should be")
    if item.owner is Owner.ADMINISTRATOR:
        return step(Action.KEEP, "yours")
    if item.owner is Owner.NOBODY or unchanged(present):
        return step(Action.REPLACE, "of an earlier flashd")
    path = item.path.with_name(f"{item.path.name}.new")
    if beside == item.text:
        return Step(Action.KEEP, path, f"{item.path.name} was changed; see the difference")
    reason = f"{item.path.name} was changed and stays; see the difference"
    return Step(Action.BESIDE, path, reason, item.text, item.mode)


def sign(text: str) -> str:
    """Put a line before a text by which a later flashd sees that nobody has changed it."""
    return f"# flashd install {_digest(text)}\n{text}"


def unchanged(text: str) -> bool:
    """Whether a signed text is as it was written."""
    line, _, rest = text.partition("\n")
    found = _SIGNED.fullmatch(line)
    return found is not None and found[1] == _digest(rest)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def commented(text: str) -> str:
    """Make an example of a file: every line is a comment."""
    return "".join(
        line if line.startswith("#") or not line.strip() else f"#{line}"
        for line in text.splitlines(keepends=True)
    )


def with_program(unit: str, program: str) -> str:
    """Have a unit start the flashd at `program`; raises `ValueError` where it cannot be written."""
    return _with_path(unit, r"(?<=^ExecStart=)\S+(?= run$)", program, "ExecStart=… run")


def with_documents(unit: str, folder: str) -> str:
    """Have a unit name the documents in `folder`; raises `ValueError` like `with_program`."""
    return _with_path(unit, r"(?<=^Documentation=file:)/\S+(?=/docs/)", folder, "Documentation=…")


def _with_path(unit: str, present: str, path: str, line: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9/._+@=,-]+", path):
        raise ValueError(f"{path!r} cannot stand in a unit: rename its directory")
    changed, count = re.subn(present, path, unit, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"the unit has no line {line}")
    return changed
