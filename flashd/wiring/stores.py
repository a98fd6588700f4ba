"""Where is remembered: the state store, opened as the owner of its directory."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from flashd.adapters.stores.store import SqlStore
    from flashd.config.settings import Settings
    from flashd.ports.store import Memory


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


@asynccontextmanager
async def memory_of(settings: Settings) -> AsyncIterator[Memory]:
    """Open the state store for who only looks, as the owner of its directory.

    A file that is as it should be is read at once; whatever else is opened as by `store_of`.
    """
    from flashd.adapters.stores.glance import glance

    give_up_rights(settings)
    if settings.state_file is None or (found := glance(settings.state_file)) is None:
        async with store_of(settings) as store:
            yield store
        return
    try:
        yield found
    finally:
        await found.close()


def give_up_rights(settings: Settings) -> None:
    """Become the owner of the state directory, for good; raises `StoreError`."""
    from flashd.adapters.privileges import become_owner

    directory = settings.own_directory
    try:
        become_owner(directory)
    except OSError as error:
        raise StoreError(f"cannot become the owner of {directory}: {error.strerror}") from error
