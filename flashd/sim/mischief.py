"""What a fault does once it strikes: to the process that is dscli, and to the array's work."""

import os
import signal
import sys
from dataclasses import replace
from io import TextIOWrapper

from flashd.sim import late, messages
from flashd.sim.clock import Clock
from flashd.sim.commands.command import CONNECTION, SERVER, Answer
from flashd.sim.distortion import shortened
from flashd.sim.faults import ANSWER, Fault
from flashd.sim.grammar import Request
from flashd.sim.terminal import Terminal

_LOST = {
    "client-timeout": messages.NO_ANSWER,
    "connection-lost": messages.CONNECTION_LOST,
    "console-gone": messages.UNREACHABLE,
}
_AT_THE_PROMPT = frozenset(("extra-prompt", "no-prompt", "late-words"))
_PIECES = 50
_LATE_SECONDS = 5


class Lost(Exception):  # noqa: N818 - an answer that ends a command, as StopIteration does
    """The connection is gone: what is said of it, and the exit code of a client that ends."""

    def __init__(self, fault: Fault) -> None:
        self.message = _LOST[fault.name]
        super().__init__(self.message)
        self.exit = int(fault.number("exit", CONNECTION))


def strike(fault: Fault | None, position: str, clock: Clock, terminal: Terminal) -> None:
    """Let a fault do to the process what it does before or after the array acts."""
    if fault is None or fault.position != position:
        return
    match fault.name:
        case "hang":
            stall(fault, clock)
        case "flood":
            _flood(terminal)
        case "die-before" | "die-after":
            _die(fault)
        case "lost-answer":
            sys.exit(int(fault.number("exit", 0)))
        case "client-timeout":
            stall(fault, clock)
            raise Lost(fault)
        case "connection-lost" | "console-gone":
            raise Lost(fault)
        case "early-prompt":
            terminal.disturbed(fault)
        case "acts-late":
            _die(fault) if "exit" not in fault.options else sys.exit(int(fault.options["exit"]))


def stall(fault: Fault, clock: Clock) -> None:
    """Wait as long as the fault says, or for ever."""
    if "seconds" in fault.options:
        clock.wait(fault.number("seconds", 0))
    else:
        clock.hang()


def shortened_to(fault: Fault | None, request: Request) -> Request:
    """Return the part of a command that the array gets to now."""
    late_part = _is_put_off(fault, request)
    if fault is None or not (late_part or fault.name == "partial"):
        return request
    most = int(fault.number("pairs", 0 if late_part else 1))
    return replace(request, operands=request.operands[:most])


def put_off(fault: Fault | None, request: Request) -> tuple[Request, float] | None:
    """Return the part of a command that the array does later, and after how many seconds."""
    if fault is None or not _is_put_off(fault, request):
        return None
    rest = request.operands[int(fault.number("pairs", 0)) :]
    return replace(request, operands=rest), fault.number("seconds", _LATE_SECONDS)


def _is_put_off(fault: Fault | None, request: Request) -> bool:
    return fault is not None and fault.name == "acts-late" and late.can_be(request)


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


def utter(fault: Fault | None, clock: Clock, terminal: Terminal, out: str, err: str) -> None:
    """Say an answer, in the way in which a fault has it said."""
    name = fault.name if fault else ""
    if fault and name == "die-answering":
        terminal.write(shortened(out, int(fault.number("bytes", 60))))
        _die(fault)
    if fault and name == "noise":
        _let_odd_bytes_pass()
    if fault and name == "drip":
        _drip(fault, clock, terminal, out)
    else:
        terminal.write(out)
    terminal.complain(err)


def end(fault: Fault | None, clock: Clock, terminal: Terminal, code: int) -> None:
    """Let the process end, or not, as a fault has it once all is said."""
    if fault is None or fault.position != ANSWER:
        return
    if fault.name in _AT_THE_PROMPT:
        terminal.disturbed(fault)
    if fault.name == "wrong-exit":
        sys.exit(int(fault.number("exit", 1)))
    if fault.name == "closed-output":
        for descriptor in (1, 2):
            os.close(descriptor)
        stall(fault, clock)
        os._exit(code)
    if fault.name == "left-child":
        if os.fork() == 0:
            stall(fault, clock)
        os._exit(code)


def _die(fault: Fault) -> None:
    os.kill(os.getpid(), int(fault.number("signal", signal.SIGKILL)))


def _let_odd_bytes_pass() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")


def _drip(fault: Fault, clock: Clock, terminal: Terminal, text: str) -> None:
    size = max(1, len(text) // _PIECES)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    for piece in pieces:
        terminal.write(piece)
        clock.wait(fault.number("seconds", 1) / len(pieces))


def _flood(terminal: Terminal) -> None:
    while True:
        terminal.write("0001:0002,00,0,300," + "Enabled," * 500 + "\n")
