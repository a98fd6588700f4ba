"""Who may log in, and as what: accounts, their passwords, and when those end."""

import hashlib
import hmac
import os
import sqlite3

from flashd.sim.errors import SimError
from flashd.sim.inventory import positions
from flashd.sim.nouns import User
from flashd.sim.roles import ROLES
from flashd.sim.switches import Positions

_ROUNDS = 100  # a stand-in for a real array: nobody's secret depends on it, and tests log in often
_DAY = 86_400.0
_COLUMNS = "name, role, failed_logins, locked, must_change, password_at"


def add_user(
    connection: sqlite3.Connection, name: str, password: str, role: str, at: float
) -> None:
    """Make an account, or give it a new password and role; it is unlocked by that."""
    if role not in ROLES:
        raise SimError(f"no role {role!r}; there are: {', '.join(ROLES)}")
    connection.execute("REPLACE INTO user (name, role) VALUES (?, ?)", (name, role))
    connection.execute("DELETE FROM password WHERE user = ?", (name,))
    _put_password(connection, name, password, at)


def remove_user(connection: sqlite3.Connection, name: str) -> None:
    """Forget an account."""
    connection.execute("DELETE FROM user WHERE name = ?", (name,))
    connection.execute("DELETE FROM password WHERE user = ?", (name,))


def set_user(
    connection: sqlite3.Connection,
    name: str,
    *,
    role: str | None = None,
    locked: bool | None = None,
    must_change: bool | None = None,
) -> None:
    """Change what an account is; an unlocked one has no failed logins."""
    failed = 0 if locked is False else None
    values: dict[str, str | int | None] = {"role": role, "locked": locked, "failed_logins": failed}
    values["must_change"] = must_change
    for column, value in values.items():
        if value is not None:
            statement = f"UPDATE user SET {column} = ? WHERE name = ?"  # nosec B608 # noqa: S608 - own names
            connection.execute(statement, (value, name))


def change_password(
    connection: sqlite3.Connection, name: str, password: str, at: float, *, by_himself: bool
) -> str:
    """Give an account a new password; return why not, or an empty text.

    A password that an administrator has set is expired: its user has to change it first of all.
    """
    held = positions(connection)
    user = find(connection, name, at)
    if user is None:
        return "unknown user"
    if reason := _unfit(connection, user, password, at, held, by_himself=by_himself):
        return reason
    _put_password(connection, name, password, at)
    set_user(connection, name, must_change=not by_himself)
    return ""


def unfit_at_first(connection: sqlite3.Connection, password: str) -> str:
    """Say why a password cannot be that of a new account, or nothing."""
    shortest = int(positions(connection).number("password_length"))
    return f"the password is shorter than {shortest}" if len(password) < shortest else ""


def users(connection: sqlite3.Connection, at: float) -> tuple[User, ...]:
    """Return all accounts."""
    held = positions(connection)
    rows = connection.execute(f"SELECT {_COLUMNS} FROM user ORDER BY name")  # nosec B608 # noqa: S608 - own constant
    return tuple(_user(row, held, at) for row in rows)


def find(connection: sqlite3.Connection, name: str, at: float) -> User | None:
    """Return one account."""
    query = f"SELECT {_COLUMNS} FROM user WHERE name = ?"  # nosec B608 # noqa: S608 - own constant
    row = connection.execute(query, (name,)).fetchone()
    return _user(row, positions(connection), at) if row else None


def log_in(connection: sqlite3.Connection, name: str, password: str, at: float) -> User | str:
    """Return the user, or why the login is refused. A wrong password is counted.

    A lock shows here only: a session that is open goes on.
    """
    user = find(connection, name, at)
    if user is None:
        return "unknown user"
    if user.locked:
        return "account locked"
    salt, expected = connection.execute(
        "SELECT salt, hash FROM password WHERE user = ? ORDER BY id DESC LIMIT 1", (name,)
    ).fetchone()
    right = hmac.compare_digest(_hash(password, salt), expected)
    failed = 0 if right else user.failed_logins + 1
    connection.execute("UPDATE user SET failed_logins = ? WHERE name = ?", (failed, name))
    if not right:
        return "wrong password"
    expired = user.expired and positions(connection)["expired_password"]
    if expired == "refuse":
        return "the password has expired"
    return user


def _user(row: tuple[str, str, int, int, int, float], held: Positions, at: float) -> User:
    name, role, failed, locked, must_change, password_at = row
    days = held.number("password_expiration_days")
    too_old = days > 0 and at - password_at >= days * _DAY
    return User(
        name=name,
        role=role,
        failed_logins=failed,
        locked=bool(locked) or failed >= held.number("failed_logins_allowed") > 0,
        expired=bool(must_change) or too_old,
        password_at=password_at,
    )


def _unfit(
    connection: sqlite3.Connection,
    user: User,
    password: str,
    at: float,
    held: Positions,
    *,
    by_himself: bool,
) -> str:
    if reason := unfit_at_first(connection, password):
        return reason
    young = at - user.password_at < held.number("password_age_days") * _DAY
    if by_himself and young and not user.expired:
        return "the password was changed too short a time ago"
    kept = int(held.number("password_history"))
    query = "SELECT salt, hash FROM password WHERE user = ? ORDER BY id DESC LIMIT ?"
    former = connection.execute(query, (user.name, kept)).fetchall()
    if any(hmac.compare_digest(_hash(password, salt), known) for salt, known in former):
        return f"the password is one of the last {kept}"
    return ""


def lock(connection: sqlite3.Connection, name: str) -> None:
    """Lock an account, as wrong passwords of somebody else do."""
    allowed = int(positions(connection).number("failed_logins_allowed"))
    connection.execute("UPDATE user SET failed_logins = ? WHERE name = ?", (allowed, name))


def _put_password(connection: sqlite3.Connection, name: str, password: str, at: float) -> None:
    salt = os.urandom(8)
    connection.execute(
        "INSERT INTO password (user, salt, hash) VALUES (?, ?, ?)",
        (name, salt, _hash(password, salt)),
    )
    connection.execute("UPDATE user SET password_at = ? WHERE name = ?", (at, name))


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
