"""What an array acts on once its client is gone: kept in the file, done when its time has come.

No process waits for it. Whoever looks at the array next, or changes anything, has what is due by
the array's own clock done before, each act as of its own instant.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict

from flashd.sim import flashcopy, journal
from flashd.sim.clock import Clock
from flashd.sim.flashcopy import Options, Refused
from flashd.sim.grammar import Request
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation

Done = tuple[tuple[str, ...], tuple[str, ...]]
Act = Callable[[Inventory, Pair, Options], Relation | Refused]


def _withdraw(held: Inventory, pair: Pair, _: Options) -> Relation | Refused:
    return flashcopy.withdraw(held, pair)


ACTS: Mapping[str, Act] = {
    "mkflash": flashcopy.establish,
    "resyncflash": flashcopy.resync,
    "rmflash": _withdraw,
}

_NEVER_LATE = frozenset(("-cp", "-resync", "-seqnum"))
"""Options of rmflash that make it more than a withdrawal."""


def can_be(request: Request) -> bool:
    """Say whether a command can be put off; any other acts at once."""
    if request.verb == "rmflash" and _NEVER_LATE & {*request.flags, *request.options}:
        return False
    return request.verb in ACTS


def postpone(
    rows: sqlite3.Connection,
    at: float,
    entry: int,
    verb: str,
    options: Options,
    pairs: tuple[Pair, ...],
) -> None:
    """Have a command act at `at` of the array's clock."""
    rows.execute(
        "INSERT INTO late_act (at, entry, verb, options, pairs) VALUES (?, ?, ?, ?, ?)",
        (at, entry, verb, json.dumps(asdict(options)), " ".join(map(str, pairs))),
    )


def waiting(rows: sqlite3.Connection) -> bool:
    """Say whether the array still has something to do."""
    return rows.execute("SELECT 1 FROM late_act").fetchone() is not None


def settled(rows: sqlite3.Connection, clock: Clock) -> Inventory:
    """Return what the array holds now, after all that was due by now."""
    held = Inventory(rows, clock)
    query = "SELECT id, at, entry, verb, options, pairs FROM late_act WHERE at <= ? ORDER BY at, id"
    for number, at, entry, verb, options, pairs in rows.execute(query, (held.at,)).fetchall():
        rows.execute("DELETE FROM late_act WHERE id = ?", (number,))
        then = Inventory(rows, clock)
        then.at = at
        flashcopy.settle(then)
        done = _carry_out(then, verb, Options(**json.loads(options)), pairs.split())
        journal.note_late(rows, entry, done)
    flashcopy.settle(held)
    return held


def _carry_out(held: Inventory, verb: str, options: Options, pairs: list[str]) -> Done:
    outcomes = flashcopy.act_on_each(
        held,
        [Pair.parse(pair) for pair in pairs],
        lambda pair: ACTS[verb](held, pair, options),
        frozen=options.freeze,
        flashes=verb != "rmflash",
    )
    told = zip(pairs, outcomes, strict=True)
    refused = tuple(pair for pair, one in told if isinstance(one, Refused))
    return tuple(pair for pair in pairs if pair not in refused), refused
