"""The last look at a command before it is written to dscli.

The last gate has decided by then; this one knows nothing of services. It sees that what it is
given is one line, one command, for this array, and names just the pairs that are waited for:
a line too many would be a second command, and a wrong character another volume. And that it is
still in time, once it was told.
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

_CHANGING = frozenset({"resyncflash", "rmflash", "mkflash"})
_WORD = re.compile(r"-?[A-Za-z0-9.:-]+", re.ASCII)


def line_of(command: Cleared, array: str, pairs: Sequence[Pair]) -> str:
    """Write the line for dscli; raises `ArrayRejected` where it must not be written."""
    verb, *words = command.text.split(" ")
    named = [word for word in words if ":" in word]
    for good, what in (
        (verb in _CHANGING, "it is no changing command that is known"),
        (all(_WORD.fullmatch(word) for word in (verb, *words)), "it is not one plain line"),
        (words[:2] == ["-dev", array] and words.count("-dev") == 1, f"it is not for {array}"),
        (bool(named) and named == [str(pair) for pair in pairs], "it names other pairs"),
        (words[len(words) - len(named) :] == named, "something stands after its pairs"),
    ):
        if not good:
            raise ArrayRejected(
                f"a command was kept back before it was written: {what}",
                "This is an error of flashd's own; nothing was sent. Report it with the log.",
            )
    return f"{command.text}\n"


def tell_in_time(
    command: Cleared, witness: Witness, client: str, clock: Clock, not_after: float
) -> None:
    """Tell of a command that is written next to `client`; raises `TooLate` where it must not be.

    In this order: telling may take long, a log is a pipe.
    """
    witness.sent(command.text, client)
    if clock.monotonic() > not_after:
        raise TooLate("the guards' last readings grew too old before the command was written")
