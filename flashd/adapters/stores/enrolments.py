"""What people pinned of services."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Text, bindparam, or_, select, type_coerce

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
    from flashd.model.volumes import VolumeId


MOST_NAMED = 8
"""Of more targets than that all enrolments are told: each target is looked for in each of them."""

# Statements are made once: to put one together takes longer than to have it done.
_ONE = select(enrolments).where(enrolments.c.service == bindparam("of"))


class SqlEnrolments(Lanes):
    """`flashd.ports.store.Enrolments`."""

    async def enroll(self, wanted: Sequence[Enrolment], now: datetime) -> Mapping[str, Enrolment]:
        """Write all of them or none; tells what they replaced."""
        return await self._writing.run(partial(_enroll, wanted=tuple(wanted), now=now))

    async def enrolment(self, service: str) -> Enrolment | None:
        """Tell what was pinned of one service."""
        return await self._reading.run(partial(pinned_of, service=service))

    async def enrolments(self) -> Mapping[str, Enrolment]:
        """Tell all, by service."""
        return await self._reading.run(stored_enrolments)


def stored_enrolments(connection: Connection) -> dict[str, Enrolment]:
    """Tell all, as part of a transaction."""
    rows = connection.execute(select(enrolments).order_by(enrolments.c.service))
    return {row.service: enrolment_of(row) for row in rows}


def pinned_of(connection: Connection, service: str) -> Enrolment | None:
    """Tell what was pinned of one service, as part of a transaction."""
    row = connection.execute(_ONE, {"of": service}).one_or_none()
    return None if row is None else enrolment_of(row)


def enrolments_naming(
    connection: Connection, targets: Sequence[tuple[str, VolumeId]]
) -> dict[str, Enrolment]:
    """Tell, by service, at least those whose facts name one of these targets.

    Found by their text, which is one of JSON: some may name it otherwise, none is missed.
    """
    volumes = sorted({volume for _, volume in targets})
    if len(volumes) > MOST_NAMED:
        return stored_enrolments(connection)
    text = type_coerce(enrolments.c.facts, Text)
    naming = or_(*(text.contains(volume, autoescape=True) for volume in volumes))
    rows = connection.execute(select(enrolments).where(naming).order_by(enrolments.c.service))
    return {row.service: enrolment_of(row) for row in rows}


def _enroll(
    connection: Connection, wanted: Sequence[Enrolment], now: datetime
) -> dict[str, Enrolment]:
    found = {one.service: pinned_of(connection, one.service) for one in wanted}
    upsert(connection, enrolments, [_row_of(one) for one in wanted])
    look_again(connection, now, [one.service for one in wanted])
    return {name: before for name, before in found.items() if before is not None}


def _row_of(one: Enrolment) -> dict[str, object]:
    facts = [[fact.array, fact.subject, fact.aspect, fact.value] for fact in one.facts]
    return {"service": one.service, "enrolled_at": one.at, "enrolled_by": one.by, "facts": facts}
