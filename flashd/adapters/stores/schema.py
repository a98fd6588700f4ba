"""The tables as they stand now; `migrations` makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text

from flashd.adapters.stores.columns import Instant, Json, Words

METADATA = MetaData()

schema_version = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, nullable=False),
)

sightings = Table(
    "sightings",
    METADATA,
    Column("array", Text, primary_key=True),
    Column("pair", Text, primary_key=True),
    Column("relation", Json),
    Column("observed_at", Instant, nullable=False),
    Column("before_at", Instant),
    Column("since_at", Instant, nullable=False),
    Column("dated", Json),
)

arrays = Table(
    "arrays",
    METADATA,
    Column("array", Text, primary_key=True),
    Column("observed_at", Instant),
    Column("failed_at", Instant),
    Column("failure", Words),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Instant),
)

withdrawals = Table(
    "withdrawals",
    METADATA,
    Column("array", Text, primary_key=True),
    Column("pair", Text, primary_key=True),
    Column("service", Words, nullable=False),
    Column("run", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("synced", Words),
    Column("created", Words),
    Column("space_efficient", Boolean, nullable=False),
    Column("withdrawn_at", Instant, nullable=False),
)

# `nr` counts runs in the order in which they were written: no setting of a clock changes which
# one is the newest. `acted` is false for runs that ended refused or only planned.
runs = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("nr", BigInteger, nullable=False),
    Column("service", Words, nullable=False),
    Column("asked", Text, nullable=False),
    Column("asked_by", Words, nullable=False),
    Column("arrays", Json, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", Text),
    Column("acted", Boolean, nullable=False),
    Column("reason", Words, nullable=False),
    Column("commands", Json, nullable=False),
    Column("evidence", Json, nullable=False),
)

steps = Table(
    "steps",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("step", Json, nullable=False),
    Column("command", Words, nullable=False),
    Column("carrier", Json, nullable=False),
    Column("marks", Json, nullable=False),
    Column("intended_at", Instant, nullable=False),
    Column("answer", Json),
    Column("unsent", Words),
)

leases = Table(
    "leases",
    METADATA,
    Column("name", Words, primary_key=True),
    Column("host", Words, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("token", Text, nullable=False),
    Column("since_at", Instant, nullable=False),
    Column("renewed_at", Instant, nullable=False),
)

standings = Table(
    "standings",
    METADATA,
    Column("service", Words, primary_key=True),
    Column("decision", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("since_at", Instant),
    Column("look_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Instant),
)

# Of the kind `all` there is one row, whose name is empty.
holds = Table(
    "holds",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("name", Words, primary_key=True),
    Column("reason", Words, nullable=False),
    Column("held_by", Words, nullable=False),
    Column("since_at", Instant, nullable=False),
    Column("until_at", Instant),
    Column("remind_at", Instant),
)

# A row stays when its service is removed: a later one of that name has to be as it says.
enrolments = Table(
    "enrolments",
    METADATA,
    Column("service", Words, primary_key=True),
    Column("enrolled_at", Instant, nullable=False),
    Column("enrolled_by", Words, nullable=False),
    Column("facts", Json, nullable=False),
)

breakers = Table(
    "breakers",
    METADATA,
    Column("array", Text, primary_key=True),
    Column("username", Words, nullable=False),
    Column("pwfile", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("reason", Words, nullable=False),
)

accepted = Table(
    "accepted",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("files", Json, nullable=False),
    Column("accepted_at", Instant, nullable=False),
)
