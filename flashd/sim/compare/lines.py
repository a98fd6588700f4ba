"""The lines of an answer, each told what it is: banner, header, rule, data, message."""

import re
from dataclasses import dataclass, replace

from flashd.sim.compare import masks
from flashd.sim.compare.probes import READ_ONLY

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
_MESSAGE = re.compile(r"(CM(?:U[A-Z]\d{5}|MCI\d{4})[IWE])(?: |$)")
"""The forms that public material shows; a volume may bear a name that is close to them."""

DELIMITERS = {",": "a comma", "|": "a bar", ";": "a semicolon", ":": "a colon", "\t": "a tab"}
_IMAGE = re.compile(r"IBM\.\d{4}-\w{7}$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its prompts, whose number is `prompts`; a `row` stands under a header."""

    kind: str
    text: str
    prompts: int = 0
    row: bool = False

    @property
    def identity(self) -> str:
        """The id of a message, which may be shown to anybody, and nothing of what follows it."""
        found = _MESSAGE.match(self.text) if self.kind == MESSAGE else None
        return found[1] if found else ""

    @property
    def said(self) -> str:
        """What a message says after its id."""
        return self.text.removeprefix(self.identity).strip()


def read(stream: str) -> tuple[Line, ...]:
    """Tell the lines of one stream; `END` stands for prompts with nothing behind them."""
    told: list[Line] = []
    header = ""
    for raw in stream.replace("\r", "").split("\n"):
        prompts, text = _without_prompts(raw)
        kind = _kind(text, prompts)
        if prompts or kind == BANNER:
            header = ""
        if kind == MESSAGE and header and _is_row(text, header):
            kind = DATA
        line = Line(kind, text, prompts, row=kind == DATA and bool(header))
        header = _header(told, line) or header
        _take_in(told, line)
    if told and told[-1].kind == BLANK:
        told.pop()  # what follows the last line end
    return tuple(told)


def delimiter(header: str) -> str:
    """Return what stands between the names of a header; nothing where blanks do."""
    most = max(DELIMITERS, key=header.count)
    return most if most in header else ""


def cells(text: str, mark: str) -> list[str]:
    """Take a header or a row apart."""
    return text.split(mark) if mark else text.split()


def reads_like_a_header(line: Line) -> bool:
    """Say whether a line without a rule under it is made of columns' names."""
    names = cells(line.text, delimiter(line.text))
    return line.kind == DATA and len(names) > 1 and all(map(masks.known, names))


def _is_row(text: str, header: str) -> bool:
    """Say whether what begins like a message is a row: names of a site come first in rows."""
    if mark := delimiter(header):
        return mark in text
    words = text.split()[1:]
    return 2 * sum(masks.usual(word, READ_ONLY) for word in words) < max(1, len(words))


def _header(told: list[Line], line: Line) -> str:
    """Return the header that is known with this line, or nothing."""
    before = told[-1] if told else Line(BLANK, "")
    if line.kind == RULE and before.kind == DATA:
        return before.text
    return line.text if before.kind != DATA and reads_like_a_header(line) else ""


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
        told[-1] = replace(last, kind=HEADER, row=False)
    if (
        last
        and last.kind == BANNER
        and last.text.rstrip().endswith("DS:")
        and _IMAGE.match(line.text)
    ):
        told[-1] = replace(last, text=f"{last.text.rstrip()}\n{line.text}")
    else:
        told.append(line)
