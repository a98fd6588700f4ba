"""The lines of an answer, each told what it is: banner, header, rule, data, message."""

import re
from dataclasses import dataclass, replace

BANNER, BLANK, DATA, END, HEADER, MESSAGE, RULE, XML = (
    "banner",
    "blank line",
    "data",
    "end",
    "header",
    "message",
    "rule",
    "xml",
)
_PROMPT = re.compile(r"dscli>\s?")
_BANNER = re.compile(r"Date/Time: .*IBM DSCLI Version: .*DS:")
_MESSAGE = re.compile(r"CM[A-Z]{1,3}\d{4,5}[A-Z]\b")
_IMAGE = re.compile(r"IBM\.\d{4}-\w{7}$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its prompts, whose number is `prompts`."""

    kind: str
    text: str
    prompts: int = 0


def read(stream: str) -> tuple[Line, ...]:
    """Tell the lines of one stream; `END` stands for prompts with nothing behind them."""
    told: list[Line] = []
    for raw in stream.replace("\r", "").split("\n"):
        prompts, text = _without_prompts(raw)
        _take_in(told, Line(_kind(text, prompts), text, prompts))
    if told and told[-1].kind == BLANK:
        told.pop()  # what follows the last line end
    return tuple(told)


def _without_prompts(raw: str) -> tuple[int, str]:
    count, at = 0, 0
    while found := _PROMPT.match(raw, at):
        count, at = count + 1, found.end()
    return count, raw[at:]


def _kind(text: str, prompts: int) -> str:
    if not text.strip():
        return END if prompts else BLANK
    if _BANNER.match(text):
        return BANNER
    if _MESSAGE.match(text):
        return MESSAGE
    if not text.strip("="):
        return RULE
    return XML if text.lstrip().startswith("<") else DATA


def _take_in(told: list[Line], line: Line) -> None:
    """Add a line; what it says of the one before it is amended."""
    last = told[-1] if told else None
    if last and line.kind == RULE and last.kind == DATA:
        told[-1] = replace(last, kind=HEADER)
    if (
        last
        and last.kind == BANNER
        and last.text.rstrip().endswith("DS:")
        and _IMAGE.match(line.text)
    ):
        told[-1] = replace(last, text=f"{last.text.rstrip()}\n{line.text}")
    else:
        told.append(line)
