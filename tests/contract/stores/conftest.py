"""Every kind of store that the contract is run on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from flashd.adapters.stores.glance import glance
from flashd.adapters.stores.store import open_store, throwaway_store
from flashd.ports.store import Memory
from flashd.rehearsal.store import KeepingStore
from tests.conftest import KINDS, databases
from tests.contract.stores.samples import FakeHost
from tests.servers.clock import at_the_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from flashd.adapters.stores.store import SqlStore
    from flashd.ports.store import Store
    from tests.conftest import Empty

REHEARSAL = "rehearsal"
GLANCE = "glance"

NOT_OF_A_REHEARSAL = {
    "test_once_a_hold_is_written_nobody_else_writes_an_intent": "there is nobody else",
    "test_who_is_cancelled_while_waiting_holds_nothing": "nobody waits",
    "test_a_date_without_zone_is_refused": "what is kept in memory is not put in columns",
    "test_a_failure_keeps_what_was_seen": "nor are its odd characters escaped",
}

NOT_AT_A_GLANCE = {
    "test_once_a_hold_is_written_nobody_else_writes_an_intent": "it opens the store twice",
}
NOT_READ_AT_A_GLANCE = ("test_leases.py", "test_pruning.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is only about writing, for who only reads."""
    items[:] = [
        item
        for item in items
        if f"[{GLANCE}" not in item.name or not str(item.path).endswith(NOT_READ_AT_A_GLANCE)
    ]


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


class SeenAtAGlance:
    """A store in a file: what `Memory` has is read as who only looks reads it, each time anew."""

    def __init__(self, store: SqlStore, file: Path) -> None:
        self._store = store
        self._file = file

    def __getattr__(self, name: str) -> object:
        if not hasattr(Memory, name) or name == "close":
            return getattr(self._store, name)

        async def told(*words: Any) -> object:  # noqa: ANN401 - whatever the method takes
            seen = glance(self._file)
            assert seen is not None, "the file is there, and of the present version"
            try:
                return await getattr(seen, name)(*words)
            finally:
                await seen.close()

        return told


@pytest.fixture(params=[*KINDS, REHEARSAL, GLANCE])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Empty:
    if request.param in {REHEARSAL, GLANCE}:
        return lambda: request.param
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
    if state == GLANCE:
        if reason := NOT_AT_A_GLANCE.get(request.function.__name__):
            pytest.skip(reason)
        file = tmp_path / "seen.db"
        written = await open_store(f"sqlite:///{file}", host)
        yield cast("Store", SeenAtAGlance(written, file))
        await written.close()
        return
    opened = await open_store(state, host)
    yield await at_the_server(opened)
    await opened.close()
