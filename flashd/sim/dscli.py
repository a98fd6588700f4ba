"""flashd-dscli: the command line client of the simulated array."""

import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path

from flashd.sim import connection, instants, managepwfile, messages, modes, profile
from flashd.sim.commands.command import SYNTAX
from flashd.sim.connection import Credentials
from flashd.sim.conversation import Conversation
from flashd.sim.errors import SimError
from flashd.sim.grammar import UsageError, split
from flashd.sim.layout import Layout
from flashd.sim.session import Admission, Refusal, Session
from flashd.sim.switches import Positions
from flashd.sim.terminal import (
    Mode,
    Terminal,
    UnwritableError,
    held_back,
    in_utf8,
    open_what_is_closed,
    process_terminal,
    say_the_rest,
)

WRAPPER = "FLASHD_SIM_WRAPPER"
NO_CONFIGURATION = 63
UNHEARD = 1
"""As Java ends of what it does not catch; the array may have done all that it was asked for."""
_GLOBALS = frozenset(("-hmc1", "-hmc2", "-user", "-passwd", "-pwfile", "-cfg", "-script"))


@dataclass(frozen=True, slots=True)
class Arguments:
    """The global options, and the command if one was given."""

    options: Mapping[str, str]
    command: str

    def path(self, option: str) -> Path | None:
        """Return an option that names a file."""
        return Path(self.options[option]) if self.options.get(option) else None


def main() -> int:
    """Run the client; return its exit code."""
    open_what_is_closed()
    if os.environ.pop(WRAPPER, ""):
        _become_a_wrapper()
    _behave_like_any_client()
    instants.watch(os.environ)
    try:
        instants.reach("started")
        code = _run(_arguments(sys.argv[1:]))
        say_the_rest()
        instants.reach("all is said")
        return code  # noqa: TRY300 - what cannot be said is an outcome too
    except Refusal as refusal:
        return _complain(refusal.message, refusal.code)
    except UsageError as error:
        return _complain(messages.syntax("dscli", str(error)), SYNTAX)
    except UnwritableError as error:
        return _complain(f"flashd-dscli: {error}", UNHEARD)
    except SimError as error:
        return _complain(f"flashd-dscli: {error}", NO_CONFIGURATION)


def _behave_like_any_client() -> None:
    """Die of a closed pipe or of Ctrl-C at once; read and write whatever the locale is."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _become_a_wrapper() -> None:
    """Let a child do the work, as the shell script around the real client does with Java.

    Whoever kills only the shell leaves a child that goes on.
    """
    work = [sys.executable, "-m", "flashd.sim.dscli", *sys.argv[1:]]
    os.execv("/bin/sh", ["sh", "-c", '"$@"; exit $?', "dscli", *work])  # nosec B606 # noqa: S606 - no shell reads these words


def _arguments(words: list[str]) -> Arguments:
    if unreadable := [word for word in words if not in_utf8(word)]:
        raise UsageError(f"{unreadable[0]!a} is not UTF-8")
    options: dict[str, str] = {}
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option not in _GLOBALS:
            raise UsageError(f"option {option} is unknown")
        if not rest:
            raise UsageError(f"option {option} needs a value")
        options[option] = rest.pop(0)
    return Arguments(options, rest[0] if len(rest) == 1 else shlex.join(rest))


def _run(arguments: Arguments) -> int:
    words = split(arguments.command)
    terminal = instants.byte_by_byte(process_terminal())
    if words[:1] == [managepwfile.NAME]:
        return managepwfile.run(words, _default_pwfile(), terminal)
    settings = profile.read(arguments.path("-cfg"))
    layout = profile.layout(settings)
    script = arguments.path("-script")
    lines = modes.script_lines(script) if script else []
    world = connection.arrays(os.environ)
    credentials = _credentials(arguments, settings, layout, terminal)
    try:
        admission = connection.admit(world, credentials)
        switches = admission.array.switches
        start = _checked(settings, layout, switches)
    except Refusal as refusal:
        return _complain(refusal.message, refusal.code, connection.errors_to_stdout(world))
    if switches["output_comes"] == "at-the-end" and not sys.stdout.isatty():
        terminal = held_back(terminal)
    mode = _mode(arguments, terminal)
    if mode is Mode.INTERACTIVE:
        return _sit(admission, start, terminal)
    session = Session(admission, start, terminal, mode)
    if mode is Mode.SINGLE_SHOT:
        return session.perform(arguments.command)
    if mode is not Mode.SCRIPT or switches.on("script_session_banner"):
        session.greet()
    return _converse(session, terminal, lines if mode is Mode.SCRIPT else None, switches)


def _sit(admission: Admission, start: Layout, terminal: Terminal) -> int:
    """Talk to whoever sits at a terminal."""
    switches = admission.array.switches
    if switches["terminal_hangup"] == "stays":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    conversation = Conversation(terminal, switches, admission.array.clock)
    session = Session(admission, start, conversation.terminal, Mode.INTERACTIVE)
    session.greet()
    return modes.run_terminal(session, conversation)


def _converse(
    session: Session, terminal: Terminal, script: Sequence[str] | None, switches: Positions
) -> int:
    if script is not None:
        return modes.run_script(session, script, switches)
    return modes.run_stream(session, switches, terminal)


def _mode(arguments: Arguments, terminal: Terminal) -> Mode:
    if arguments.command.strip():
        return Mode.SINGLE_SHOT
    if "-script" in arguments.options:
        return Mode.SCRIPT
    return Mode.INTERACTIVE if terminal.is_tty else Mode.STREAM


def _checked(settings: Mapping[str, str], layout: Layout, switches: Positions) -> Layout:
    """Return the layout with what the switches say about profiles."""
    unknown = profile.unknown(settings)
    if unknown and switches["unknown_profile_key"] == "refuse":
        raise Refusal(messages.syntax("dscli", f"profile: no key {unknown[0]}"), SYNTAX)
    if "delim" in settings:
        return layout
    return replace(layout, delim=switches["default_delimiter"])


def _credentials(
    arguments: Arguments, settings: Mapping[str, str], layout: Layout, terminal: Terminal
) -> Credentials:
    given = {**{f"-{name}": value for name, value in settings.items()}, **arguments.options}
    hmc1 = given.get("-hmc1", "")
    hmc2 = given.get("-hmc2", "")
    if not (hmc1 or hmc2):
        hmc1 = terminal.ask("Enter the primary management console IP address: ").strip()
        hmc2 = terminal.ask("Enter the secondary management console IP address: ").strip()
    user = given.get("-user") or given.get("-username")
    user = user or terminal.ask("Enter your username: ").strip()
    password = arguments.options.get("-passwd", settings.get("password"))
    pwfile = Path(given.get("-pwfile") or _default_pwfile())
    if password is None and not given.get("-pwfile") and not pwfile.exists():
        password = terminal.ask_secret("Enter your password: ")
    return Credentials(
        consoles=tuple(filter(None, (hmc1, hmc2))),
        user=user,
        password=password,
        pwfile=pwfile,
        ports=(settings["port"],) if "port" in settings else connection.PORTS,
        patience=layout.connection_timeout,
    )


def _default_pwfile() -> Path:
    return Path.home() / "dscli" / "security.dat"


def _complain(message: str, code: int, on_stdout: bool = False) -> int:  # noqa: FBT001, FBT002 - one of two streams
    terminal = process_terminal()
    (terminal.write if on_stdout else terminal.complain)(f"{message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
