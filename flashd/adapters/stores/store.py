"""The store: all its parts on one database."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select

from flashd.adapters.stores.accepted import SqlAccepted
from flashd.adapters.stores.agenda import SqlAgenda
from flashd.adapters.stores.breakers import SqlBreakers
from flashd.adapters.stores.copies import SqlCopies
from flashd.adapters.stores.dialect import file_engine, lease_time, sqlite_engine
from flashd.adapters.stores.enrolments import SqlEnrolments
from flashd.adapters.stores.failures import told
from flashd.adapters.stores.files import PATIENCE, provide
from flashd.adapters.stores.holds import SqlHolds
from flashd.adapters.stores.lane import InlineLane, Lane
from flashd.adapters.stores.migrations import migrate, up_to_date
from flashd.adapters.stores.observations import SqlObservations
from flashd.adapters.stores.place import file_of, name_of, parse
from flashd.adapters.stores.pruning import SqlPruning
from flashd.adapters.stores.runs import SqlRuns
from flashd.adapters.stores.server import server_engine
from flashd.adapters.stores.standings import SqlStandings
from flashd.adapters.stores.turns import SqlTurns
from flashd.adapters.threads import beside
from flashd.errors import StoreError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine

    from flashd.ports.host import Host


class SqlStore(
    SqlObservations,
    SqlRuns,
    SqlPruning,
    SqlCopies,
    SqlStandings,
    SqlHolds,
    SqlEnrolments,
    SqlBreakers,
    SqlAccepted,
    SqlTurns,
    SqlAgenda,
):
    """`flashd.ports.store.Store` and `Copies`; made by `open_store`."""

    async def time(self, now: datetime) -> datetime:
        """Tell the time by which leases are judged and intents are dated.

        Beside a file it is the caller's, who need not wait to be told it.
        """
        if self._reading.beside_a_file:
            return now
        return await self._reading.run(partial(lease_time, told=now))

    async def answers(self) -> None:
        """Ask the database something easy in each lane; a lane that gets on answers at once."""
        lanes = (self._reading, self._writing)
        answers = await asyncio.gather(
            *(lane.run_first(_answer) for lane in lanes), return_exceptions=True
        )
        for answer in answers:  # an error is told once every lane has answered
            if isinstance(answer, BaseException):
                raise answer

    async def close(self) -> None:
        """Finish what was asked for and let go of the store."""
        await self._reading.close()
        await self._writing.close()


def _answer(connection: Connection) -> None:
    connection.execute(select(1))


async def open_store(url: str, host: Host, *, patience: float = PATIENCE) -> SqlStore:
    """Open the store, creating or migrating it where need be.

    There is no mode for reading only: beside a write-ahead log a reader writes too, to the
    -shm file, and who may read the store is who may write it.
    """
    place = parse(url)
    where = f"state store {name_of(place)}"
    writing, reading = await beside(partial(_open, place, where, patience))
    return SqlStore(Lane(writing, where, "store-write"), Lane(reading, where, "store-read"), host)


Kind = TypeVar("Kind", bound=SqlStore)


def throwaway_store(path: Path, host: Host, kind: type[Kind]) -> Kind:
    """Make a store of this kind in a new file that nobody else uses and nobody keeps.

    Nothing waits for the disk, and no thread is there but the caller's.
    """
    where = f"throw-away store {path}"
    provide(path)
    engine = file_engine(path)
    with told(where):
        migrate(engine, where)
    lane = InlineLane(engine, where, "throw-away")
    return kind(lane, lane, host)


def _open(place: URL, where: str, patience: float) -> tuple[Engine, Engine]:
    with told(where), ExitStack() as undo:
        engines = _engines(place, patience)
        for engine in engines:
            undo.callback(engine.dispose)
        if not up_to_date(engines[1], where):
            migrate(engines[0], where)
        undo.pop_all()
    return engines


def _engines(url: URL, patience: float) -> tuple[Engine, Engine]:
    if url.get_backend_name() != "sqlite":
        return _server_engines(url, patience)
    path = file_of(url)
    provide(path)
    return (
        sqlite_engine(path, patience, writing=True),
        sqlite_engine(path, patience, writing=False),
    )


def _server_engines(url: URL, patience: float) -> tuple[Engine, Engine]:
    try:
        return (
            server_engine(url, patience, writing=True),
            server_engine(url, patience, writing=False),
        )
    except ImportError as error:
        module = error.name or "psycopg, with its library libpq"
        raise StoreError(
            f"state store {name_of(url)} needs the Python module {module}",
            "Write postgresql+psycopg://…, whose driver the Debian package has; elsewhere run"
            f" {sys.prefix}/bin/pip install 'psycopg[binary]'. Or keep the state in a file:"
            " sqlite:////var/lib/flashd/flashd.db.",
        ) from error
