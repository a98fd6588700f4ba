"""What a tick asks: all of it in one transaction, since it is asked each second."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.stores import journal
from flashd.adapters.stores.holds import ripe_holds
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.observations import stored_arrays
from flashd.adapters.stores.standings import due_services
from flashd.model.agenda import Agenda

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class SqlAgenda(Lanes):
    """`flashd.ports.store.Ticks`."""

    async def agenda(self, now: datetime) -> Agenda:
        """Tell what there is to do, by one way to the reading thread and back, before others."""
        return await self._reading.run_first(partial(_agenda, now=now))


def _agenda(connection: Connection, now: datetime) -> Agenda:
    return Agenda(
        due=due_services(connection, now),
        open_runs=journal.still_open(connection),
        ripe=ripe_holds(connection, now),
        arrays=stored_arrays(connection),
    )
