"""A PostgreSQL server: how it is reached, how long it is waited for, what it must be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event

from flashd.errors import StoreError

if TYPE_CHECKING:
    from psycopg import Connection as Wire
    from sqlalchemy import URL, Connection, Dialect, Engine

OLDEST = 130000
"""The least `server_version_num`: 13."""

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10.0
"""Longer than any statement of flashd's own, and than the queue of writers (`lock_timeout`)."""

REPLY_SECONDS = 15.0
"""How long an answer is waited for: the server may be gone without a word, or stand still."""

LONG_SECONDS = 3600.0
"""The same where whole tables are moved or made anew."""

_WIRE = {
    "connect_timeout": str(CONNECT_SECONDS),
    "application_name": "flashd",
    "target_session_attrs": "read-write",  # a standby may be behind: its leases are of the past
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
# A commit that was told is durable. Where the server or the role says less, it is raised to `on`;
# what says more (remote_apply) stays. The other two free the lock of a flashd that stands still.
_SESSION = """
SELECT set_config('lock_timeout', %(patience)s, false),
       set_config('statement_timeout', %(statement)s, false),
       set_config('idle_in_transaction_session_timeout', %(statement)s, false),
       set_config('client_encoding', 'UTF8', false),
       CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
            THEN set_config('synchronous_commit', 'on', false) END,
       current_setting('server_version_num')::int
"""
_LOCK = 0x666C6173
"""Half of an advisory lock's number, any that others are unlikely to use; the schema's is the
other half, so that two stores in one database do not wait for each other."""


def server_engine(url: URL, patience: float, *, writing: bool) -> Engine:
    """Make an engine of one connection, for one thread, to a PostgreSQL server.

    All writers queue on one lock, held to the end of the transaction, as they do in SQLite:
    the same code is right in both. A reader sees one state of the store in one transaction.
    Each transaction begins with a look whether the connection lives still, and makes a new one
    where it does not.
    """
    engine = create_engine(
        url.update_query_dict({name: url.query.get(name, it) for name, it in _WIRE.items()}),
        pool_size=1,
        max_overflow=0,
        pool_timeout=0,
        pool_pre_ping=True,
        use_native_hstore=False,
        hide_parameters=True,
    )
    event.listen(engine, "do_connect", partial(_connect, patient_connection(REPLY_SECONDS)))
    event.listen(engine, "connect", partial(_set_up, patience=patience))
    event.listen(engine, "checkin", _usual_limits)
    if writing:
        event.listen(engine, "begin", _queue_to_write)
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def patient_connection(reply: float) -> type[Wire[Any]]:
    """Make the class of connections that wait so many seconds for an answer, and no longer.

    TCP's own limits do not help where the other side acknowledges and says nothing, such as a
    server that is stopped, or a proxy. What was asked may have been done: the connection is
    given up, and whether a commit took place is not known.
    """
    import psycopg  # noqa: PLC0415 - only who has such a store pays for it, or needs it
    from psycopg.errors import ConnectionTimeout  # noqa: PLC0415

    class Patient(psycopg.Connection[Any]):
        """A connection that does not wait for ever."""

        limit = reply

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ANN401 - as it is there
            """Wait for an answer."""
            limit = self.limit if timeout is None else min(timeout, self.limit)
            try:
                return super().wait(gen, interval, limit)
            except psycopg.Error as error:
                if type(error).__name__ != "_WaitTimeout":
                    raise
                self.pgconn.finish()
                raise ConnectionTimeout(f"no answer within {limit:g} s") from None

    return Patient


def _connect(
    kind: type[Wire[Any]],
    _dialect: Dialect,
    _record: object,
    cargs: tuple[Any, ...],
    cparams: dict[str, Any],
) -> Wire[Any]:
    return kind.connect(*cargs, **cparams)


def _set_up(connection: Wire[Any], _record: object, *, patience: float) -> None:
    """Set the limits of a new session; no server is waited for without one."""
    limits = {"patience": _millis(patience), "statement": _millis(STATEMENT_SECONDS)}
    row = connection.execute(_SESSION, limits).fetchone()
    connection.commit()
    refuse_older(row[-1] if row else 0)


def refuse_older(version: int) -> None:
    """Raise where a server is older than what flashd is made for."""
    if version < OLDEST:
        raise StoreError(
            f"the state store's PostgreSQL is version {version // 10000}, and flashd needs"
            f" {OLDEST // 10000} or newer",
            "Upgrade the server, or keep the state in a file: sqlite:////var/lib/flashd/flashd.db.",
        )


def without_limits(connection: Connection) -> None:
    """Lift the limits for the rest of a transaction that moves whole tables."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "SELECT set_config('statement_timeout', '0', true),"
            " set_config('idle_in_transaction_session_timeout', '0', true)"
        )
        wire: Any = connection.connection.dbapi_connection
        wire.limit = LONG_SECONDS


def _usual_limits(wire: Any, _record: object) -> None:  # noqa: ANN401 - None where it was lost
    if wire is not None:
        wire.limit = type(wire).limit


def _millis(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


def _queue_to_write(connection: Connection) -> None:
    """Wait for whoever writes to the same schema; where there is none, nothing can be written."""
    connection.exec_driver_sql(
        f"SELECT pg_advisory_xact_lock({_LOCK},"
        " coalesce(quote_ident(current_schema())::regnamespace::oid, 0)::int)"
    )
