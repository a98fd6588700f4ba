"""A session that is logged in: it reads commands, has the array act, and answers."""

import sqlite3
from dataclasses import dataclass, replace

from flashd.sim import distortion, faults, journal, late, meddling, messages, mischief
from flashd.sim.accounts import COPY_ROLES
from flashd.sim.array import Array, Identity
from flashd.sim.commands import COMMANDS, pairwise
from flashd.sim.commands.command import SERVER, SUCCESS, SYNTAX, Answer, Call, Command
from flashd.sim.environment import ENVIRONMENT, change_layout
from flashd.sim.faults import AFTER, BEFORE, Fault
from flashd.sim.grammar import Grammar, Request, UsageError, parse, split
from flashd.sim.ids import BadIdError, Pair, same_image
from flashd.sim.inventory import Inventory
from flashd.sim.layout import OPTIONS, Layout, banner, render
from flashd.sim.nouns import User
from flashd.sim.terminal import Terminal

_ENDINGS = frozenset(("quit", "exit"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a login gives: the array, over which console, as whom, as which session."""

    array: Array
    client: journal.Client
    user: User
    session: int


class Refusal(Exception):  # noqa: N818 - an answer that ends a command, as StopIteration does
    """A command that goes no further; the text and the exit code are the answer."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Session:
    """One login. `ended` once somebody has said quit."""

    def __init__(self, admission: Admission, layout: Layout, terminal: Terminal) -> None:
        self._admission = admission
        self._array = admission.array
        self._identity: Identity = admission.array.identity
        self._layout = layout
        self._terminal = terminal
        self._clock = admission.array.clock
        self.ended = False

    def greet(self) -> None:
        """Print the banner of the session."""
        self._print_banner(self._identity.serial)

    def perform(self, text: str) -> int:
        """Do one command; return the exit code that it would have by itself."""
        entry = self._receive(text)
        try:
            code = self._perform(entry, text)
        except (Refusal, UsageError, BadIdError) as error:
            code = self._refuse(entry, text, error)
        return code

    def _receive(self, text: str) -> int:
        admission = self._admission
        with self._array.file.change() as rows:
            return journal.note_received(
                rows, self._clock.now(), admission.session, admission.client, text
            )

    def _perform(self, entry: int, text: str) -> int:
        words = split(text)
        if words[0] in _ENDINGS or words[0] in ENVIRONMENT or words[0] == "help":
            self._perform_here(words)
            self._note(entry, journal.ACTED, SUCCESS)
            return SUCCESS
        if (command := COMMANDS.get(words[0])) is None:
            raise UsageError("unknown command")
        request = parse(command.grammar, words)
        layout = self._layout_for(request)
        self._check_device(layout)
        self._check_role(command)
        return self._carry_out(entry, text, command, self._confirmed(command, request))

    def _perform_here(self, words: list[str]) -> None:
        """Do what the client does by itself."""
        if words[0] in _ENDINGS:
            self.ended = True
        elif words[0] == "help":
            self._terminal.write("\n".join(sorted((*COMMANDS, *ENVIRONMENT, *_ENDINGS))) + "\n")
        else:
            grammar = Grammar(options=ENVIRONMENT[words[0]])
            self._layout = change_layout(self._layout, parse(grammar, words))
            if self._layout.banner:
                self._print_banner("")

    def _carry_out(self, entry: int, text: str, command: Command, request: Request) -> int:
        fault, others = self._struck_by(entry, text)
        mischief.strike(fault, BEFORE, self._clock, self._terminal)
        self._clock.wait(self._array.switches.number("command_seconds"))
        answer = self._act(entry, command, request, fault, others)
        mischief.strike(fault, AFTER, self._clock, self._terminal)
        self._say(entry, self._layout_for(request), answer, fault, bound=command.bound)
        mischief.end(fault, self._clock, answer.exit)
        return answer.exit

    def _struck_by(self, entry: int, text: str) -> tuple[Fault | None, tuple[Fault, ...]]:
        """Return the fault of a command and what others do beside it; what they do before, do."""
        with self._array.file.change() as rows:
            fault, others = faults.strike_command(rows, text, self._clock)
            struck = (fault, *others) if fault else others
            if struck:
                journal.note_fault(rows, entry, ", ".join(map(str, struck)))
            if others:
                meddling.meddle(rows, late.settled(rows, self._clock), others, BEFORE)
        return fault, others

    def _act(
        self,
        entry: int,
        command: Command,
        request: Request,
        fault: Fault | None,
        others: tuple[Fault, ...] = (),
    ) -> Answer:
        """Act and record it in one transaction, so that a kill leaves both or neither."""
        with self._array.file.change() as rows:
            held = late.settled(rows, self._clock)
            rows.execute("SAVEPOINT act")
            answer = mischief.refusal(fault, request)
            if answer is None:
                part = mischief.shortened_to(fault, request)
                call = Call(part, held, self._identity, self._layout_for(request).fullid)
                answer = mischief.completed(fault, request, command.run(call))
            lied = fault is not None and fault.name == "lie"
            if lied:
                rows.execute("ROLLBACK TO act")
            rest = mischief.put_off(fault, request)
            phase = journal.LIED if lied else _phase(answer, put_off=rest is not None)
            pairs = ((), ()) if lied else (answer.acted, answer.refused)
            journal.note_outcome(rows, entry, phase, answer.exit, pairs)
            self._put_off(rows, held, entry, rest)
            meddling.meddle(rows, held, others, AFTER)
        return answer

    def _put_off(
        self,
        rows: sqlite3.Connection,
        held: Inventory,
        entry: int,
        rest: tuple[Request, float] | None,
    ) -> None:
        """Leave the rest of a command to the array; it is received, and not acted on yet."""
        if rest is None or rest[0].verb not in late.ACTS:
            return
        request, seconds = rest
        pairs = tuple(Pair.parse(one, self._identity.serial) for one in request.operands)
        options = pairwise.shape(request)
        late.postpone(rows, held.at + seconds, entry, request.verb, options, pairs)

    def _say(
        self, entry: int, layout: Layout, answer: Answer, fault: Fault | None, *, bound: bool
    ) -> None:
        answer = distortion.of_answer(fault, answer)
        to_stderr = self._array.switches["errors_to"] == "stderr"
        apart = [m for m in answer.messages if to_stderr and messages.is_error(m)]
        lines = self._banner_lines(layout, self._identity.serial if bound else "")
        lines += render(answer.report, layout) if answer.report else []
        lines += [message for message in answer.messages if message not in apart]
        previous = self._previous_answer(entry) if fault else ""
        out = distortion.of_text(fault, _text(lines), previous)
        err = distortion.of_text(fault, _text(apart))
        self._note_answer(entry, out + err)
        mischief.utter(fault, self._clock, self._terminal, out, err)

    def _refuse(self, entry: int, text: str, error: Exception) -> int:
        if isinstance(error, Refusal):
            message, code = error.message, error.code
        else:
            message, code = messages.syntax(text.split(maxsplit=1)[0], str(error)), SYNTAX
        self._note(entry, journal.REFUSED, code)
        layout = replace(self._layout, banner=False)
        self._say(entry, layout, Answer(messages=(message,) if message else ()), None, bound=False)
        return code

    def _layout_for(self, request: Request) -> Layout:
        layout = self._layout
        try:
            for option in OPTIONS & set(request.options):
                layout = layout.changed(option, request.options[option])
        except ValueError as error:
            raise UsageError(str(error)) from error
        return replace(layout, fullid=layout.fullid or "-fullid" in request.flags)

    def _check_device(self, layout: Layout) -> None:
        if layout.device and not same_image(layout.device, self._identity.serial):
            raise UsageError(f"storage image {layout.device} is not managed by this console")

    def _check_role(self, command: Command) -> None:
        user = self._admission.user
        if user.role == "no_access" or (command.changes and user.role not in COPY_ROLES):
            raise Refusal(messages.not_permitted(command.name, user.name), SERVER)

    def _confirmed(self, command: Command, request: Request) -> Request:
        """Leave out the operands that nobody has agreed to."""
        if command.question is None or "-quiet" in request.flags:
            return request
        replies = {
            operand: self._terminal.ask(command.question(operand)) for operand in request.operands
        }
        agreed = tuple(o for o, reply in replies.items() if reply.strip().lower() in {"y", "yes"})
        if not agreed:
            nobody_there = "" in replies.values()
            code = int(self._array.switches["unanswered_exit"]) if nobody_there else SUCCESS
            raise Refusal("", code)
        return replace(request, operands=agreed)

    def _note(self, entry: int, phase: str, code: int) -> None:
        with self._array.file.change() as rows:
            journal.note_outcome(rows, entry, phase, code)

    def _previous_answer(self, entry: int) -> str:
        with self._array.file.look() as rows:
            return journal.last_answer(rows, entry)

    def _note_answer(self, entry: int, answer: str) -> None:
        with self._array.file.change() as rows:
            journal.note_answer(rows, self._clock.now(), entry, answer)

    def _banner_lines(self, layout: Layout, device: str) -> list[str]:
        if not layout.banner:
            return []
        blank = [""] if self._array.switches.on("banner_blank_line") else []
        return [banner(self._clock.now(), device), *blank]

    def _print_banner(self, device: str) -> None:
        self._terminal.write(_text(self._banner_lines(self._layout, device)))


def _phase(answer: Answer, *, put_off: bool) -> str:
    if put_off and not answer.acted:
        return journal.RECEIVED
    return journal.REFUSED if answer.refused and not answer.acted else journal.ACTED


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
