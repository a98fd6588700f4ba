"""The management consoles, as far as a TCP connection shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import Diagnosis, State, ok, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PORTS = (1751, 1750)
"""The DS CLI tries these in this order, unless its profile names one."""


class Reply(StrEnum):
    """What became of a connection."""

    ACCEPTED = "answers"
    REFUSED = "refuses connections"
    SILENT = "gives no answer"
    UNNAMED = "has a name that is not found"
    UNREACHABLE = "cannot be reached"


@dataclass(frozen=True, slots=True)
class Console:
    """One console, and what each of its ports replied; `detail` is the system's own word."""

    name: str
    address: str
    replies: Mapping[int, Reply]
    detail: str = ""


_REMEDIES = {
    Reply.REFUSED: "The host is there and does not serve the DS CLI: see whether the address in"
    " auth.conf is a management console's, and whether its services run.",
    Reply.SILENT: "Packets are dropped: look at the firewalls between here and there, at the"
    " route, and at IPAddressDeny= of the unit, which drops them too.",
    Reply.UNNAMED: "See whether the name in auth.conf is right and this host's resolver works;"
    " an address needs neither.",
    Reply.UNREACHABLE: "See whether this host has a route there.",
}
_WORST = (Reply.SILENT, Reply.UNREACHABLE, Reply.UNNAMED, Reply.REFUSED)


def judge_consoles(array: str, consoles: Sequence[Console]) -> Iterator[Diagnosis]:
    """Judge the consoles of one array; it can be used as long as one of them answers."""
    reachable = any(Reply.ACCEPTED in one.replies.values() for one in consoles)
    for console in consoles:
        yield _judge_console(array, console, State.HINT if reachable else State.PROBLEM)


def _judge_console(array: str, console: Console, state: State) -> Diagnosis:
    check = f"console {array} {console.name}"
    if not console.replies:
        return unseen(check, f"{console.address} was not tried: {console.detail}")
    for port, reply in console.replies.items():
        if reply is Reply.ACCEPTED:
            return ok(check, f"{console.address} answers at port {port}")
    worst = next(one for one in _WORST if one in console.replies.values())
    ports = ", ".join(str(port) for port in console.replies)
    detail = f" ({console.detail})" if console.detail else ""
    words = f"{console.address} {worst} at port {ports}{detail}"
    return Diagnosis(check, state, words, _REMEDIES[worst])
