"""Whether any host is mapped to the targets: who sees no volume uses none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import late, unknown
from flashd.errors import FlashdError
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from flashd.config.guards import Aimed, HostsOptions
    from flashd.config.guards.arrays import Targets
    from flashd.model.inventory import Inventory


@dataclass(frozen=True, slots=True)
class HostsGuard:
    """Proves down where no host connection of the array is mapped to any of the targets."""

    aimed: Aimed[HostsOptions]
    stock: Callable[[str], Awaitable[Inventory]] | None = None

    async def look(self) -> Finding:
        """Ask each array that has one of the targets."""
        if self.stock is None:
            return unknown("there is no way to an array")
        limit = self.aimed.options.timeout
        arrays = list(dict.fromkeys(array for array, _ in self.aimed.targets))
        try:
            async with asyncio.timeout(limit.total_seconds()):
                found = await asyncio.gather(*map(self.stock, arrays))
        except TimeoutError:
            return late("the arrays did not tell who is mapped", limit)
        except FlashdError as error:
            return unknown(f"the arrays did not tell who is mapped: {error.message}")
        return judge(self.aimed.targets, {one.array: one for one in found})


def judge(targets: Targets, stocks: Mapping[str, Inventory]) -> Finding:
    """Take one mapping for up, and none at all for down; what is not listed is not known."""
    mapped: dict[str, list[str]] = {}
    for array, target in targets:
        stock = stocks.get(array)
        volume = stock.volumes.get(target) if stock else None
        if stock is None or volume is None:
            return unknown(f"target {target} is not among the volumes of {array} (lsfbvol)")
        if stock.reach is None:
            return unknown(f"{array} was not asked which hosts reach target {target}")
        mapped[f"{array} {target}"] = sorted(map(str, stock.reach.mapped_to(volume)))
    if not mapped:
        return unknown("there is no target")
    evidence = {"mapped": mapped}
    for name, hosts in mapped.items():
        if hosts:
            return Finding(Verdict.UP, f"target {name} is mapped to host {hosts[0]}", evidence)
    words = f"no host connection is mapped to any of the {len(mapped)} targets"
    return Finding(Verdict.DOWN, words, evidence)
