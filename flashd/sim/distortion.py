"""What reaches the client of an answer: fewer rows, other words, odd bytes. Nothing acts here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from flashd.sim import messages
from flashd.sim.commands.command import Answer
from flashd.sim.faults import Fault
from flashd.sim.layout import Report

_GARBAGE = "\x07\x1b[2J\ufffd<html><body>502 Bad Gateway</body></html>\tNullPointerException"
_GERMAN = (
    ("successfully resynchronized", "wurde erfolgreich resynchronisiert"),
    ("successfully created", "wurde erfolgreich erstellt"),
    ("successfully removed", "wurde erfolgreich entfernt"),
    ("FlashCopy volume pair", "FlashCopy-Datenträgerpaar"),
    ("FlashCopy pair", "FlashCopy-Paar"),
    ("No Flash Copy found", "Keine FlashCopy gefunden"),
    ("Enabled", "Aktiviert"),
    ("Disabled", "Inaktiviert"),
    ("Valid", "Gültig"),
    ("Date/Time", "Datum/Uhrzeit"),
)
_ELSEWHERE = "IBM.2107-75ZZZ99"
_NOBODY_S = "FEFE:FEFF"
_WRAPPED_AFTER = 40
_PAIR = re.compile(r"\b[0-9A-F]{4}:[0-9A-F]{4}\b")


def of_answer(fault: Fault | None, answer: Answer) -> Answer:
    """Return the rows and messages that are left, or added, of an answer."""
    if fault is None:
        return answer
    if "rows" in fault.options and fault.name == "cut-short":
        return _fewer_rows(fault, answer)
    if fault.name == "warnings":
        warned = [line for one in answer.messages for line in (messages.warning_of(one), one)]
        return replace(answer, messages=tuple(warned))
    if fault.name == "confused":
        return replace(answer, messages=_CONFUSED[fault.how()](answer.messages))
    if answer.report and fault.name in _OF_TABLES:
        return replace(answer, report=_OF_TABLES[fault.name](fault, answer.report))
    return answer


def of_text(fault: Fault | None, text: str, previous: str = "") -> str:
    """Return what reaches the client of what is said; `previous` is the answer before."""
    if fault is None or not text:
        return text
    if fault.name == "previous-answer":
        return previous
    return _OF_TEXTS[fault.name](fault, text) if fault.name in _OF_TEXTS else text


def shortened(text: str, size: int) -> str:
    """Return the first bytes of a text."""
    return text.encode(errors="surrogateescape")[:size].decode(errors="ignore")


def _fewer_rows(fault: Fault, answer: Answer) -> Answer:
    rows = int(fault.number("rows", 0))
    report = answer.report and replace(answer.report, rows=answer.report.rows[:rows])
    return replace(answer, report=report, messages=answer.messages[:rows])


def _in_german(text: str) -> str:
    for english, german in _GERMAN:
        text = text.replace(english, german)
    return text


def _wrapped(text: str, size: int) -> str:
    pieces = (
        line[start : start + size]
        for line in text.splitlines()
        for start in range(0, max(len(line), 1), max(size, 1))
    )
    return "".join(f"{piece}\n" for piece in pieces)


def _thirds(text: str) -> tuple[str, str, str]:
    one, two = len(text) // 3, 2 * len(text) // 3
    return text[:one], text[one:two], text[two:]


_NOISE: Mapping[str, Callable[[str], str]] = {
    "nul": lambda text: "\0".join(_thirds(text)),
    "utf8": lambda text: "\udcff\udcfe".join(_thirds(text)),
    "cr": lambda text: text.replace("\n", "\r\n").replace("resync", "\rresync"),
}


def _cut(fault: Fault, text: str) -> str:
    return shortened(text, int(fault.options["bytes"])) if "bytes" in fault.options else text


_OF_TEXTS: Mapping[str, Callable[[Fault, str], str]] = {
    "cut-short": _cut,
    "garbage": lambda fault, _: fault.options.get("text", _GARBAGE) + "\n",
    "glued": lambda _, text: "".join(text.splitlines()),
    "wrapped": lambda fault, text: _wrapped(text, int(fault.number("bytes", _WRAPPED_AFTER))),
    "noise": lambda fault, text: _NOISE[fault.how()](text),
    "language": lambda _, text: _in_german(text),
}


def _subject(message: str) -> str:
    """Return the pair that a message names, empty where it names none."""
    found = _PAIR.search(message)
    return found[0] if found else ""


def _renamed(message: str, other: str) -> str:
    subject = _subject(message)
    return message.replace(subject, other) if subject and other else message


def _of_another(said: tuple[str, ...]) -> tuple[str, ...]:
    return (*said[:-1], *(_renamed(last, _NOBODY_S) for last in said[-1:]))


def _of_the_same(said: tuple[str, ...]) -> tuple[str, ...]:
    return (*said[:-1], *(_renamed(last, _subject(said[0])) for last in said[-1:]))


def _contradicted(said: tuple[str, ...]) -> tuple[str, ...]:
    if not said:
        return said
    verb = said[0].split()[1].rstrip(":")
    return (*said, messages.copy_services_failure(verb, _subject(said[0]), "said by a fault"))


_CONFUSED: Mapping[str, Callable[[tuple[str, ...]], tuple[str, ...]]] = {
    "other-pair": _of_another,
    "same-pair": _of_the_same,
    "contradiction": _contradicted,
}


def _rows_twice(fault: Fault, report: Report) -> Report:
    return replace(report, rows=report.rows + report.rows[: int(fault.number("rows", 1))])


def _foreign_rows(_: Fault, report: Report) -> Report:
    """Add the first row as another array would show it, its ids qualified."""
    added = tuple(
        (":".join(f"{_ELSEWHERE}/{one[-4:]}" for one in row[0].split(":")), *row[1:])
        for row in report.rows[:1]
    )
    return replace(report, rows=report.rows + added)


def _columns(fault: Fault, report: Report) -> Report:
    name = fault.options.get("column", report.columns[-1])
    place = report.columns.index(name) if name in report.columns else len(report.columns) - 1
    if fault.how() == "renamed":
        named = (*report.columns[:place], f"{name}2", *report.columns[place + 1 :])
        return replace(report, columns=named)
    if fault.how() == "reordered":
        return Report(report.columns[::-1], tuple(row[::-1] for row in report.rows))
    if fault.how() == "extra":
        return Report(("New", *report.columns), tuple(("-", *row) for row in report.rows))
    return Report(_without(report.columns, place), tuple(_without(r, place) for r in report.rows))


def _without(cells: tuple[str, ...], place: int) -> tuple[str, ...]:
    return cells[:place] + cells[place + 1 :]


_OF_TABLES: Mapping[str, Callable[[Fault, Report], Report]] = {
    "rows-twice": _rows_twice,
    "foreign-rows": _foreign_rows,
    "columns": _columns,
}
