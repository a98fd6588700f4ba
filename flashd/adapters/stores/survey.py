"""Look at a store without making, migrating or locking it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import URL, create_engine, inspect, select

from flashd.adapters.stores.failures import ANEW, told
from flashd.adapters.stores.files import PATIENCE
from flashd.adapters.stores.migrations import STEPS
from flashd.adapters.stores.place import name_of, parse
from flashd.adapters.stores.schema import schema_version
from flashd.adapters.stores.server import server_engine
from flashd.adapters.threads import beside
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine


@dataclass(frozen=True, slots=True)
class Survey:
    """Which store it is, its schema version (None: there is none yet), and the newest known."""

    where: str
    version: int | None
    known: int = len(STEPS)

    @property
    def usable(self) -> bool:
        """Whether it can be opened without being changed."""
        return self.version == self.known


async def survey(url: str) -> Survey:
    """Look; raises `StoreError`."""
    return await beside(partial(_survey, url))


def _survey(text: str) -> Survey:
    url = parse(text)
    if url.get_backend_name() != "sqlite":
        where = name_of(url)
        server = partial(server_engine, url, PATIENCE, writing=False)
        return Survey(where, _version_at(server, where))
    path = Path(url.database or "")
    with told(f"state store {path}"):
        if not path.exists():
            return Survey(str(path), None)
    return Survey(str(path), _version_at(lambda: _existing(path), str(path)))


def _existing(path: Path) -> Engine:
    """Open a file that is there; to read beside a write-ahead log takes the right to write."""
    place = URL.create(
        "sqlite", database=f"file:{quote(str(path))}", query={"mode": "rw", "uri": "true"}
    )
    return create_engine(place, connect_args={"timeout": PATIENCE})


def _version_at(make: Callable[[], Engine], where: str) -> int | None:
    try:
        engine = make()
    except ImportError as error:
        raise StoreError(
            f"state store {where} needs the Python module {error.name}",
            "Install it, or keep the state in a file: sqlite:////var/lib/flashd/flashd.db.",
        ) from error
    with told(f"state store {where}"):
        try:
            with engine.connect() as connection:
                _sound(connection, where)
                return _version(connection, where)
        finally:
            engine.dispose()


def _sound(connection: Connection, where: str) -> None:
    """See that all of a file can be read: its version alone may lie on a page that is whole."""
    if connection.dialect.name != "sqlite":
        return
    (found, *_) = connection.exec_driver_sql("PRAGMA quick_check(1)").scalars()
    if found != "ok":
        raise StoreError(f"state store {where} is damaged ({found.splitlines()[-1]})", ANEW)


def _version(connection: Connection, where: str) -> int | None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if schema_version.name not in tables:
        raise StoreError(
            f"{where} is a database of something else", "Point `state` to a file of its own."
        )
    version: int = connection.execute(select(schema_version.c.version)).scalar_one()
    return version
