"""The last configuration that was good."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from flashd.adapters.stores.dialect import upsert
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.schema import accepted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_ONLY = 1


class SqlAccepted(Lanes):
    """`flashd.ports.store.Accepted`."""

    async def accept(self, files: Mapping[str, str], at: datetime) -> None:
        """Remember these files in place of those accepted before."""
        row = {"id": _ONLY, "files": dict(files), "accepted_at": at}
        await self._writing.run(partial(_accept, row=row))

    async def accepted(self) -> tuple[Mapping[str, str], datetime] | None:
        """Tell the last accepted files, if any ever were."""
        return await self._reading.run(_accepted)


def _accept(connection: Connection, row: Mapping[str, object]) -> None:
    upsert(connection, accepted, [row])


def _accepted(connection: Connection) -> tuple[Mapping[str, str], datetime] | None:
    row = connection.execute(select(accepted).where(accepted.c.id == _ONLY)).one_or_none()
    return row and (row.files, row.accepted_at)
