"""What a fault does once it strikes."""

import os
import signal
import sys
from dataclasses import replace

from flashd.sim import messages
from flashd.sim.clock import Clock
from flashd.sim.commands.command import SERVER, Answer
from flashd.sim.faults import Fault
from flashd.sim.grammar import Request
from flashd.sim.terminal import Terminal

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


def strike(fault: Fault | None, position: str, clock: Clock, terminal: Terminal) -> None:
    """Let a fault do to the process what it does before or after the array acts."""
    if fault is None or fault.position != position:
        return
    if fault.name == "hang":
        stall(fault, clock)
    elif fault.name == "flood":
        _flood(terminal)
    elif fault.name in {"die-before", "die-after"}:
        os.kill(os.getpid(), int(fault.number("signal", signal.SIGKILL)))
    elif fault.name == "lost-answer":
        sys.exit(int(fault.number("exit", 0)))


def stall(fault: Fault, clock: Clock) -> None:
    """Wait as long as the fault says, or for ever."""
    if "seconds" in fault.options:
        clock.wait(fault.number("seconds", 0))
    else:
        clock.hang()


def shortened(fault: Fault | None, request: Request) -> Request:
    """Return the part of a command that the array gets to."""
    if fault is None or fault.name != "partial":
        return request
    return replace(request, operands=request.operands[: int(fault.number("pairs", 1))])


def refusal(fault: Fault | None, request: Request) -> Answer | None:
    """Return the answer of an array that does nothing of a command."""
    if fault is None or fault.name != "refused":
        return None
    text = fault.options.get("text", "refused by a fault")
    subjects = request.operands or ("-",)
    lines = tuple(messages.copy_services_failure(request.verb, s, text) for s in subjects)
    code = int(fault.number("exit", SERVER))
    return Answer(messages=lines, exit=code, refused=subjects)


def completed(fault: Fault | None, request: Request, answer: Answer) -> Answer:
    """Add what is said about the pairs that a partial command did not get to."""
    if fault is None or fault.name != "partial":
        return answer
    left = request.operands[int(fault.number("pairs", 1)) :]
    silent = fault.options.get("silent", "no") != "no"
    said = () if silent else left
    lines = tuple(messages.copy_services_failure(request.verb, s, "not reached") for s in said)
    return replace(
        answer,
        messages=answer.messages + lines,
        refused=answer.refused + left,
        exit=int(fault.number("exit", 0 if silent else SERVER)),
    )


def fewer_rows(fault: Fault | None, answer: Answer) -> Answer:
    """Let an answer end after some rows or messages."""
    if fault is None or "rows" not in fault.options:
        return answer
    rows = int(fault.number("rows", 0))
    report = answer.report and replace(answer.report, rows=answer.report.rows[:rows])
    return replace(answer, report=report, messages=answer.messages[:rows])


def distorted(fault: Fault | None, text: str) -> str:
    """Return what reaches the client of an answer."""
    if fault is None or not text:
        return text
    if fault.name == "cut-short" and "bytes" in fault.options:
        return text.encode()[: int(fault.number("bytes", 0))].decode(errors="ignore")
    if fault.name == "garbage":
        return fault.options.get("text", _GARBAGE) + "\n"
    if fault.name == "language":
        for english, german in _GERMAN:
            text = text.replace(english, german)
    return text


def _flood(terminal: Terminal) -> None:
    while True:
        terminal.write("0001:0002,00,0,300," + "Enabled," * 500 + "\n")
