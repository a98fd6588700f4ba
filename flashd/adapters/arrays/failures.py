"""What it means that a client ended, or said no, where nothing that changes was sent."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from flashd.adapters.arrays.client import Readiness
from flashd.adapters.arrays.messages import (
    EXIT_CONNECTION,
    EXIT_NOT_STARTED,
    EXIT_SYNTAX,
    NOT_PERMITTED,
    complaints_of,
    login_refused,
)
from flashd.errors import ArrayError, ArrayRejected, ArrayUnreachable, LoginRefused
from flashd.model.masking import without_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.adapters.arrays.client import Said
    from flashd.adapters.arrays.messages import Message

_MOST_SAID = 200

_BY_HAND = "run it by hand as the user of flashd, with that login, to see the whole answer."
MAY_LIST = (
    "The user of auth.conf must be allowed to list: lsflash; the role monitor suffices. "
    f"Where it is, {_BY_HAND}"
)
MAY_SURVEY = (
    "The user of auth.conf must be allowed to list: lsfbvol, lspprc, lshostconnect, lsvolgrp, "
    f"lssi; the role monitor suffices. Where it is, {_BY_HAND}"
)
MAY_COUNT = (
    "The user of auth.conf must be allowed to list: showfbvol; the role monitor suffices. "
    f"Where it is, {_BY_HAND}"
)
_SEE = f"{_BY_HAND[0].upper()}{_BY_HAND[1:]}"
MAY_CHANGE = "Give the user of auth.conf the role op_copy_services."


class Ending(Enum):
    """What it was that made a client end, or say no."""

    WELL = auto()
    SYNTAX = auto()
    CONNECTION = auto()
    NOT_STARTED = auto()
    UNKNOWN = auto()


def ending_of(exit_status: int | None) -> Ending:
    """Tell it by the exit code; None: the client was killed."""
    known = {0: Ending.WELL, EXIT_SYNTAX: Ending.SYNTAX, EXIT_CONNECTION: Ending.CONNECTION}
    if exit_status in EXIT_NOT_STARTED:
        return Ending.NOT_STARTED
    return Ending.UNKNOWN if exit_status is None else known.get(exit_status, Ending.UNKNOWN)


def failure(
    said: Said, remedy: str, rights: str = MAY_CHANGE, ending: Ending | None = None
) -> ArrayError | None:
    """Say what a client's words and its end mean; None: it is well.

    `remedy` is the line that makes the password file anew, `rights` tells what the user must be
    allowed, `ending` what made it end where its exit code does not say so.
    """
    complaints = complaints_of(said.stdout, said.stderr)
    ending = ending or ending_of(said.exit_status)
    if ending is Ending.WELL and not complaints:
        return None
    words = "; ".join(filter(None, [said.why, *map(str, complaints)])) or _last_words(said)
    if login_refused(said.exit_status, complaints):
        return LoginRefused(f"login refused: {words}", remedy)
    said_no = rights if complaints else ""
    return _rejection(ending, complaints, words, rights) or _no_answer(ending, words, said_no)


def refusal(said: Said, remedy: str) -> LoginRefused | None:
    """Tell that user or password was refused, however the client went on after it said so."""
    if login_refused(said.exit_status, complaints_of(said.stdout, said.stderr)):
        found = failure(said, remedy)
        return found if isinstance(found, LoginRefused) else None
    return None


def not_logged_in(
    said: Said, readiness: Readiness, question: str, limit: float, remedy: str
) -> ArrayError:
    """Say why a client did not come to read a command, `limit` seconds having been allowed."""
    found = failure(said, remedy)
    if isinstance(found, LoginRefused):
        return found
    if question:
        return ArrayRejected(
            f"dscli asks for more than it was given: {without_secrets(question)[:_MOST_SAID]}",
            "Check the console's address and the user in auth.conf, and the pwfile.",
        )
    if readiness is Readiness.LATE:
        return ArrayUnreachable(
            f"dscli did not log in within {limit:g} s; nothing was sent",
            "See whether the management consoles can be reached from this host.",
        )
    return found or ArrayUnreachable("dscli ended before it read its command", _SEE)


def not_understood(reports: str, error: Exception) -> ArrayUnreachable:
    """Say that the answer of these reports must not be acted on."""
    return ArrayUnreachable(
        f"the answer of {reports} was not understood: {without_secrets(str(error))}",
        "Run it by hand and compare it with docs/dscli.md.",
    )


def _rejection(
    ending: Ending, complaints: Sequence[Message], words: str, rights: str
) -> ArrayError | None:
    """Say what would be no other at the next try."""
    if any(NOT_PERMITTED in one.text for one in complaints):
        return ArrayRejected(f"the user may not do this: {words}", rights)
    if ending is Ending.SYNTAX:
        return ArrayRejected(
            f"dscli does not take the command: {words}", "See docs/dscli.md for what flashd sends."
        )
    if ending is Ending.NOT_STARTED:
        return ArrayRejected(
            f"dscli cannot be started: {words}", "Run it by hand as the user of flashd."
        )
    return None


def _no_answer(ending: Ending, words: str, hint: str) -> ArrayError:
    if ending is Ending.CONNECTION:
        return ArrayUnreachable(
            f"no connection to the management console: {words}",
            "See whether the management consoles can be reached from this host.",
        )
    return ArrayUnreachable(f"dscli failed: {words}", hint or _SEE)


def _last_words(said: Said) -> str:
    text = " ".join(without_secrets(said.output).split())
    return f"exit code {said.exit_status}{f', {text[-_MOST_SAID:]!r}' if text else ''}"
