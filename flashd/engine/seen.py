"""What the arrays of a batch showed last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.engine.observe import LOGIN_ALLOWANCE, observe, outdated, take_stock
from flashd.errors import Unsurveyed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flashd.engine.world import World
    from flashd.model.inventory import Inventory
    from flashd.model.volumes import Listing


@dataclass(frozen=True, slots=True)
class Seen:
    """Shared by the turns of a batch, each of which has read anew what grew old meanwhile.

    An inventory is read for who is about to send something, and not before; where it could not be
    read, the others of the batch do not log in to be told the same.
    """

    world: World
    listings: dict[str, Listing] = field(default_factory=dict)
    inventories: dict[str, Inventory] = field(default_factory=dict)
    unsurveyed: dict[str, Unsurveyed] = field(default_factory=dict)

    async def renew(self, arrays: Iterable[str]) -> bool:
        """List again the arrays whose listing is too old; whether there was any."""
        old = [one for one in arrays if self._old(self.listings[one])]
        for array in old:
            await self.list_again(array)
        return bool(old)

    async def list_again(self, array: str) -> Listing:
        """List an array whatever it showed before."""
        self.listings[array] = await observe(self.world, array)
        return self.listings[array]

    async def listing(self, array: str) -> Listing:
        """Tell what an array listed, just now or a little while ago."""
        listing = self.listings[array]
        return await self.list_again(array) if outdated(self.world, listing) else listing

    async def stock(self, array: str) -> Inventory:
        """Tell what an array has that a copy can harm, read just now or a little while ago."""
        known = self.inventories.get(array)
        if known is not None and not self._old(known):
            return known
        if error := self.unsurveyed.get(array):
            raise error
        try:
            known = self.inventories[array] = await take_stock(self.world, array)
        except Unsurveyed as error:
            self.unsurveyed[array] = error
            raise
        return known

    def _old(self, one: Listing | Inventory) -> bool:
        """Whether it would be too old once a login is through."""
        return outdated(self.world, one, after=LOGIN_ALLOWANCE)
