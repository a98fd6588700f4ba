"""What the arrays of a batch showed last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.core.demand import demanded
from flashd.engine.observe import LOGIN_ALLOWANCE, observe, outdated, take_stock
from flashd.errors import Unsurveyed
from flashd.model.inventory import Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flashd.engine.world import World
    from flashd.model.inventory import Inventory
    from flashd.model.service import Service
    from flashd.model.volumes import Listing


@dataclass(frozen=True, slots=True)
class Seen:
    """Shared by the turns of a batch, each of which has read anew what grew old meanwhile.

    An inventory is read for who is about to send something, and not before, with what the services
    that came so far demand of it; where it could not be read, the others of the batch that demand
    as much do not log in to be told the same.
    """

    world: World
    listings: dict[str, Listing] = field(default_factory=dict)
    inventories: dict[str, Inventory] = field(default_factory=dict)
    unsurveyed: dict[tuple[str, frozenset[Part]], Unsurveyed] = field(default_factory=dict)

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

    async def stock(self, array: str, service: Service, *, enrolled: bool) -> Inventory:
        """Tell what an array has that a copy can harm, read just now or a little while ago.

        All of it is of one reading, with all that the service demands. What others demanded before
        it is asked anew with it, but does not fail it. `enrolled`: whether the service was, as the
        turn began.
        """
        wanted = self._demanded(array, service, enrolled=enrolled)
        known = self.inventories.get(array)
        if known is not None and wanted <= known.parts and not self._old(known):
            return known
        all_wanted = wanted | (known.parts if known is not None else frozenset())
        if self._failed(array, all_wanted) is None:
            try:
                return await self._take_stock(array, all_wanted)
            except Unsurveyed:
                if wanted == all_wanted:
                    raise
        if error := self._failed(array, wanted):
            raise error
        return await self._take_stock(array, wanted)

    def _demanded(self, array: str, service: Service, *, enrolled: bool) -> frozenset[Part]:
        """Tell what is demanded by these or newer definitions."""
        protections = (self.world.protected, self.world.newest.protected)
        return frozenset[Part]().union(
            *(demanded(service, array, one, enrolled=enrolled) for one in protections)
        )

    def _failed(self, array: str, parts: frozenset[Part]) -> Unsurveyed | None:
        """Tell why as much as that, or less, could not be read before."""
        for (where, asked), error in self.unsurveyed.items():
            if where == array and asked <= parts:
                return error
        return None

    async def _take_stock(self, array: str, parts: frozenset[Part]) -> Inventory:
        try:
            found = self.inventories[array] = await take_stock(self.world, array, parts)
        except Unsurveyed as error:
            self.unsurveyed[array, parts] = error
            raise
        return found

    def _old(self, one: Listing | Inventory) -> bool:
        """Whether it would be too old once a login is through."""
        return outdated(self.world, one, after=LOGIN_ALLOWANCE)
