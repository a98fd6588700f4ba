"""Two machines that have the same name, on one store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flashd.adapters.host import LinuxHost
from flashd.adapters.stores.store import open_store
from flashd.model.lease import DAEMON_LEASE, FOREIGN_LEASE

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.model.lease import Holder

NOW = datetime(2026, 11, 26, 2, tzinfo=UTC)


def node(folder: Path, machine_id: str) -> LinuxHost:
    file, namespace = folder / "machine-id", folder / "pid"
    file.write_text(machine_id)
    if not namespace.is_symlink():
        namespace.symlink_to("pid:[4026531836]")
    return LinuxHost(file, namespace)


def on(host: LinuxHost, boot_id: str) -> Holder:
    return replace(host.holder("theirs"), boot_id=boot_id)


async def void_at_once(url: str, us: LinuxHost, theirs: Holder) -> bool:
    """Whether we get a lease of theirs right away; after the wait for a foreign one we must."""
    store = await open_store(url, us)
    try:
        assert await store.acquire([DAEMON_LEASE], theirs, NOW) is None
        held = await store.acquire([DAEMON_LEASE], us.holder("ours"), NOW + timedelta(seconds=1))
        if held is not None:
            assert held.by == theirs
            late = NOW + FOREIGN_LEASE
            assert await store.acquire([DAEMON_LEASE], us.holder("ours"), late) is None
        return held is None
    finally:
        await store.close()


async def test_a_lease_of_another_machine_of_the_same_name_is_not_void(
    url: str, tmp_path: Path
) -> None:
    theirs = on(node(tmp_path, "b" * 32), "their boot")
    assert not await void_at_once(url, node(tmp_path, "a" * 32), theirs)


async def test_a_lease_is_not_void_where_no_machine_has_an_id(url: str, tmp_path: Path) -> None:
    theirs = on(node(tmp_path, ""), "their boot")
    assert not await void_at_once(url, node(tmp_path, ""), theirs)


async def test_a_lease_of_an_earlier_boot_of_this_machine_is_void(url: str, tmp_path: Path) -> None:
    theirs = on(node(tmp_path, "a" * 32), "an earlier boot")
    assert await void_at_once(url, node(tmp_path, "a" * 32), theirs)
