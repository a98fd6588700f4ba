"""Every kind of store that the contract is run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.store import open_store
from tests.contract.stores.samples import FakeHost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from flashd.ports.store import Store


def _sqlite(directory: Path) -> str:
    return f"sqlite:///{directory}/flashd.db"


KINDS: dict[str, Callable[[Path], str]] = {"sqlite": _sqlite}
"""How to name an empty database of each kind, given a directory of the test's own."""


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    made: str = request.param(tmp_path)
    return made


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
async def store(url: str, host: FakeHost) -> AsyncIterator[Store]:
    opened: Store = await open_store(url, host)
    yield opened
    await opened.close()
