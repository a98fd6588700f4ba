"""A session that is logged in: it reads commands, has the array act, and answers."""

import sqlite3
import sys
from dataclasses import dataclass, replace

from flashd.sim import (
    accounts,
    distortion,
    faults,
    instants,
    journal,
    late,
    manual,
    meddling,
    messages,
    mischief,
    speech,
)
from flashd.sim.array import Array, Identity
from flashd.sim.commands import COMMANDS, pairwise
from flashd.sim.commands.command import (
    AUTHENTICATION,
    CONNECTION,
    SUCCESS,
    SYNTAX,
    Answer,
    Call,
    Command,
)
from flashd.sim.environment import ENVIRONMENT, change_layout, shown
from flashd.sim.faults import AFTER, BEFORE, Fault
from flashd.sim.grammar import (
    FROM_INPUT,
    Request,
    UsageError,
    parse,
    split,
    without_passwords,
)
from flashd.sim.ids import BadIdError, ForeignImageError, Pair, in_full, same_image
from flashd.sim.inventory import Inventory
from flashd.sim.layout import Layout
from flashd.sim.mischief import Lost
from flashd.sim.nouns import User
from flashd.sim.roles import may
from flashd.sim.terminal import Mode, Terminal
from flashd.sim.waiting import await_copies

_ENDINGS = frozenset(("quit", "exit"))
_HELP = "help"
_LONGEST_VERB = 80  # as messages repeat it, whatever came in
_HELP_OPTIONS = frozenset(("-help", "-h", "-?"))


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
    """One login. `ended` once somebody has said quit; `broken` where the connection was lost."""

    def __init__(
        self, admission: Admission, layout: Layout, terminal: Terminal, mode: Mode = Mode.STREAM
    ) -> None:
        self._admission = admission
        self._array = admission.array
        self._identity: Identity = admission.array.identity
        self._switches = admission.array.switches
        self._layout = layout
        self._terminal = terminal
        self._mode = mode
        self._clock = admission.array.clock
        self._idle_since = self._clock.now()
        self.ended = False
        self.broken = False

    @property
    def reads_comments(self) -> bool:
        """Whether a line that begins with # is no command."""
        return self._switches.on("comments")

    def greet(self) -> None:
        """Print the banner of the session."""
        two_lines = self._switches["session_banner"] == "two-lines"
        banner = self._banner(self._layout, self._identity.serial, two_lines=two_lines)
        self._terminal.write(speech.text(banner, self._terminal.columns))

    def perform(self, text: str) -> int:
        """Do one command; return the exit code that it would have by itself."""
        self._switches = self._array.switches
        instants.reach("command: read")
        entry = self._receive(text)
        if self._layout.echo:
            self._terminal.write(f"{self._layout.echo_prefix}{without_passwords(text)}\n")
        if self.broken and _verb(text) not in _ENDINGS:
            self._note(entry, journal.REFUSED, CONNECTION)
            return self._lose(entry, messages.UNREACHABLE)
        if self._clock.now() - self._idle_since > self._switches.number("idle_seconds"):
            self._note(entry, journal.REFUSED, CONNECTION)
            return self._lose(entry, messages.idle_too_long(_verb(text)), "after_idle")
        try:
            code = self._perform(entry, text)
        except Lost as lost:
            return self._lost(entry, lost)
        except (Refusal, UsageError, BadIdError) as error:
            code = self._refuse(entry, text, error)
        self._idle_since = self._clock.now()
        return code

    def _receive(self, text: str) -> int:
        admission = self._admission
        shown_text = without_passwords(text)
        with self._array.file.change() as rows:
            return journal.note_received(
                rows, self._clock.now(), admission.session, admission.client, shown_text
            )

    def _perform(self, entry: int, text: str) -> int:
        words = split(text)
        verb = words[0]
        if verb in _ENDINGS or verb in ENVIRONMENT or verb == _HELP:
            self._perform_here(entry, words)
            self._note(entry, journal.ACTED, SUCCESS)
            return SUCCESS
        if (command := COMMANDS.get(verb)) is None:
            raise UsageError("unknown command")
        if _HELP_OPTIONS & set(words[1:]):
            self._terminal.write(manual.page(command))
            self._note(entry, journal.ACTED, SUCCESS)
            return SUCCESS
        request = parse(command.grammar, words)
        instants.reach("command: understood")
        layout = self._layout_for(request)
        self._check_device(layout)
        self._check_user(command)
        wanted = self._with_operands_read(request)
        self._check_image_is_told(command, wanted, layout)
        return self._carry_out(entry, text, command, self._confirmed(command, wanted))

    def _perform_here(self, entry: int, words: list[str]) -> None:
        """Do what the client does by itself."""
        verb, *rest = words
        if verb in _ENDINGS:
            self.ended = True
        elif verb == _HELP:
            names = (*COMMANDS, *ENVIRONMENT, *_ENDINGS, _HELP)
            self._terminal.write(manual.about(rest, COMMANDS, names))
        else:
            self._layout = change_layout(self._layout, parse(ENVIRONMENT[verb], words))
            report = shown(self._layout) if verb == "showenv" else None
            self._say(entry, self._layout, Answer(report=report), None, bound=False)

    def _carry_out(self, entry: int, text: str, command: Command, request: Request) -> int:
        fault, others = self._struck_by(entry, text)
        mischief.strike(fault, BEFORE, self._clock, self._terminal)
        in_time = self._wait_for_the_array()
        if not in_time and self._switches["on_timeout"] == "undone":
            return self._give_up(entry, command)
        instants.reach("command: to be done")
        answer = self._act(entry, command, request, fault, others)
        instants.reach("command: done")
        if not in_time:
            return self._give_up(entry, command)
        if "-wait" in request.flags:  # the client asks again and again: no single answer is late
            await_copies(self._array, answer.acted)
        mischief.strike(fault, AFTER, self._clock, self._terminal)
        self._say(entry, self._layout_for(request), answer, fault, bound=command.bound)
        instants.reach("command: answered")
        mischief.end(fault, self._clock, self._terminal, answer.exit)
        return answer.exit

    def _wait_for_the_array(self) -> bool:
        """Let pass what a command costs; say whether the client has waited that long."""
        cost, patience = self._switches.number("command_seconds"), self._layout.timeout
        self._clock.wait(min(cost, patience))
        return cost <= patience

    def _give_up(self, entry: int, command: Command) -> int:
        """End a session whose array does not answer; the client cannot know whether it acted."""
        said = messages.no_answer(command.name, self._layout.timeout)
        return self._lose(entry, said, "after_loss")

    def _lost(self, entry: int, lost: Lost) -> int:
        """End as a fault has it, or go on without a connection."""
        if not self._stays("after_loss"):
            self._terminal.complain(f"{lost.message}\n")
            sys.exit(lost.exit)
        return self._lose(entry, lost.message)

    def _stays(self, switch: str) -> bool:
        """Say whether a client whose session is gone goes on asking for commands."""
        return self._mode is Mode.INTERACTIVE and self._switches[switch] == "prompts"

    def _lose(self, entry: int, said: str, unless: str = "") -> int:
        """Say that the session is gone, and end, unless a switch has the client stay."""
        self.broken = True
        self.ended = bool(unless) and not self._stays(unless)
        bare = replace(self._layout, banner=False)
        self._say(entry, bare, Answer(messages=(said,)), None, bound=False)
        return CONNECTION

    def _struck_by(self, entry: int, text: str) -> tuple[Fault | None, tuple[Fault, ...]]:
        """Return the fault of a command and what others do beside it; what they do before, do."""
        with self._array.file.change() as rows:
            fault, others = faults.strike_command(rows, text, self._clock)
            struck = (fault, *others) if fault else others
            if struck:
                journal.note_fault(rows, entry, ", ".join(map(str, struck)))
            if fault and fault.name == "console-gone":
                faults.add(rows, faults.gone(self._admission.client.hmc))
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
                call = self._call(part, held)
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

    def _call(self, request: Request, held: Inventory) -> Call:
        fullid = self._layout_for(request).fullid
        user, at = self._admission.user, self._clock.now()
        return Call(request, held, self._identity, fullid, user, at)

    def _put_off(
        self,
        rows: sqlite3.Connection,
        held: Inventory,
        entry: int,
        rest: tuple[Request, float] | None,
    ) -> None:
        """Leave the rest of a command to the array; it is received, and not acted on yet."""
        if rest is None:
            return
        request, seconds = rest
        pairs = tuple(Pair.parse(one, self._identity.serial) for one in request.operands)
        options = pairwise.shape(request)
        late.postpone(rows, held.at + seconds, entry, request.verb, options, pairs)

    def _say(
        self, entry: int, layout: Layout, answer: Answer, fault: Fault | None, *, bound: bool
    ) -> None:
        answer = distortion.of_answer(fault, answer)
        banner = self._banner(layout, self._identity.serial if bound else "")
        lines, apart = speech.answered(answer, layout, self._switches)
        previous = self._previous_answer(entry) if fault else ""
        columns = self._terminal.columns
        out = distortion.of_text(fault, speech.text(banner + lines, columns), previous)
        err = distortion.of_text(fault, speech.text(apart, columns))
        self._note_answer(entry, (out + err).encode(errors="replace").decode())
        if speech.pages(layout, self._mode, self._switches):
            speech.write_pages(self._terminal, out, layout.rows)
            self._terminal.complain(err)
        else:
            mischief.utter(fault, self._clock, self._terminal, out, err)

    def _refuse(self, entry: int, text: str, error: Exception) -> int:
        if isinstance(error, Refusal):
            message, code = error.message, error.code
        else:
            message, code = messages.syntax(_verb(text), str(error)), self._misuse(error)
        self._note(entry, journal.REFUSED, code)
        with_banner = self._layout.banner and self._switches.on("banner_on_error")
        layout = replace(self._layout, banner=with_banner)
        self._say(entry, layout, Answer(messages=(message,) if message else ()), None, bound=False)
        return code

    def _misuse(self, error: Exception) -> int:
        abroad = isinstance(error, ForeignImageError)
        return int(self._switches["foreign_image_exit"]) if abroad else SYNTAX

    def _layout_for(self, request: Request) -> Layout:
        layout = change_layout(self._layout, request)
        return replace(layout, fullid=layout.fullid or "-fullid" in request.flags)

    def _check_device(self, layout: Layout) -> None:
        if layout.device and not same_image(layout.device, self._identity.serial):
            raise ForeignImageError(f"storage image {layout.device} is not managed by this console")

    def _check_image_is_told(self, command: Command, request: Request, layout: Layout) -> None:
        """Refuse what does not say which of a console's images it means, though it could."""
        if layout.device or self._switches["images_per_console"] == "one" or not command.bound:
            return
        if "-dev" in command.grammar.options and not _all_in_full(request.operands):
            raise UsageError("the console manages several storage images; -dev says which is meant")

    def _check_user(self, command: Command) -> None:
        """Refuse what the user's role does not cover, and all but chuser to an expired password."""
        user = self._admission.user
        if user.expired and not command.own_password and self._still_expired(user):
            raise Refusal(messages.password_expired(command.name), AUTHENTICATION)
        if not may(user.role, command.needs, self._switches):
            code = int(self._switches["not_permitted_exit"])
            raise Refusal(messages.not_permitted(command.name, user.name), code)

    def _still_expired(self, user: User) -> bool:
        with self._array.file.look() as rows:
            found = accounts.find(rows, user.name, self._clock.now())
        return found is not None and found.expired

    def _with_operands_read(self, request: Request) -> Request:
        """Take the operands from standard input where a lone dash stands for them."""
        if FROM_INPUT not in request.operands:
            return request
        if request.operands != (FROM_INPUT,):
            raise UsageError(f"{FROM_INPUT} stands for all operands")
        in_stream = self._mode is Mode.STREAM and self._switches["dash_in_stream"] == "refuse"
        if in_stream or self._mode is Mode.INTERACTIVE:
            raise UsageError(f"{FROM_INPUT} cannot be used in the interactive mode")
        lines = iter(self._terminal.readline, "")
        operands = tuple(word for line in lines for word in line.split())
        if not operands:
            raise UsageError("an operand is missing: there is none on standard input")
        return replace(request, operands=operands)

    def _confirmed(self, command: Command, request: Request) -> Request:
        """Leave out the operands that nobody has agreed to."""
        if command.question is None or "-quiet" in request.flags:
            return request
        replies = {
            operand: speech.ask(self._terminal, command.question(operand), self._switches)
            for operand in request.operands
        }
        agreed = tuple(o for o, reply in replies.items() if reply.strip().lower() in {"y", "yes"})
        if not agreed:
            nobody_there = "" in replies.values()
            code = int(self._switches["unanswered_exit"]) if nobody_there else SUCCESS
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

    def _banner(self, layout: Layout, device: str, *, two_lines: bool = False) -> list[str]:
        return speech.banner_lines(
            layout, self._switches, self._clock.now(), device, two_lines=two_lines
        )


def _all_in_full(operands: tuple[str, ...]) -> bool:
    return bool(operands) and all(map(in_full, operands))


def _verb(text: str) -> str:
    return next(iter(text[:_LONGEST_VERB].split(maxsplit=1)), "")


def _phase(answer: Answer, *, put_off: bool) -> str:
    if put_off and not answer.acted:
        return journal.RECEIVED
    return journal.REFUSED if answer.refused and not answer.acted else journal.ACTED
