"""Password files, the state directory and its files, the program that speaks with arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import Diagnosis, State, hint, ok, problem, unseen
from flashd.core.durations import spell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

PASSWORD_LIFE = timedelta(days=90)
"""A DS8000's default "Password Expiration"."""

PASSWORD_OLD = timedelta(days=75)

_WRITABLE_BY_OTHERS = 0o022
_OPEN_TO_OTHERS = 0o077
_WORLD = 0o007
_LITTLE, _TOO_LITTLE = 200 * 2**20, 20 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What can be told of a file without reading it; `usable`: with the rights that are needed.

    `error` says why nothing could be told, `missing` that there is none.
    """

    path: str
    owner: str = ""
    mode: int = 0
    changed_at: datetime | None = None
    usable: bool = True
    missing: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Remedies:
    """The lines that make a password file, and that give it to the user that flashd runs as."""

    managepwfile: str
    chown: str


def judge_pwfile(file: File, remedies: Remedies, user: str, now: datetime) -> Diagnosis:
    """Judge a password file by its outside; whether the password is right only a login proves."""
    check = "pwfile"
    if file.missing:
        return problem(check, f"{file.path} does not exist", f"Run: {remedies.managepwfile}")
    if file.error:
        return unseen(check, f"{file.path} cannot be looked at: {file.error}", "Run this as root.")
    if not file.usable:
        return problem(
            check,
            f"{file.path} of {file.owner}, mode {file.mode:04o}, is not readable for {user}",
            f"Run: {remedies.chown}",
        )
    if file.mode & _WORLD:
        return hint(
            check,
            f"{file.path} has mode {file.mode:04o}: everybody may use it",
            f"Run: chmod 600 {file.path}",
        )
    age = now - file.changed_at if file.changed_at else timedelta(0)
    words = f"{file.path} is there, made {spell(age)} ago; only a login proves its password"
    if age < PASSWORD_OLD:
        return ok(check, words)
    return hint(
        check,
        words,
        f"Passwords of a DS8000 expire after {PASSWORD_LIFE.days} days unless the array is set"
        " otherwise: see when this one does, and make the file anew after every change.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The directory of the state, and the files of the store in it."""

    file: File
    owner_is_root: bool
    free_bytes: int | None
    foreign: Sequence[str] = ()
    open_to_others: Sequence[str] = ()


def judge_directory(seen: Directory, user: str) -> Iterator[Diagnosis]:
    """Judge where the state is kept."""
    check, file = "state directory", seen.file
    if file.missing:
        yield problem(
            check,
            f"{file.path} does not exist",
            f"Run: install -d -m 0700 -o flashd -g flashd {file.path}",
        )
        return
    if file.error:
        yield unseen(check, f"{file.path} cannot be looked at: {file.error}", "Run this as root.")
        return
    yield from _judge_rights(seen, user)
    if seen.free_bytes is not None:
        yield _judge_space(file.path, seen.free_bytes)


def _judge_rights(seen: Directory, user: str) -> Iterator[Diagnosis]:
    check, file = "state directory", seen.file
    shown = f"{file.path} of {file.owner}, mode {file.mode:04o}"
    if not file.usable:
        yield problem(
            check, f"{shown}, is not writable for {user}", "Run this as root, or as its owner."
        )
    elif file.mode & _WRITABLE_BY_OTHERS:
        yield problem(check, f"{shown}: others may write there", f"Run: chmod 700 {file.path}")
    elif file.mode & _OPEN_TO_OTHERS:
        yield hint(check, f"{shown}: others may look there", f"Run: chmod 700 {file.path}")
    elif seen.owner_is_root:
        yield hint(
            check,
            f"{shown}: flashd runs as root then",
            f"Make a system user for it, and run: chown -R flashd: {file.path}",
        )
    else:
        yield ok(check, shown)
    for path in seen.foreign:
        yield problem(
            check,
            f"{path} does not belong to {file.owner}",
            f"Run: chown {file.owner}: {path}",
        )
    for path in seen.open_to_others:
        yield hint(check, f"{path} can be used by others", f"Run: chmod 600 {path}")


def _judge_space(path: str, free: int) -> Diagnosis:
    check, words = "free space", f"{free // 2**20} MiB at {path}"
    if free < _TOO_LITTLE:
        return problem(check, words, "Free some: without it nothing can be recorded or sent.")
    if free < _LITTLE:
        return hint(check, words, "Free some before the state store can grow no more.")
    return ok(check, words)


def judge_program(file: File, user: str) -> Diagnosis:
    """Judge the dscli that is started."""
    check, remedy = "dscli", "Set dscli.path in flashd.yaml to the executable of the DS CLI."
    if file.missing:
        return problem(check, f"{file.path} does not exist", remedy)
    if file.error:
        return problem(check, f"{file.path} cannot be looked at: {file.error}", remedy)
    if not file.usable:
        return problem(check, f"{file.path} is not executable for {user}", remedy)
    if file.mode & _WRITABLE_BY_OTHERS:
        return hint(
            check,
            f"{file.path} has mode {file.mode:04o}: others may change it",
            f"Run: chmod go-w {file.path}",
        )
    return ok(check, f"{file.path} is there and executable")


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that was found, by what, and what it said of its version (None: it did not run).

    `shell_only`: only the environment of the command that looks names it, not the daemon's.
    """

    path: str
    found_by: str
    version: str | None
    shell_only: bool = False


def judge_java(found: Sequence[Java]) -> Iterator[Diagnosis]:
    """Judge the Java that dscli's start script can find; which one it takes is its own affair."""
    check = "java"
    named = [one for one in found if not one.shell_only]
    if not named and not any(one.version for one in found):
        yield problem(
            check,
            "none is named by lib/CLI.CFG, by JAVA_HOME or by PATH",
            "Install one, and name it as the DS CLI's README says, or by JAVA_HOME in dscli.env.",
        )
    runs = any(one.version for one in named)
    for one in named:
        if one.version:
            yield ok(check, f"{one.path} (by {one.found_by}) is {one.version}")
        else:
            yield Diagnosis(
                check,
                State.HINT if runs else State.PROBLEM,
                f"{one.path} (by {one.found_by}) does not run",
                "Run it with -version by hand, as the user of flashd.",
            )
    for one in found if not runs else ():
        if one.shell_only and one.version:
            yield hint(
                check,
                f"{one.path} (by {one.found_by}) is {one.version}; the daemon does not share it",
                "Name it by JAVA_HOME in dscli.env of flashd.yaml, unless the unit sets it.",
            )
