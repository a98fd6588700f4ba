"""What can go wrong on purpose: which faults there are, and which strikes now."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from flashd.sim.errors import SimError

CONNECT, LOGIN, BEFORE, AFTER, ANSWER = "connect", "login", "before", "after", "answer"
ALWAYS = -1


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: where it can strike (first: unless told) and which options it takes."""

    name: str
    positions: tuple[str, ...]
    options: tuple[str, ...]
    meaning: str


_TABLE = (
    Kind("unreachable", (CONNECT,), ("seconds",), "a console does not answer"),
    Kind("login-refused", (LOGIN,), ("text",), "the login is refused, exit 5; not counted"),
    Kind("login-hang", (LOGIN,), ("seconds",), "the login takes seconds, or never ends"),
    Kind("hang", (BEFORE, AFTER), ("seconds",), "no answer for seconds, or ever"),
    Kind("refused", (BEFORE,), ("text", "exit"), "a message of class E, nothing done"),
    Kind("die-before", (BEFORE,), ("signal",), "dscli is killed, nothing done"),
    Kind("die-after", (AFTER,), ("signal",), "dscli is killed, all done"),
    Kind("lost-answer", (AFTER,), ("exit",), "all done, nothing said, dscli ends"),
    Kind("lie", (ANSWER,), (), "the answer of success, nothing done"),
    Kind("partial", (ANSWER,), ("pairs", "silent", "exit"), "only the first pairs are done"),
    Kind("cut-short", (ANSWER,), ("bytes", "rows"), "the answer ends early, without an error"),
    Kind("garbage", (ANSWER,), ("text",), "all done, and an answer that means nothing"),
    Kind("language", (ANSWER,), (), "all done, the answer is German"),
    Kind("flood", (BEFORE, AFTER), (), "an answer without an end"),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}


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

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as it should."""
        return self.times != ALWAYS and self.fired >= self.times

    def matches(self, event: str) -> bool:
        """Say whether a command or a console is meant."""
        verb = event.partition(" ")[0]
        return fnmatchcase(event, self.pattern) or fnmatchcase(verb, self.pattern)

    def number(self, option: str, otherwise: float) -> float:
        """Return a numeric option."""
        return float(self.options.get(option, otherwise))

    def __str__(self) -> str:
        return f"{self.name} ({self.position})"


def plan(name: str, position: str = "", **options: str) -> Fault:
    """Make a fault of a known kind, where its kind can strike, with options that it takes."""
    if (kind := KINDS.get(name)) is None:
        raise SimError(f"no fault {name!r}; there are: {', '.join(KINDS)}")
    if position and position not in kind.positions:
        raise SimError(f"fault {name} strikes {' or '.join(kind.positions)}, not {position}")
    for option, value in options.items():
        _check_option(kind, option, value)
    return Fault(name=name, position=position or kind.positions[0], options=options)


def _check_option(kind: Kind, option: str, value: str) -> None:
    if option not in kind.options:
        known = ", ".join(kind.options) or "none"
        raise SimError(f"fault {kind.name} takes no option {option}; it takes: {known}")
    if option not in {"text", "silent"} and not value.replace(".", "", 1).isdigit():
        raise SimError(f"option {option} of fault {kind.name} is a number, not {value!r}")


def add(connection: sqlite3.Connection, fault: Fault) -> int:
    """Put a fault in wait; return its number."""
    cursor = connection.execute(
        "INSERT INTO fault (name, position, pattern, nth, times, options)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            fault.name,
            fault.position,
            fault.pattern,
            fault.nth,
            fault.times,
            json.dumps(dict(fault.options)),
        ),
    )
    return int(cursor.lastrowid or 0)


def clear(connection: sqlite3.Connection, name: str = "*") -> None:
    """Forget the faults of a name, or all."""
    connection.execute("DELETE FROM fault WHERE name GLOB ?", (name,))


def planned(connection: sqlite3.Connection) -> tuple[Fault, ...]:
    """Return all faults, spent ones too."""
    rows = connection.execute(
        "SELECT id, name, position, pattern, nth, times, seen, fired, options FROM fault"
    )
    return tuple(_fault(row) for row in rows)


def strike(connection: sqlite3.Connection, names: frozenset[str], event: str) -> Fault | None:
    """Count an event, and return the fault that strikes it: the first that is due."""
    struck = None
    for fault in planned(connection):
        if fault.name not in names or fault.spent or not fault.matches(event):
            continue
        due = struck is None and fault.seen + 1 >= fault.nth
        connection.execute(
            "UPDATE fault SET seen = seen + 1, fired = fired + ? WHERE id = ?", (due, fault.id)
        )
        struck = fault if due else struck
    return struck


def names_at(*positions: str) -> frozenset[str]:
    """Return the names of the faults that can strike at these positions."""
    return frozenset(kind.name for kind in _TABLE if set(kind.positions) & set(positions))


def _fault(row: tuple[int, str, str, str, int, int, int, int, str]) -> Fault:
    number, name, position, pattern, nth, times, seen, fired, options = row
    return Fault(
        id=number,
        name=name,
        position=position,
        pattern=pattern,
        nth=nth,
        times=times,
        seen=seen,
        fired=fired,
        options=json.loads(options),
    )
