"""Every kind of store that the contract is run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.store import open_store, throwaway_store
from flashd.rehearsal.store import KeepingStore
from tests.conftest import KINDS, databases
from tests.contract.stores.samples import FakeHost
from tests.servers.clock import at_the_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from flashd.ports.store import Store
    from tests.conftest import Empty

REHEARSAL = "rehearsal"

NOT_OF_A_REHEARSAL = {
    "test_once_a_hold_is_written_nobody_else_writes_an_intent": "there is nobody else",
    "test_who_is_cancelled_while_waiting_holds_nothing": "nobody waits",
    "test_a_date_without_zone_is_refused": "what is kept in memory is not put in columns",
    "test_a_failure_keeps_what_was_seen": "nor are its odd characters escaped",
}


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture(params=[*KINDS, REHEARSAL])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Empty:
    if request.param == REHEARSAL:
        return lambda: REHEARSAL
    return databases(request, tmp_path)


@pytest.fixture
async def store(
    request: pytest.FixtureRequest, state: str, host: FakeHost, tmp_path: Path
) -> AsyncIterator[Store]:
    if state == REHEARSAL:
        if reason := NOT_OF_A_REHEARSAL.get(request.function.__name__):
            pytest.skip(reason)
        kept = throwaway_store(tmp_path / "kept.db", host, KeepingStore)
        yield kept
        await kept.close()
        return
    opened = await open_store(state, host)
    yield await at_the_server(opened)
    await opened.close()
