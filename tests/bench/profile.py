"""Where a batch's time goes, by the daemon's own events.

Each event that counts ends a span that began with the one before it, so that the shares add up to
the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.daemons import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.bench.daemons import Event

SHARES: Mapping[str, str] = {
    "login": "the first tick comes, dscli starts and logs in",
    "listings": "the array lists its relations",
    "inventory": "the array tells volumes, hosts and mirrors, for the last gate",
    "changes": "the array refreshes the clones and says so",
    "turns": "services are made ready for their turn: hold, plan, first gate, leases, the record of"
    " the run",
    "intent and guards": "the intent is made durable and the guards look a last time; in `oneshot`"
    " also each login",
    "last gate": "the final text is parsed, compared with all that is known, and written",
    "ends": "what happened is verified pair by pair, written down and told",
}

_ENDED_BY = {"resync-started": "turns", "command-sent": "last gate", "resync-completed": "ends"}
_ANSWERS = ("resyncflash", "changes"), ("lsflash", "listings")


def profile(events: Iterable[Event]) -> Mapping[str, float]:
    """Part the seconds from the daemon's start to the last completed resync."""
    shares = dict.fromkeys(SHARES, 0.0)
    before: float | None = None
    begun: set[str] = set()
    for event in events:
        if event["event"]["action"] == "daemon-started":
            before = instant(event)
        share = _share(event, begun, first=not shares["login"])
        if before is not None and share is not None:
            shares[share] += instant(event) - before
            before = instant(event)
        if event["event"]["action"] == "resync-started":
            begun.add(_run(event))
    return shares


def _share(event: Event, begun: set[str], *, first: bool) -> str | None:
    """Tell what was under way until this event came; None where it ends nothing."""
    action, mine = event["event"]["action"], _run(event) in begun
    if action == "command-answered":
        return _answered(event["flashd"]["dscli"]["command"])
    if action == "command-sent" and not mine:
        return "login" if first else "turns"
    if action in {"guard-read", "guard-unknown"}:
        return "intent and guards" if mine else None
    return _ENDED_BY.get(action)


def _run(event: Event) -> str:
    return str(event.get("flashd", {}).get("run", {}).get("id", ""))


def _answered(command: str) -> str:
    return next((share for verb, share in _ANSWERS if verb in command), "inventory")
