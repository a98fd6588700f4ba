"""The last look at a command before it is written to dscli.

The last gate has decided by then; this one knows nothing of services, and shares no code with it
nor with what built the command. It sees that what it is given is one line, one command with its
options and no other word, for this array, and names just the pairs that are waited for: a line too
many would be a second command, and a wrong character another volume. And that it is still in time,
once it was told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flashd.errors import ArrayRejected, TooLate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.core.firewall import Cleared
    from flashd.model.volumes import Pair
    from flashd.ports.array import Witness
    from flashd.ports.clock import Clock

_NEEDS = {
    "resyncflash": frozenset({"-persist", "-record"}),
    "rmflash": frozenset({"-quiet"}),
    "mkflash": frozenset({"-persist"}),
}
"""By command: the options without which the relation would be lost, or dscli would ask."""

_COPIES = frozenset({"-cp", "-nocp", "-tgtse"})
_WORD = re.compile(r"-?[A-Za-z0-9.:-]+", re.ASCII)


def line_of(command: Cleared, array: str, pairs: Sequence[Pair], longest: int | None = None) -> str:
    """Write the line for dscli; raises `ArrayRejected` where it must not be written.

    `longest`: so many bytes it may have at most, where it goes over a terminal.
    """
    verb, *words = command.text.split(" ")
    named = [word for word in words if ":" in word]
    wanted = [f"{pair.source}:{pair.target}" for pair in pairs]
    options = words[2 : len(words) - len(named)]
    for good, what in (
        (verb in _NEEDS, "it is no changing command that is known"),
        (all(_WORD.fullmatch(word) for word in (verb, *words)), "it is not one plain line"),
        (words[:2] == ["-dev", array] and words.count("-dev") == 1, f"it is not for {array}"),
        (bool(named) and named == wanted, "it names other pairs"),
        (words[len(words) - len(named) :] == named, "something stands after its pairs"),
        (_are_options_of(verb, options), "its options are not those of its kind"),
        (longest is None or len(command.text) <= longest, "it is too long for a terminal"),
    ):
        if not good:
            raise ArrayRejected(
                f"a command was kept back before it was written: {what}",
                "This is an error of flashd's own; nothing was sent. Report it with the log.",
            )
    return f"{command.text}\n"


def _are_options_of(verb: str, options: Sequence[str]) -> bool:
    """Whether all that a command needs stands there, once, and nothing that it must not have."""
    found, needs = set(options), _NEEDS.get(verb, frozenset())
    may = needs if verb == "rmflash" else needs | _COPIES
    return needs <= found <= may and len(found) == len(options)


def tell_in_time(
    command: Cleared, witness: Witness, client: str, clock: Clock, not_after: float
) -> None:
    """Tell of a command that is written next to `client`; raises `TooLate` where it must not be.

    In this order: telling may take long, a log is a pipe.
    """
    witness.sent(command.text, client)
    if clock.monotonic() > not_after:
        raise TooLate("the guards' last readings grew too old before the command was written")
