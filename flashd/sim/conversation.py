"""The prompt of a client on a terminal, the line that comes after it, and what disturbs both."""

import math
from dataclasses import replace

from flashd.sim import keyboard, messages
from flashd.sim.clock import Clock
from flashd.sim.faults import Fault
from flashd.sim.keyboard import Keyboard, TimeIsOverError
from flashd.sim.switches import Positions
from flashd.sim.terminal import Terminal

PROMPT = "dscli> "
_FORMS = {
    "plain": PROMPT,
    "coloured": f"\x1b[1;32m{PROMPT}\x1b[0m",
    "redrawn": f"{PROMPT}\r\x1b[K{PROMPT}",
    "bracketed": f"\x1b[?2004h{PROMPT}",
}
_AFTER_A_LINE = {"bracketed": "\x1b[?2004l\r"}


class Conversation:
    """Asks for one command after the other.

    A fault of the prompt strikes the one that is shown next; its `seconds` pass before what comes
    late, which without them comes once the next line is there.
    """

    def __init__(self, terminal: Terminal, switches: Positions, clock: Clock) -> None:
        self._given = terminal
        self._keyboard = Keyboard(switches)
        self._prompt = _FORMS[switches["terminal_prompt"]]
        self._after = _AFTER_A_LINE.get(switches["terminal_prompt"], "")
        leaves = switches["after_idle"] == "leaves"
        self._patience = switches.number("idle_seconds") if leaves else math.inf
        self._clock = clock
        self._fault: Fault | None = None
        self._early = False
        self._ahead: str | None = None
        self.terminal = replace(
            terminal,
            readline=self._answer,
            disturbed=self._disturbed,
            columns=keyboard.width() if switches.on("terminal_table_wrap") else 0,
        )

    def next_line(self) -> str:
        """Ask for a command; empty at the end of the input, and for a line that has no end."""
        fault, self._fault = self._fault, None
        early, self._early = self._early, False
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            return ahead
        shown = not early and not (fault and fault.name == "no-prompt")
        line = self._read(self._prompt if shown else "", fault)
        if fault and "seconds" not in fault.options:
            self._come_late(fault)
        return line

    def _read(self, prompt: str, fault: Fault | None = None) -> str:
        with self._keyboard.taken():
            self._given.prompt(prompt)
            if fault and "seconds" in fault.options:
                self._clock.wait(fault.number("seconds", 0))
                self._come_late(fault)
            line = self._awaited()
        self._echo(line, len(PROMPT))
        self._given.prompt(self._after)
        return line if line.endswith("\n") else ""

    def _awaited(self) -> str:
        """Wait for a line as long as the client does; it says so when it leaves."""
        try:
            with keyboard.in_time(self._patience):
                return self._given.readline()
        except TimeIsOverError:
            self._given.complain(f"{messages.idle_too_long('dscli')}\n")
            return ""

    def _answer(self) -> str:
        """Read what answers a question of the client's."""
        with self._keyboard.taken():
            line = self._given.readline()
        self._echo(line, 0)
        return line

    def _echo(self, line: str, column: int) -> None:
        if line and self._keyboard.echoes:
            self._given.echo(self._keyboard.echo(line, column))

    def _come_late(self, fault: Fault) -> None:
        """Show what a fault has come after the prompt."""
        if fault.name == "extra-prompt":
            self._given.prompt(self._prompt)
        if fault.name == "late-words":
            self._given.write(f"{fault.options.get('text', messages.LATE_WORDS)}\n")

    def _disturbed(self, fault: Fault) -> None:
        """Let a fault strike the next prompt; where it comes early, show it now, and wait."""
        if fault.name != "early-prompt":
            self._fault = fault
        elif "seconds" in fault.options:
            self._given.prompt(self._prompt)
            self._early = True
            self._clock.wait(fault.number("seconds", 0))
        else:
            self._ahead = self._read(self._prompt)
