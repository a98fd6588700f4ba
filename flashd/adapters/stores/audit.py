"""Read every record as flashd will: what it cannot read must not come into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from flashd.adapters.stores import journal
from flashd.adapters.stores.breakers import stored_breakers
from flashd.adapters.stores.enrolments import stored_enrolments
from flashd.adapters.stores.holds import stored_holds
from flashd.adapters.stores.observations import (
    known_of,
    stored_arrays,
    stored_sightings,
    stored_withdrawals,
)
from flashd.adapters.stores.schema import sightings
from flashd.adapters.stores.standings import stored_standings

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ALL = 2**31 - 1


def audit(connection: Connection) -> None:
    """Read all of it; raises whatever a record that is none raises, as a reading would later."""
    stored_sightings(connection, None)
    for array in connection.scalars(select(sightings.c.array).distinct()).all():
        known_of(connection, array)
    stored_arrays(connection)
    stored_withdrawals(connection, None)
    journal.newest(connection, None, _ALL)
    stored_holds(connection)
    stored_enrolments(connection)
    stored_standings(connection)
    stored_breakers(connection)
