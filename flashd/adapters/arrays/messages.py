"""What dscli says besides tables: prompts, banners, messages.

Identifiers are not mapped to behaviour, their texts being unpublished: a message is judged by
its class letter and by the pairs that it names. The few identifiers below are sure, from
public tools that act on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.model.masking import without_secrets
from flashd.model.run import Account, Answer
from flashd.model.volumes import Pair, VolumeId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

NOTHING_FOUND = "CMUC00234I"
LOGIN_REFUSED = "CMUC00191E"
NO_CONNECTION = "CMUN00018E"
NOT_PERMITTED = "Unsupported task"
"""In the text of a message where the user's role does not cover the command."""

EXIT_SYNTAX, EXIT_CONNECTION, EXIT_LOGIN = 2, 3, 5
"""Exit codes of the DS CLI (IBM DS CLI help, "Obtaining and interpreting DS CLI exit codes")."""

EXIT_NOT_STARTED = frozenset({63, 64, 65, 66, 126, 127})
"""The start script's own: CLI.CFG or Java missing; and the shell's for what cannot be run."""

_OF_SYNTAX = "CMMCI"
_OF_A_MESSAGE = "CM"
"""Every id begins so: a listing has ten thousand lines in which to look for one."""

_PROMPTED = "dscli> "
_PROMPT = re.compile(r"dscli> ?")
_BANNER = re.compile(r"\s*Date/Time: .*")
_DEVICE = r"IBM\.[0-9A-Z]+-[0-9A-Z]+"
_BANNER_REST = re.compile(_DEVICE)
_OF_A_SESSION = re.compile(rf"^[^\S\n]*Date/Time: .* DS:\s*{_DEVICE}", re.MULTILINE)
"""Without crossing lines before the banner: of a flood of empty lines each would be a beginning."""

_QUESTION = re.compile(r"Enter (?:the|your) [A-Za-z0-9 ]+")
_MESSAGE = re.compile(
    r"\b(?P<id>CM(?:MCI[0-9]{4}|[A-Z]{2}[0-9]{4,5})(?P<kind>[IWE]))\b:?\s*(?P<text>.*)"
)
_COMPLAINT = re.compile(r"(?P<id>CM(?:MCI[0-9]{4}|[A-Z]{2}[0-9]{4,5})E):?\s*(?P<text>.*)")
"""Also where it runs into other words."""

_MAY_COMPLAIN = re.compile(r"CM[A-Z]{2,3}[0-9]{4,5}E")
"""In every text that complains, and found quickly: megabytes are looked through several times."""

_PAIR = re.compile(
    r"(?<![0-9A-Za-z:.\-/])(?P<array1>[A-Za-z]+\.[0-9A-Za-z]+-[0-9A-Za-z]+/)?"
    r"(?P<source>[0-9A-Fa-f]{1,4}):(?P<array2>[A-Za-z]+\.[0-9A-Za-z]+-[0-9A-Za-z]+/)?"
    r"(?P<target>[0-9A-Fa-f]{1,4})(?![0-9A-Za-z]|:[0-9A-Za-z])"
)
"""Not a time of day, nor an address with a port, nor what goes on after a third colon."""

_ANY_PAIR = re.compile(
    r"(?<![0-9A-Za-z])(?=(?P<source>[0-9A-Fa-f]{1,4}):(?:[A-Za-z]+\.[0-9A-Za-z]+-[0-9A-Za-z]+/)?"
    r"(?P<target>[0-9A-Fa-f]{1,4})(?![0-9A-Fa-f]))"
)
"""What could be a pair, whatever stands around it: of a complaint all of these count."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message line; `kind` is I, W or E. Its text is judged as it came, and told masked."""

    id: str
    kind: str
    text: str

    @property
    def of_syntax(self) -> bool:
        """Whether the client itself did not take the command."""
        return self.id.startswith(_OF_SYNTAX)

    def __str__(self) -> str:
        return without_secrets(f"{self.id} {self.text}")


def logged_in(output: str) -> bool:
    """Whether a client's output so far shows that it is logged in and takes commands.

    A banner does where it names the array, which nobody knows before the login.
    """
    return "dscli>" in output or _OF_A_SESSION.search(output) is not None


def asks(output: str) -> str:
    """Tell the question with which a client waits for a person, empty where there is none."""
    found = _QUESTION.search(output)
    return found[0] if found else ""


def unfinished(output: str) -> str:
    """Tell what a client has written of a line that does not end yet, but for a prompt."""
    return "".join(lines_of(output.rpartition("\n")[2]))


def lines_of(output: str) -> list[str]:
    """Take prompts, banners and blank lines away."""
    return _without_banners(part for line, end in _lines(output) for part in (*line, end))


def whole_lines_of(output: str) -> list[str]:
    """Take away, too, what does not end as a line does: it was cut short."""
    return _without_banners(end for _, end in _lines(output)[:-1])


def broken_line_of(output: str) -> str:
    """Tell the first line that does not end: before a prompt, or before the end of it all."""
    lines = _lines(output)
    cut = [part for line, _ in lines for part in line if part.strip()]
    return next(iter([*cut, lines[-1][1]])).strip()


def messages_of(lines: Iterable[str]) -> list[Message]:
    """Pick the messages, wherever in a line they begin.

    One a line, and a complaint that another message or any word runs into: an end of line is lost
    easily, and what it says must not be.
    """
    return [one for line in lines if _OF_A_MESSAGE in line for one in _messages_in(line)]


def _messages_in(line: str) -> Iterator[Message]:
    found = _MESSAGE.search(line)
    if found:
        yield Message(found["id"], found["kind"], found["text"].strip())
        if found["kind"] == "E":
            return
    if worse := _COMPLAINT.search(found["text"] if found else line):
        yield Message(worse["id"], "E", worse["text"].strip())


def message_in(line: str) -> Message | None:
    """Read a line that is a message and nothing else; None where it is none."""
    return messages_of([line])[0] if _MESSAGE.match(line) else None


def complaints_of(stdout: str, stderr: str) -> list[Message]:
    """Pick the messages of class E of both streams."""
    texts = (text for text in (stdout, stderr) if _MAY_COMPLAIN.search(text))
    said = messages_of(line for text in texts for line in lines_of(text))
    return [message for message in said if message.kind == "E"]


def _across_prompts(*texts: str) -> list[Message]:
    """Pick the complaints of unparted lines: where one ends that a prompt runs into is not sure."""
    said = messages_of(line for text in texts for line in text.split("\n"))
    return [message for message in said if message.kind == "E"]


def login_refused(exit_status: int | None, complaints: Iterable[Message]) -> bool:
    """Whether a client says that user or password was refused.

    Its exit code alone does not say so where the user is logged in and only his role falls short.
    """
    said = list(complaints)
    if any(one.id == LOGIN_REFUSED for one in said):
        return True
    return exit_status == EXIT_LOGIN and not any(NOT_PERMITTED in one.text for one in said)


def login_refused_in(answer: Answer) -> bool:
    """Whether the answer to a command says that user or password was refused."""
    return login_refused(answer.exit_status, complaints_of(answer.output, ""))


def account_in_session(text: str, pairs: Sequence[Pair]) -> Answer:
    """Account for each pair of an answer that the prompt of a kept session ended.

    There is no exit status in a session, so the messages alone tell (IBM DS CLI help, "Obtaining
    and interpreting DS CLI exit codes").
    """
    whole = f"{text}{_PROMPTED}"  # its last line, too: the prompt came
    judged = _judge(whole, "", None, pairs)
    silent = _silent(judged.accounts)
    nothing = f"dscli said nothing of {silent}" if silent else ""
    return Answer(
        exit_status=None,
        accounts=judged.accounts,
        refused=judged.refused,
        reason="; ".join(map(str, complaints_of(text, ""))) or nothing,
        output=without_secrets(text),
    )


def account(
    stdout: str, stderr: str, exit_status: int | None, pairs: Sequence[Pair], reason: str = ""
) -> Answer:
    """Account for each pair of a changing command's answer.

    `exit_status` None: the client was killed. In a stream the exit status need not show a
    failed command, so the messages of both streams count as well; one that was cut short does
    not, it may have ended in the middle of a pair. But where it complains, nothing else that is
    said of its pair counts either.
    """
    judged = _judge(stdout, stderr, exit_status, pairs)
    by_itself = exit_status is not None and exit_status >= 0
    return Answer(
        exit_status=exit_status,
        accounts=judged.accounts,
        refused=by_itself and judged.refused,
        reason=reason
        or "; ".join(map(str, complaints_of(stdout, stderr)))
        or _silence(exit_status, judged.accounts),
        output=without_secrets(_joined(stdout, stderr)),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was said of each pair; `refused` where it is a plain no, if all of it has been said."""

    accounts: dict[Pair, Account]
    refused: bool


def _judge(stdout: str, stderr: str, exit_status: int | None, pairs: Sequence[Pair]) -> _Judged:
    """Judge messages, and an exit status where there is one."""
    said = messages_of([*whole_lines_of(stdout), *whole_lines_of(stderr)])
    lost = exit_status == EXIT_CONNECTION or NO_CONNECTION in stdout or NO_CONNECTION in stderr
    accounts = {pair: _account_of(pair, said, lost=lost) for pair in pairs}
    for pair in _complained_of([*complaints_of(stdout, stderr), *_across_prompts(stdout, stderr)]):
        if accounts.get(pair) is Account.ACCEPTED:
            accounts[pair] = Account.SILENT
    session = logged_in(stdout) or logged_in(stderr)
    return _Judged(accounts, not lost and _plain_no(exit_status, said, accounts, logged_in=session))


def _lines(output: str) -> list[tuple[list[str], str]]:
    """Split into lines; of each, what stands before prompts, and what is after the last one."""
    found = [_PROMPT.split(line) for line in output.split("\n")]
    return [(parts[:-1], parts[-1]) for parts in found]


def _without_banners(lines: Iterable[str]) -> list[str]:
    kept = []
    after_banner = False
    for raw in lines:
        line = raw.strip()
        if _BANNER.match(line):
            after_banner = True
        elif line and not (after_banner and _BANNER_REST.fullmatch(line)):
            after_banner = False
            kept.append(line)
    return kept


def _complained_of(complaints: Iterable[Message]) -> set[Pair]:
    """Find every pair that a complaint may be about; of these no acceptance is believed."""
    texts = [message.text for message in complaints]
    return {pair for text in texts for found in _ANY_PAIR.finditer(text) for pair in _pair(found)}


def _account_of(pair: Pair, said: Sequence[Message], *, lost: bool) -> Account:
    kinds = {message.kind for message in said if pair in _pairs_in(message.text)}
    if "E" in kinds:
        return Account.SILENT if lost else Account.REJECTED
    return Account.ACCEPTED if "I" in kinds else Account.SILENT


def _pairs_in(text: str) -> set[Pair]:
    """Find the pairs that a text names; dscli prints ids without leading zeros at times."""
    found = (one for one in _PAIR.finditer(text) if one["array1"] == one["array2"])
    return {pair for one in found for pair in _pair(one)}


def _pair(found: re.Match[str]) -> Iterator[Pair]:
    source, target = found["source"].zfill(4).upper(), found["target"].zfill(4).upper()
    if source != target:
        yield Pair(VolumeId(source), VolumeId(target))


def _plain_no(
    exit_status: int | None,
    said: Sequence[Message],
    accounts: Mapping[Pair, Account],
    *,
    logged_in: bool,
) -> bool:
    """Whether what was said is a plain no.

    That is one to every pair, or one that dscli says by itself, without the array. All
    else leaves a doubt: a call that failed may have done something before.
    """
    complaints = [message for message in said if message.kind == "E"]
    if not complaints:
        return False
    if set(accounts.values()) != {Account.SILENT}:
        return set(accounts.values()) == {Account.REJECTED}
    if login_refused(exit_status, complaints):
        return not logged_in
    return exit_status == EXIT_SYNTAX or all(_without_the_array(one) for one in complaints)


def _without_the_array(complaint: Message) -> bool:
    return complaint.of_syntax or NOT_PERMITTED in complaint.text


def _silence(exit_status: int | None, accounts: Mapping[Pair, Account]) -> str:
    ended = "was killed" if exit_status is None else f"ended with exit code {exit_status}"
    silent = _silent(accounts)
    return f"dscli {ended} and said nothing of {silent}" if silent else ""


def _silent(accounts: Mapping[Pair, Account]) -> str:
    return ", ".join(str(pair) for pair, one in accounts.items() if one is Account.SILENT)


def _joined(stdout: str, stderr: str) -> str:
    return stdout if not stderr.strip() else f"{stdout.rstrip()}\n{stderr}".lstrip("\n")
