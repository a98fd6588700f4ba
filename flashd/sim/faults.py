"""What can go wrong on purpose: how a fault is planned, and which strikes now.

One event is struck by one fault: of those that are due the one that was planned first. The others
wait for the next event. What somebody else does (`others-resync` and the like) is no fault of the
command: each of those that is due happens, beside the one that strikes.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from flashd.sim import kinds
from flashd.sim.clock import HOST, Clock
from flashd.sim.errors import SimError
from flashd.sim.inventory import array_time
from flashd.sim.kinds import AFTER, ANSWER, AT_COMMANDS, BEFORE, CONNECT, KINDS, LOGIN, names_at

__all__ = ["AFTER", "ANSWER", "AT_COMMANDS", "BEFORE", "CONNECT", "KINDS", "LOGIN", "names_at"]

ALWAYS = -1
OF_HOST, OF_ARRAY = "host", "array"
_COLUMNS = (
    "id, name, position, pattern, nth, times, seen, fired, options, from_at, clock, chance, seed"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """From which time on a fault counts its events, and how likely it strikes each.

    Events before `at`, by the `clock` of the host or of the array, are not counted. With a
    `chance` each event from the nth on is struck or not, as `seed` and its number have it: the
    same in every process, and in the next rehearsal.
    """

    at: float | None = None
    clock: str = OF_HOST
    chance: float | None = None
    seed: int = 0

    def strikes(self, number: int) -> bool:
        """Say whether the event of that number is drawn."""
        if self.chance is None:
            return True
        digest = sha256(f"{self.seed}:{number}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64 < self.chance


ANY_TIME = When()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault that waits for the `nth` event like `pattern`, to strike `times` times.

    The event is a command, matched by its text or its verb; for faults of a connection or a login
    it is the address of the console.
    """

    name: str
    position: str
    pattern: str = "*"
    nth: int = 1
    times: int = 1
    seen: int = 0
    fired: int = 0
    id: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    when: When = ANY_TIME

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as it should."""
        return self.times != ALWAYS and self.fired >= self.times

    def matches(self, event: str) -> bool:
        """Say whether a command or a console is meant."""
        verb = event.partition(" ")[0]
        return fnmatchcase(event, self.pattern) or fnmatchcase(verb, self.pattern)

    def due(self, number: int) -> bool:
        """Say whether it strikes the event that is its `number`th."""
        return number >= self.nth and self.when.strikes(number)

    def number(self, option: str, otherwise: float) -> float:
        """Return a numeric option."""
        return float(self.options.get(option, otherwise))

    def how(self) -> str:
        """Return in which of its ways it strikes."""
        return self.options.get("how", KINDS[self.name].ways[0])

    def __str__(self) -> str:
        return f"{self.name} ({self.position})"


def plan(name: str, position: str = "", **options: str) -> Fault:
    """Make a fault of a known kind, where its kind can strike, with options that it takes."""
    kind = kinds.find(name)
    if position and position not in kind.positions:
        raise SimError(f"fault {name} strikes {' or '.join(kind.positions)}, not {position}")
    for option, value in options.items():
        kind.check(option, value)
    return Fault(name=name, position=position or kind.positions[0], options=options)


def gone(console: str) -> Fault:
    """Make the fault of a console that cannot be reached any more."""
    return Fault(name="unreachable", position=CONNECT, pattern=console, times=ALWAYS)


def checked(fault: Fault) -> Fault:
    """Return a fault whose time and chance can be."""
    when = fault.when
    if when.clock not in {OF_HOST, OF_ARRAY}:
        raise SimError(f"the clock of a fault is {OF_HOST} or {OF_ARRAY}, not {when.clock!r}")
    if when.chance is not None and not 0 <= when.chance <= 1:
        raise SimError(f"a chance is a number from 0 to 1, not {when.chance:g}")
    if fault.nth < 1 or (fault.times < 1 and fault.times != ALWAYS):
        raise SimError("a fault strikes from the first event on, once or more often")
    return fault


def add(connection: sqlite3.Connection, fault: Fault) -> int:
    """Put a fault in wait; return its number."""
    cursor = connection.execute(
        "INSERT INTO fault"
        " (name, position, pattern, nth, times, options, from_at, clock, chance, seed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            fault.name,
            fault.position,
            fault.pattern,
            fault.nth,
            fault.times,
            json.dumps(dict(fault.options)),
            fault.when.at,
            fault.when.clock,
            fault.when.chance,
            fault.when.seed,
        ),
    )
    return int(cursor.lastrowid or 0)


def clear(connection: sqlite3.Connection, name: str = "*") -> None:
    """Forget the faults of a name, or all."""
    connection.execute("DELETE FROM fault WHERE name GLOB ?", (name,))


def planned(connection: sqlite3.Connection) -> tuple[Fault, ...]:
    """Return all faults in the order in which they were planned, spent ones too."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM fault ORDER BY id")  # nosec B608 # noqa: S608 - own constants
    return tuple(_fault(row) for row in rows)


def strike(
    connection: sqlite3.Connection, names: frozenset[str], event: str, clock: Clock = HOST
) -> Fault | None:
    """Count an event, and return the fault that strikes it: the first that is due."""
    struck = None
    for fault, due in _counted(connection, names, event, clock):
        if due and struck is None:
            struck = fault
            _note_fired(connection, fault)
    return struck


def strike_command(
    connection: sqlite3.Connection, text: str, clock: Clock
) -> tuple[Fault | None, tuple[Fault, ...]]:
    """Count a command; return the fault that strikes it, and what others do beside it."""
    at_commands = names_at(*AT_COMMANDS)
    others = frozenset(name for name in at_commands if KINDS[name].others)
    struck = strike(connection, at_commands - others, text, clock)
    beside = [fault for fault, due in _counted(connection, others, text, clock) if due]
    for fault in beside:
        _note_fired(connection, fault)
    return struck, tuple(beside)


def _counted(
    connection: sqlite3.Connection, names: frozenset[str], event: str, clock: Clock
) -> list[tuple[Fault, bool]]:
    """Count an event for each fault that waits for such a one; say which are due."""
    waiting = [
        fault
        for fault in planned(connection)
        if fault.name in names and not fault.spent and fault.matches(event)
    ]
    begun = [fault for fault in waiting if _has_begun(connection, fault, clock)]
    for fault in begun:
        connection.execute("UPDATE fault SET seen = seen + 1 WHERE id = ?", (fault.id,))
    return [(fault, fault.due(fault.seen + 1)) for fault in begun]


def _has_begun(connection: sqlite3.Connection, fault: Fault, clock: Clock) -> bool:
    if fault.when.at is None:
        return True
    now = array_time(connection, clock) if fault.when.clock == OF_ARRAY else clock.now()
    return now >= fault.when.at


def _note_fired(connection: sqlite3.Connection, fault: Fault) -> None:
    connection.execute("UPDATE fault SET fired = fired + 1 WHERE id = ?", (fault.id,))


def _fault(row: tuple[Any, ...]) -> Fault:
    *values, options, at, clock, chance, seed = row
    known = dict(zip(_COLUMNS.split(", "), values, strict=False))
    when = When(at=at, clock=clock, chance=chance, seed=seed)
    return Fault(**known, options=json.loads(options), when=when)
