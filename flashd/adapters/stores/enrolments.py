"""What people pinned of services."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from flashd.adapters.stores.dialect import upsert
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.nouns import enrolment_of
from flashd.adapters.stores.schema import enrolments
from flashd.adapters.stores.standings import look_again

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from flashd.model.enrolment import Enrolment


class SqlEnrolments(Lanes):
    """`flashd.ports.store.Enrolments`."""

    async def enroll(self, wanted: Sequence[Enrolment], now: datetime) -> Mapping[str, Enrolment]:
        """Write all of them or none; tells what they replaced."""
        return await self._writing.run(partial(_enroll, wanted=tuple(wanted), now=now))

    async def enrolment(self, service: str) -> Enrolment | None:
        """Tell what was pinned of one service."""
        return await self._reading.run(partial(_one, service=service))

    async def enrolments(self) -> Mapping[str, Enrolment]:
        """Tell all, by service."""
        return await self._reading.run(stored_enrolments)


def stored_enrolments(connection: Connection) -> dict[str, Enrolment]:
    """Tell all, as part of a transaction."""
    rows = connection.execute(select(enrolments).order_by(enrolments.c.service))
    return {row.service: enrolment_of(row) for row in rows}


def _one(connection: Connection, service: str) -> Enrolment | None:
    found = select(enrolments).where(enrolments.c.service == service)
    row = connection.execute(found).one_or_none()
    return None if row is None else enrolment_of(row)


def _enroll(
    connection: Connection, wanted: Sequence[Enrolment], now: datetime
) -> dict[str, Enrolment]:
    found = {one.service: _one(connection, one.service) for one in wanted}
    upsert(connection, enrolments, [_row_of(one) for one in wanted])
    look_again(connection, now, [one.service for one in wanted])
    return {name: before for name, before in found.items() if before is not None}


def _row_of(one: Enrolment) -> dict[str, object]:
    facts = [[fact.array, fact.subject, fact.aspect, fact.value] for fact in one.facts]
    return {"service": one.service, "enrolled_at": one.at, "enrolled_by": one.by, "facts": facts}
