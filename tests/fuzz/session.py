"""What a kept session shows on its terminal: the prompt, echoes, answers between two prompts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flashd.adapters.arrays import messages, screen
from flashd.model.run import Account
from tests.fuzz import dscli
from tests.fuzz.target import Target, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.model.run import Answer

Shown = tuple[bool, bool, str]

_COMMAND = "resyncflash -dev IBM.2107-75ABC01 -persist -record -cp 0001:0002 0101:0102 0003:0004"
_BLANKS = " \t\r\n"
_ENDS = re.compile(r"[\r\n]+")
_CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-Z\\^-~])|\a"
)


def _shown(data: bytes) -> Shown:
    text = text_of(data)
    return (
        screen.prompted(data),
        screen.cut_off(screen.plain(text)),
        screen.answer_in(text, _COMMAND),
    )


def _check_shown(data: bytes, shown: Shown) -> None:
    """See that no prompt is made up, and that nothing is lost but it and what was sent."""
    prompted, cut_off, answer = shown
    text = text_of(data)
    bare = _CONTROL.sub("", text)
    last = re.split("[\r\n]", bare)[-1]
    if prompted:
        assert last.replace("dscli>", "").strip(" ") == "", f"a prompt in {last!r}"
        assert "dscli>" in last
    assert not (prompted and cut_off and len(data) < _SEEN_AT_ONCE)
    assert _ENDS.sub("\n", answer) in _ENDS.sub("\n", bare), "an answer that nobody gave"
    kept = bare[: len(bare) - len(last)]
    for line in re.split("[\r\n]+", kept):
        if re.search(r"CM[A-Z]{2,3}[0-9]{4,5}[IWE]|^[0-9A-F]{4}:[0-9A-F]{4},", line):
            assert line.strip(_BLANKS) in answer or _begins_with_the_echo(line), f"{line!r} is lost"


_SEEN_AT_ONCE = 512


def _begins_with_the_echo(line: str) -> bool:
    """Whether a line is what the terminal repeats of the command, or goes on after it."""
    letters = "".join(line.replace("dscli>", "").split())
    wanted = "".join(_COMMAND.split())
    return letters.startswith(wanted) or wanted.startswith(letters) or letters[:30] in wanted


def _screen_seeds() -> Iterator[bytes]:
    for answer, _ in map(dscli.texts_of, dscli.cases()):
        yield f"{_COMMAND}\r\n{answer}\r\ndscli> ".encode()
        yield answer.replace("\n", "\r\n").encode() + b"\x1b[?2004hdscli> "
    yield b"dscli> " + _COMMAND.encode()
    yield b"\x1b]0;dscli\x07Date/Time: today DS: IBM.2107-75ABC01\r\ndscli> dscli> "


def _heard(data: bytes) -> Answer:
    return messages.account_in_session(text_of(data), dscli.PAIRS)


def _check_heard(data: bytes, answer: Answer) -> None:
    """See that each pair that is accepted is named by an acceptance, and by no complaint."""
    lines = text_of(data).split("\n")
    said = [line.rpartition("dscli>")[2] for line in lines] + lines
    assert answer.exit_status is None
    for pair, account in answer.accounts.items():
        if account is Account.ACCEPTED:
            assert any(dscli.names(line, "I", pair) for line in said), f"nobody accepted {pair}"
            assert not any(dscli.names(line, "E", pair) for line in said), f"{pair} was refused"
    if answer.refused:
        assert re.search(r"CM[A-Z]{2,3}[0-9]{4,5}E", text_of(data)), "a no that nobody said"
        assert "CMUN00018E" not in text_of(data), "the connection was lost"
        assert Account.ACCEPTED not in answer.accounts.values()


def _heard_seeds() -> Iterator[bytes]:
    for answer, errors in map(dscli.texts_of, dscli.cases()):
        yield f"{answer}{errors}".encode()


TARGETS = (
    Target(
        name="session-screen",
        read=_shown,
        check=_check_shown,
        seeds=_screen_seeds,
        words=(
            *(
                *dscli.WORDS,
                _COMMAND.encode(),
                b"\r\n",
                b"\r",
                b"\x1b[K",
                b"\x1b[?25l",
                b"\x1b]0;x\x07",
            ),
            *(b"dscli>dscli> ", b"\ndscli> ", b"x dscli> ", b"\x1b(B", b"\x07", b"\b"),
        ),
    ),
    Target(
        name="session-answer",
        read=_heard,
        check=_check_heard,
        seeds=_heard_seeds,
        words=dscli.WORDS,
    ),
)
