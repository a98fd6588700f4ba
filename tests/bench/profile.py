"""Where a batch's time goes, by the daemon's events and the array's journal."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.bench.bed import KINDS
from tests.bench.daemons import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flashd.sim.array import Array
    from tests.bench.bed import Bed, Costs
    from tests.bench.daemons import Event

AT_WORK = ("listings", "inventory", "changes")


def profile(bed: Bed, events: Sequence[Event], taken: float, costs: Costs) -> Mapping[str, float]:
    """Part the seconds that a batch took; the shares add up to them.

    Shares of the array are what its journal shows. A login that a command has for itself stands
    between the intent and the last look at the guards, and is taken off there.
    """
    shares = dict.fromkeys(AT_WORK, 0.0) | at_work(bed.arrays)
    told = bed.heard
    shares["logins"] = told.logins * costs.whole_login
    own = told.changes if told.logins > told.changes else 0
    waits = before_commands(events)
    guarded = sum(guards for guards, _ in waits) - own * costs.whole_login
    shares["intent and guards"] = max(guarded, 0.0)
    shares["last gate"] = sum(gate for _, gate in waits)
    return {**shares, "other": taken - sum(shares.values())}


def at_work(arrays: Iterable[Array]) -> dict[str, float]:
    """Tell how long arrays had to do with the commands of each kind."""
    spent: dict[str, float] = defaultdict(float)
    for entry in (entry for array in arrays for entry in array.journal()):
        kind = KINDS.get(entry.command.split()[0])
        if kind in AT_WORK and entry.answered_at is not None:
            spent[kind] += entry.answered_at - entry.at
    return dict(spent)


def before_commands(events: Iterable[Event]) -> list[tuple[float, float]]:
    """Tell of each run how long it took from its start to the last word of a guard, and from there
    to its command.
    """
    began: dict[str, float] = {}
    looked: dict[str, float] = {}
    waits = []
    for event in events:
        run = event.get("flashd", {}).get("run", {}).get("id")
        action = event["event"]["action"]
        if run is None:
            continue
        if action == "resync-started":
            began[run] = looked[run] = instant(event)
        elif action.startswith("guard-") and run in began:
            looked[run] = instant(event)
        elif action == "command-sent" and run in began:
            waits.append((looked[run] - began.pop(run), instant(event) - looked[run]))
    return waits
