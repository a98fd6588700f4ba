"""Commands that act on pairs: a message for each, in the order given."""

import re
from collections.abc import Callable

from flashd.sim import instants, messages
from flashd.sim.commands.command import SUCCESS, Answer, Call
from flashd.sim.flashcopy import Act, Options, Refused, act_on_each
from flashd.sim.grammar import Request, UsageError
from flashd.sim.ids import Pair
from flashd.sim.nouns import Relation

SHAPE_FLAGS = frozenset(
    {
        "-record",
        "-persist",
        "-cp",
        "-nocp",
        "-tgtse",
        "-multinc",
        "-tgtinhibit",
        "-tgtpprc",
        "-tgtoffline",
        "-freeze",
        "-resetreserve",
    }
)
SHAPE_OPTIONS = frozenset(("-dev", "-seqnum", "-pmir"))
CP_OR_NOCP = ("-cp", "-nocp")
_SEQUENCE = re.compile(r"[0-9A-Fa-f]{1,4}")
_PRESERVE_MIRROR = ("no", "required", "preferred")

Outcomes = tuple[tuple[str, Relation | Refused], ...]


def shape(request: Request) -> Options:
    """Read what the relation shall be like, and what the command permits."""
    flags = request.flags
    if request.options.get("-pmir", "no") not in _PRESERVE_MIRROR:
        raise UsageError(f"-pmir takes {', '.join(_PRESERVE_MIRROR)}")
    return Options(
        record="-record" in flags,
        persist="-persist" in flags,
        background_copy="-nocp" not in flags,
        multinc="-multinc" in flags,
        target_inhibit="-tgtinhibit" in flags,
        space_efficient_target="-tgtse" in flags,
        sequence=sequence(request) or "0",
        freeze="-freeze" in flags,
        break_reservation="-resetreserve" in flags,
        target_mirrored="-tgtpprc" in flags,
        target_offline="-tgtoffline" in flags,
        fast="-fast" in flags,
    )


def sequence(request: Request) -> str | None:
    """Read a sequence number, which is hexadecimal."""
    number = request.options.get("-seqnum")
    if number is not None and not _SEQUENCE.fullmatch(number):
        raise UsageError(f"{number!r} is not a sequence number of up to four hex digits")
    return number


def on_each_pair(
    call: Call, act: Act, said: Callable[[Pair], str], *, flashes: bool = True
) -> Answer:
    """Act on all pairs; one that is refused stops none of the others."""
    pairs = [Pair.parse(operand, call.identity.serial) for operand in call.request.operands]
    frozen = "-freeze" in call.request.flags
    outcomes = act_on_each(call.held, pairs, _told(act), frozen=frozen, flashes=flashes)
    texts = [said(pair) for pair in pairs]
    return answer(call, tuple(zip(map(str, pairs), outcomes, strict=True)), texts)


def _told(act: Act) -> Act:
    def acted(pair: Pair) -> Relation | Refused:
        outcome = act(pair)
        instants.reach(f"{pair}: acted on")
        return outcome

    return acted


def answer(call: Call, outcomes: Outcomes, said: list[str]) -> Answer:
    """Put what became of each subject in words; `said` is what is said of a success."""
    verb = call.request.verb
    texts = tuple(
        messages.copy_services_failure(verb, subject, outcome.reason)
        if isinstance(outcome, Refused)
        else success
        for (subject, outcome), success in zip(outcomes, said, strict=True)
    )
    refused = tuple(subject for subject, outcome in outcomes if isinstance(outcome, Refused))
    acted = tuple(subject for subject, outcome in outcomes if not isinstance(outcome, Refused))
    code = exit_code(call, bool(acted), bool(refused))
    return Answer(messages=texts, exit=code, acted=acted, refused=refused)


def exit_code(call: Call, *some: bool) -> int:
    """Return the exit code when (some acted, some refused)."""
    acted, refused = some
    if not refused:
        return SUCCESS
    return int(call.held.switches["partial_exit" if acted else "all_refused_exit"])
