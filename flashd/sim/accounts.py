"""Who may log in, and as what."""

import hashlib
import hmac
import os
import sqlite3

from flashd.sim.errors import SimError
from flashd.sim.inventory import positions
from flashd.sim.nouns import User

ROLES = (
    "admin",
    "op_storage",
    "op_volume",
    "op_copy_services",
    "service",
    "monitor",
    "no_access",
)
COPY_ROLES = frozenset(("admin", "op_storage", "op_copy_services"))
_ROUNDS = 100  # a stand-in for a real array: nobody's secret depends on it, and tests log in often


def add_user(connection: sqlite3.Connection, name: str, password: str, role: str) -> None:
    """Make an account, or give it a new password and role; it is unlocked by that."""
    if role not in ROLES:
        raise SimError(f"no role {role!r}; there are: {', '.join(ROLES)}")
    salt = os.urandom(8)
    connection.execute(
        "REPLACE INTO user (name, role, salt, hash, failed_logins) VALUES (?, ?, ?, ?, 0)",
        (name, role, salt, _hash(password, salt)),
    )


def users(connection: sqlite3.Connection) -> tuple[User, ...]:
    """Return all accounts."""
    rows = connection.execute("SELECT name, role, failed_logins FROM user ORDER BY name")
    return tuple(User(name=name, role=role, failed_logins=n) for name, role, n in rows)


def lock(connection: sqlite3.Connection, name: str) -> None:
    """Lock an account, as wrong passwords of somebody else do."""
    allowed = int(positions(connection).number("failed_logins_allowed"))
    connection.execute("UPDATE user SET failed_logins = ? WHERE name = ?", (allowed, name))


def log_in(connection: sqlite3.Connection, name: str, password: str) -> User | str:
    """Return the user, or why the login is refused. A wrong password is counted."""
    row = connection.execute(
        "SELECT role, salt, hash, failed_logins FROM user WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return "unknown user"
    role, salt, expected, failed = row
    if failed >= positions(connection).number("failed_logins_allowed"):
        return "account locked"
    right = hmac.compare_digest(_hash(password, salt), expected)
    failed = 0 if right else failed + 1
    connection.execute("UPDATE user SET failed_logins = ? WHERE name = ?", (failed, name))
    return User(name=name, role=role) if right else "wrong password"


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
