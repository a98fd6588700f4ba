"""The tables, by version.

Instants are kept as text in UTC with microseconds, so that they sort as they are and every
database keeps them alike.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.types import TypeDecorator

from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Dialect

VERSION = 1


class Instant(TypeDecorator[datetime]):
    """An instant as text, always in UTC."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write it."""
        if value is None:
            return None
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read it."""
        return datetime.fromisoformat(value) if value else None


metadata = MetaData()

meta = Table("meta", metadata, Column("version", Integer, nullable=False))

sighting = Table(
    "sighting",
    metadata,
    Column("array", String(64), primary_key=True),
    Column("source", String(4), primary_key=True),
    Column("target", String(4), primary_key=True),
    Column("relation", JSON(none_as_null=True)),
    Column("date", Text),
    Column("observed_at", Instant, nullable=False),
    Column("before_at", Instant),
    Column("since_at", Instant, nullable=False),
)

array_state = Table(
    "array_state",
    metadata,
    Column("array", String(64), primary_key=True),
    Column("observed_at", Instant),
    Column("failed_at", Instant),
    Column("failure", Text),
    Column("failures", Integer, nullable=False, default=0),
    Column("retry_at", Instant),
)

withdrawal = Table(
    "withdrawal",
    metadata,
    Column("array", String(64), primary_key=True),
    Column("source", String(4), primary_key=True),
    Column("target", String(4), primary_key=True),
    Column("service", Text, nullable=False),
    Column("run", String(26), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("synced", Text),
    Column("created", Text),
    Column("space_efficient", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("service", Text, nullable=False),
    Column("trigger", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("arrays", JSON, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", String(16)),
    Column("reason", Text, nullable=False),
    Column("commands", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Index("run_by_service", "service", "id"),
    Index("run_by_end", "ended_at"),
)

step = Table(
    "step",
    metadata,
    Column("run", String(26), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("intent", JSON, nullable=False),
    Column("answer", JSON(none_as_null=True)),
    Column("unsent", Text),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("host", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", Integer, nullable=False),
    Column("token", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("renewed_at", Instant, nullable=False),
)

standing = Table(
    "standing",
    metadata,
    Column("service", String(128), primary_key=True),
    Column("decision", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant),
    Column("look_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Instant),
    Index("standing_by_look", "look_at"),
)

breaker = Table(
    "breaker",
    metadata,
    Column("array", String(64), primary_key=True),
    Column("username", Text, nullable=False),
    Column("pwfile", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
)

accepted = Table(
    "accepted",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("files", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)


def _first(connection: Connection) -> None:
    metadata.create_all(connection)


MIGRATIONS: dict[int, Callable[[Connection], None]] = {1: _first}
"""What makes each version of the one before it; all in one transaction."""


def migrate(connection: Connection) -> None:
    """Bring a store to this version; raises `StoreError` for one that a newer flashd wrote."""
    found = _version(connection)
    if found > VERSION:
        raise StoreError(
            f"the state store has version {found}, this flashd knows {VERSION}",
            "Run the flashd that wrote it, or a newer one.",
        )
    for version in range(found + 1, VERSION + 1):
        MIGRATIONS[version](connection)
    if found == 0:
        connection.execute(insert(meta).values(version=VERSION))
    elif found < VERSION:
        connection.execute(update(meta).values(version=VERSION))


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table(meta.name):
        return 0
    version: int = connection.execute(select(meta.c.version)).scalar_one()
    return version
