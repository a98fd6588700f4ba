"""What dscli says besides tables: prompts, banners, messages.

Identifiers are not mapped to behaviour, their texts being unpublished: a message is judged by
its class letter and by the pairs that it names. The few identifiers below are sure, from
public tools that act on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.model.run import Account, Answer
from flashd.model.volumes import Pair, VolumeId

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTHING_FOUND = "CMUC00234I"
LOGIN_REFUSED = "CMUC00191E"
NO_CONNECTION = "CMUN00018E"

EXIT_SYNTAX, EXIT_CONNECTION, EXIT_LOGIN = 2, 3, 5
"""Exit codes of the DS CLI (IBM DS CLI help, "Obtaining and interpreting DS CLI exit codes")."""

EXIT_NOT_STARTED = frozenset({63, 64, 65, 66, 126, 127})
"""The start script's own: CLI.CFG or Java missing; and the shell's for what cannot be run."""

_PROMPT = re.compile(r"dscli> ?")
_BANNER = re.compile(r"\s*Date/Time: .*")
_BANNER_REST = re.compile(r"IBM\.[0-9A-Z]+-[0-9A-Z]+")
_QUESTION = re.compile(r"Enter (?:the|your) [A-Za-z0-9 ]+")
_MESSAGE = re.compile(r"(?P<id>CM[A-Z]{2}[0-9]{4,5}(?P<kind>[IWE]))\b:?\s*(?P<text>.*)")
_PAIR = re.compile(r"(?<![0-9A-Fa-f:])([0-9A-Fa-f]{1,4}):([0-9A-Fa-f]{1,4})(?![0-9A-Fa-f])")


@dataclass(frozen=True, slots=True)
class Message:
    """One message line; `kind` is I, W or E."""

    id: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.id} {self.text}"


def logged_in(output: str) -> bool:
    """Whether a client's output so far shows that it is logged in and takes commands."""
    return any(_BANNER.match(line) for line in output.splitlines()) or "dscli>" in output


def asks(output: str) -> str:
    """Tell the question with which a client waits for a person, empty where there is none."""
    found = _QUESTION.search(output)
    return found[0] if found else ""


def lines_of(output: str) -> list[str]:
    """Take prompts, banners and blank lines away."""
    kept = []
    after_banner = False
    for raw in output.splitlines():
        line = _PROMPT.sub("", raw).strip()
        if _BANNER.match(line):
            after_banner = True
        elif line and not (after_banner and _BANNER_REST.fullmatch(line)):
            after_banner = False
            kept.append(line)
    return kept


def messages_of(lines: Iterable[str]) -> list[Message]:
    """Pick the message lines."""
    found = (_MESSAGE.match(line) for line in lines)
    return [Message(match["id"], match["kind"], match["text"].strip()) for match in found if match]


def is_message(line: str) -> bool:
    """Whether a line is a message."""
    return _MESSAGE.match(line) is not None


def account(
    stdout: str, stderr: str, exit_status: int | None, pairs: Sequence[Pair], reason: str = ""
) -> Answer:
    """Account for each pair of a changing command's answer.

    `exit_status` None: the client was killed. In a stream the exit status need not show a
    failed command, so the messages of both streams count as well.
    """
    said = messages_of([*lines_of(stdout), *lines_of(stderr)])
    accounts = {pair: _account_of(pair, said) for pair in pairs}
    complaints = [message for message in said if message.kind == "E"]
    return Answer(
        exit_status=exit_status,
        accounts=accounts,
        refused=_refused(exit_status, complaints, accounts.values()),
        reason=reason or "; ".join(map(str, complaints)) or _silence(exit_status, accounts),
        output=_joined(stdout, stderr),
    )


def _account_of(pair: Pair, said: Sequence[Message]) -> Account:
    kinds = {message.kind for message in said if pair in _pairs_in(message.text)}
    if "E" in kinds:
        return Account.REJECTED
    return Account.ACCEPTED if "I" in kinds else Account.SILENT


def _pairs_in(text: str) -> set[Pair]:
    """Find the pairs that a text names; dscli prints ids without leading zeros at times."""
    found = set()
    for source, target in _PAIR.findall(text):
        if int(source, 16) != int(target, 16):
            found.add(Pair(VolumeId(source.zfill(4)), VolumeId(target.zfill(4))))
    return found


def _refused(
    exit_status: int | None, complaints: Sequence[Message], accounts: Iterable[Account]
) -> bool:
    """Whether the answer is a whole and plain no: the client ended by itself and says so.

    A lost connection is none: the command may have gone through before it was lost.
    """
    if Account.ACCEPTED in accounts or exit_status is None:
        return False
    if exit_status in {EXIT_SYNTAX, EXIT_LOGIN}:
        return True
    lost = exit_status == EXIT_CONNECTION or any(one.id == NO_CONNECTION for one in complaints)
    return bool(complaints) and exit_status >= 0 and not lost


def _silence(exit_status: int | None, accounts: dict[Pair, Account]) -> str:
    silent = [str(pair) for pair, one in accounts.items() if one is Account.SILENT]
    if not silent:
        return ""
    ended = "was killed" if exit_status is None else f"ended with exit code {exit_status}"
    return f"dscli {ended} and said nothing of {', '.join(silent)}"


def _joined(stdout: str, stderr: str) -> str:
    return stdout if not stderr.strip() else f"{stdout.rstrip()}\n{stderr}".lstrip("\n")
