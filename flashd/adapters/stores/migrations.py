"""From an older store to the present one, a version at a time.

A step never changes once it was released: its text is what an old store went through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, text, update

from flashd.adapters.stores.schema import schema_version
from flashd.adapters.stores.server import without_limits
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

_FIRST = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL)",
    """CREATE TABLE sightings (
        "array" TEXT NOT NULL, pair TEXT NOT NULL, relation TEXT,
        observed_at BIGINT NOT NULL, before_at BIGINT, since_at BIGINT NOT NULL, dated TEXT,
        PRIMARY KEY ("array", pair))""",
    """CREATE TABLE arrays (
        "array" TEXT NOT NULL PRIMARY KEY, observed_at BIGINT, failed_at BIGINT,
        failure TEXT, failures INTEGER NOT NULL, retry_at BIGINT)""",
    """CREATE TABLE withdrawals (
        "array" TEXT NOT NULL, pair TEXT NOT NULL, service TEXT NOT NULL,
        run TEXT NOT NULL, seq INTEGER NOT NULL, synced TEXT, created TEXT,
        space_efficient BOOLEAN NOT NULL, withdrawn_at BIGINT NOT NULL,
        PRIMARY KEY ("array", pair))""",
    """CREATE TABLE runs (
        id TEXT NOT NULL PRIMARY KEY, nr BIGINT NOT NULL UNIQUE, service TEXT NOT NULL,
        asked TEXT NOT NULL, asked_by TEXT NOT NULL, arrays TEXT NOT NULL,
        started_at BIGINT NOT NULL, ended_at BIGINT, outcome TEXT, acted BOOLEAN NOT NULL,
        reason TEXT NOT NULL, commands TEXT NOT NULL, evidence TEXT NOT NULL)""",
    "CREATE INDEX runs_of_service ON runs (service, nr)",
    "CREATE INDEX runs_that_acted ON runs (acted, service, nr)",
    "CREATE INDEX runs_open ON runs (nr) WHERE ended_at IS NULL",
    """CREATE TABLE steps (
        run TEXT NOT NULL REFERENCES runs (id), seq INTEGER NOT NULL, step TEXT NOT NULL,
        command TEXT NOT NULL, carrier TEXT NOT NULL, marks TEXT NOT NULL,
        intended_at BIGINT NOT NULL, answer TEXT, unsent TEXT,
        PRIMARY KEY (run, seq))""",
    """CREATE TABLE leases (
        name TEXT NOT NULL PRIMARY KEY, host TEXT NOT NULL, boot_id TEXT NOT NULL,
        pid BIGINT NOT NULL, started BIGINT NOT NULL, token TEXT NOT NULL,
        since_at BIGINT NOT NULL, renewed_at BIGINT NOT NULL)""",
    """CREATE TABLE standings (
        service TEXT NOT NULL PRIMARY KEY, decision TEXT NOT NULL, reason TEXT NOT NULL,
        since_at BIGINT, look_at BIGINT, failures INTEGER NOT NULL, retry_at BIGINT)""",
    "CREATE INDEX standings_by_look ON standings (look_at, service)",
    """CREATE TABLE breakers (
        "array" TEXT NOT NULL PRIMARY KEY, username TEXT NOT NULL, pwfile TEXT NOT NULL,
        opened_at BIGINT NOT NULL, reason TEXT NOT NULL)""",
    """CREATE TABLE accepted (
        id INTEGER NOT NULL PRIMARY KEY, files TEXT NOT NULL, accepted_at BIGINT NOT NULL)""",
    "INSERT INTO schema_version (version) VALUES (0)",
)

_HOLDS = (
    """CREATE TABLE holds (
        kind TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, held_by TEXT NOT NULL,
        since_at BIGINT NOT NULL, until_at BIGINT, remind_at BIGINT,
        PRIMARY KEY (kind, name))""",
    "CREATE INDEX holds_by_end ON holds (until_at)",
    "CREATE INDEX holds_by_reminder ON holds (remind_at)",
)

_ENROLMENTS = (
    """CREATE TABLE enrolments (
        service TEXT NOT NULL PRIMARY KEY, enrolled_at BIGINT NOT NULL,
        enrolled_by TEXT NOT NULL, facts TEXT NOT NULL)""",
)

_PRUNING = ("CREATE INDEX runs_by_end ON runs (ended_at)",)

STEPS: Sequence[Sequence[str]] = (_FIRST, _HOLDS, _ENROLMENTS, _PRUNING)
"""The statements that lead from version n to version n + 1 stand at place n."""


def up_to_date(engine: Engine, where: str, steps: Sequence[Sequence[str]] = STEPS) -> bool:
    """Whether there is nothing to migrate; asks without waiting for whoever writes."""
    with engine.begin() as connection:
        return _known_version(connection, where, steps) == len(steps)


def migrate(engine: Engine, where: str, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Bring the store to the last version, each step in a transaction of its own.

    The version is read in the same transaction: of two processes that open an old store at
    once, one migrates and the other finds it done.
    """
    while True:
        with engine.begin() as connection:
            version = _known_version(connection, where, steps)
            if version == len(steps):
                return
            without_limits(connection)
            for statement in steps[version]:
                connection.execute(text(statement))
            connection.execute(update(schema_version).values(version=version + 1))


def _known_version(connection: Connection, where: str, steps: Sequence[Sequence[str]]) -> int:
    version = _version(connection, where)
    if version > len(steps):
        raise StoreError(
            f"{where} has schema version {version}, and this flashd knows {len(steps)}",
            "A newer flashd wrote it: run that one, or restore the copy made before the upgrade.",
        )
    return version


def _version(connection: Connection, where: str) -> int:
    tables = inspect(connection).get_table_names()
    if not tables:
        return 0
    if schema_version.name not in tables:
        raise StoreError(
            f"{where} is a database of something else",
            "Point `state` to a file, or a schema, of its own.",
        )
    version: int = connection.execute(select(schema_version.c.version)).scalar_one()
    return version
