"""Every kind of store that the contract is run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.store import open_store
from tests.contract.stores.samples import FakeHost
from tests.servers.clock import at_the_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from flashd.ports.store import Store


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
async def store(state: str, host: FakeHost) -> AsyncIterator[Store]:
    opened = await open_store(state, host)
    yield await at_the_server(opened)
    await opened.close()
