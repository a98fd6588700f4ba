"""Where is remembered: the state store, opened as the owner of its directory."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from flashd.adapters.stores.store import SqlStore
    from flashd.config.settings import Settings


@asynccontextmanager
async def store_of(settings: Settings) -> AsyncIterator[SqlStore]:
    """Open the state store that these settings name, as the owner of its directory."""
    from flashd.adapters.host import LinuxHost
    from flashd.adapters.stores.store import open_store

    give_up_rights(settings)
    store = await open_store(settings.state, LinuxHost())
    try:
        yield store
    finally:
        await store.close()


def give_up_rights(settings: Settings) -> None:
    """Become the owner of the state directory, for good; raises `StoreError`."""
    from flashd.adapters.privileges import become_owner

    directory = settings.own_directory
    try:
        become_owner(directory)
    except OSError as error:
        raise StoreError(f"cannot become the owner of {directory}: {error.strerror}") from error
