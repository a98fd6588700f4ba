"""The four ways to talk to dscli: one command, a script, a stream, a terminal."""

from collections.abc import Iterable
from pathlib import Path

from flashd.sim.commands.command import CONNECTION, SUCCESS
from flashd.sim.conversation import PROMPT, Conversation
from flashd.sim.grammar import UsageError
from flashd.sim.session import Session
from flashd.sim.switches import Positions
from flashd.sim.terminal import Terminal


def script_lines(path: Path) -> list[str]:
    """Return the lines of a script."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read script {path}: {error.strerror}") from error


def run_script(session: Session, lines: Iterable[str], switches: Positions) -> int:
    """Do the commands of a script, without a prompt."""
    codes = Codes(switches)
    for line in lines:
        if session.ended or codes.stop:
            break
        _perform(session, line, codes)
    return CONNECTION if session.broken else codes.exit


def run_stream(session: Session, switches: Positions, terminal: Terminal) -> int:
    """Do the commands that come on standard input, until it ends or one says quit."""
    codes = Codes(switches)
    shown = PROMPT if switches.on("stream_prompt") else ""
    early = switches.on("trailing_prompt")
    prompt = terminal.write if switches["prompt_to"] == "stdout" else terminal.complain
    while not (session.ended or codes.stop):
        prompt(shown if early else "")
        if not (line := terminal.readline()):
            break
        prompt("" if early else shown)
        _perform(session, line, codes)
    return CONNECTION if session.broken else codes.exit


def run_terminal(session: Session, conversation: Conversation) -> int:
    """Talk to a person; there is no exit code."""
    while not session.ended and (line := conversation.next_line()):
        _perform(session, line, None)
    return SUCCESS


class Codes:
    """The exit codes so far, and what comes of them."""

    def __init__(self, switches: Positions) -> None:
        self._rule = switches["stream_exit"]
        self._stops = switches["on_error"] == "stop"
        self._codes: list[int] = []

    def note(self, code: int) -> None:
        """Take in the code of one command."""
        self._codes.append(code)

    @property
    def stop(self) -> bool:
        """Whether nothing more is to be done."""
        return self._stops and any(self._codes)

    @property
    def exit(self) -> int:
        """The exit code of all."""
        if self._rule == "zero" or not self._codes:
            return SUCCESS
        if self._rule == "last":
            return self._codes[-1]
        return next(filter(None, self._codes), SUCCESS)


def _perform(session: Session, line: str, codes: Codes | None) -> None:
    text = line.rstrip("\r\n")
    comment = text.lstrip().startswith("#") and session.reads_comments
    if comment or not text.strip():
        return
    code = session.perform(text)
    if codes:
        codes.note(code)
