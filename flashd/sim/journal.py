"""What came in, from whom, and what became of it."""

import sqlite3
from dataclasses import dataclass, fields

RECEIVED = "received"  # and nothing more: it hung, or its process was killed before it acted
ACTED = "acted"
REFUSED = "refused"
LIED = "lied"

LONGEST_ANSWER = 10_000  # characters; listings of a big array would swell the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The process that speaks, over which console and as whom."""

    pid: int
    hmc: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One login attempt; instants are the host's."""

    id: int
    at: float
    pid: int
    hmc: str
    user: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command. `acted` and `refused` are the pairs it did and did not touch.

    `answer` is what the client was given, and None when it got nothing.
    """

    id: int
    session: int
    at: float
    pid: int
    hmc: str
    user: str
    command: str
    phase: str
    exit: int | None
    acted: tuple[str, ...]
    refused: tuple[str, ...]
    fault: str
    answer: str | None
    answered_at: float | None


_LOGIN = ", ".join(field.name for field in fields(Login))
_ENTRY = ", ".join(field.name for field in fields(Entry))


def note_login(connection: sqlite3.Connection, at: float, client: Client, outcome: str) -> int:
    """Record a login attempt; its number is the session's."""
    cursor = connection.execute(
        "INSERT INTO login (at, pid, hmc, user, outcome) VALUES (?, ?, ?, ?, ?)",
        (at, client.pid, client.hmc, client.user, outcome),
    )
    return int(cursor.lastrowid or 0)


def note_received(
    connection: sqlite3.Connection, at: float, session: int, client: Client, command: str
) -> int:
    """Record a command as it was read, before anything is done about it."""
    cursor = connection.execute(
        "INSERT INTO journal (session, at, pid, hmc, user, command, phase)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (session, at, client.pid, client.hmc, client.user, command, RECEIVED),
    )
    return int(cursor.lastrowid or 0)


def note_fault(connection: sqlite3.Connection, entry: int, fault: str) -> None:
    """Record which fault strikes a command."""
    connection.execute("UPDATE journal SET fault = ? WHERE id = ?", (fault, entry))


def note_outcome(
    connection: sqlite3.Connection,
    entry: int,
    phase: str,
    code: int,
    pairs: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> None:
    """Record what was done, in the same transaction that does it."""
    acted, refused = pairs
    connection.execute(
        "UPDATE journal SET phase = ?, exit = ?, acted = ?, refused = ? WHERE id = ?",
        (phase, code, " ".join(acted), " ".join(refused), entry),
    )


def note_late(
    connection: sqlite3.Connection, entry: int, done: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    """Add what was done of a command after its client was gone: (acted, refused)."""
    acted, refused = done
    connection.execute(
        "UPDATE journal SET phase = CASE WHEN ? OR phase = ? THEN ? ELSE ? END,"
        " acted = TRIM(acted || ' ' || ?), refused = TRIM(refused || ' ' || ?) WHERE id = ?",
        (bool(acted), ACTED, ACTED, REFUSED, " ".join(acted), " ".join(refused), entry),
    )


def last_answer(connection: sqlite3.Connection, entry: int) -> str:
    """Return what was said before an entry, empty where nothing was.

    What the same command was answered comes before what was said last to any other.
    """
    row = connection.execute(
        "SELECT answer FROM journal WHERE id < :entry AND answer <> ''"
        " ORDER BY command = (SELECT command FROM journal WHERE id = :entry) DESC, id DESC LIMIT 1",
        {"entry": entry},
    ).fetchone()
    return str(row[0]) if row else ""


def note_answer(connection: sqlite3.Connection, at: float, entry: int, answer: str) -> None:
    """Record what is about to be said to the client."""
    connection.execute(
        "UPDATE journal SET answer = ?, answered_at = ? WHERE id = ?",
        (answer[:LONGEST_ANSWER], at, entry),
    )


def clients_at(connection: sqlite3.Connection, hmc: str) -> frozenset[int]:
    """Return the processes that have logged in at a console, most of them long gone."""
    query = "SELECT DISTINCT pid FROM login WHERE hmc = ? AND outcome = 'ok'"
    return frozenset(pid for (pid,) in connection.execute(query, (hmc,)))


def logins(connection: sqlite3.Connection) -> tuple[Login, ...]:
    """Return all login attempts in order."""
    query = f"SELECT {_LOGIN} FROM login ORDER BY id"  # nosec B608 # noqa: S608 - own constants
    return tuple(
        Login(id=i, at=at, pid=pid, hmc=hmc, user=user, outcome=outcome)
        for i, at, pid, hmc, user, outcome in connection.execute(query)
    )


def entries(connection: sqlite3.Connection) -> tuple[Entry, ...]:
    """Return all commands in the order in which they came."""
    names = [field.name for field in fields(Entry)]
    query = f"SELECT {_ENTRY} FROM journal ORDER BY id"  # nosec B608 # noqa: S608 - own constants
    return tuple(_entry(dict(zip(names, row, strict=True))) for row in connection.execute(query))


def forget(connection: sqlite3.Connection) -> None:
    """Forget all commands; who runs an array for long takes them elsewhere from time to time."""
    connection.execute("DELETE FROM journal")


def _entry(values: dict[str, object]) -> Entry:
    pairs = {name: tuple(str(values[name]).split()) for name in ("acted", "refused")}
    return Entry(**{**values, **pairs})  # type: ignore[arg-type]
