"""Whether a program of the operator's can be believed: its word lets a volume be overwritten."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from flashd.config.files import opened, read_at_most
from flashd.config.trust import distrust_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIRST_LINE = 256  # BINPRM_BUF_SIZE of Linux: what it reads of a script to find its interpreter
_MOST_INTERPRETERS = 5


def distrust_of_program(program: Path, environment: Mapping[str, str]) -> str:
    """Say why a program must not be run: somebody else could have put it there, or its interpreter.

    What it calls in turn is not looked at. Raises `OSError`.
    """
    reads = program
    for _ in range(_MOST_INTERPRETERS):
        if found := distrust_of(reads):
            return str(found) if reads == program else f"{found}; {program} is read by {reads}"
        following = _interpreter(reads, environment)
        if following is None:
            return ""
        reads = following
    return f"{program} is read by too many interpreters, one by the other"


def _interpreter(program: Path, environment: Mapping[str, str]) -> Path | None:
    """Tell what reads a script, as execve(2) and env(1) find it; None where nothing does."""
    try:
        with opened(program) as descriptor:
            first = os.fsdecode(read_at_most(descriptor, _FIRST_LINE)).partition("\n")[0]
    except PermissionError:  # what cannot be read can be run, but by no interpreter
        return None
    if not first.startswith("#!") or not (words := first[2:].split(maxsplit=1)):
        return None
    if PurePath(words[0]).name == "env" and len(words) > 1:
        return _found_by_env(words[1].split(), environment) or Path(words[0])
    return Path(words[0])


def _found_by_env(words: Sequence[str], environment: Mapping[str, str]) -> Path | None:
    """Tell what env runs: the first word that is no option of it and sets no variable."""
    for word in words:
        plain = word.removeprefix("-S")
        if plain and not plain.startswith("-") and "=" not in plain:
            found = shutil.which(plain, path=environment.get("PATH"))
            return Path(found) if found else None
    return None
