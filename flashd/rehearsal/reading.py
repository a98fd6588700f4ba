"""Reading a listing once where it comes again word for word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flashd.adapters.arrays.reports import parse_listing
from flashd.adapters.arrays.stock import parse_inventory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from flashd.model.inventory import Inventory, Part
    from flashd.model.volumes import Pair, Relation


class Reading:
    """The reading of one array's listings and inventories; remembers the last of each."""

    def __init__(self) -> None:
        self._body = ""
        self._found: Mapping[Pair, Relation] = {}
        self._stock: tuple[tuple[AbstractSet[Part], str], Inventory] | None = None

    def read(self, text: str, array: str) -> Mapping[Pair, Relation]:
        """Read a listing; its first line is the banner of the session, which tells the time."""
        banner, _, body = text.partition("\n")
        if not banner.startswith("Date/Time:"):
            return parse_listing(text, array)
        if body != self._body:
            self._found = parse_listing(text, array)
            self._body = body
        return self._found

    def take(
        self, text: str, array: str, parts: AbstractSet[Part], began: datetime, ended: datetime
    ) -> Inventory:
        """Read an inventory; one that says the same is the same, but for its instants."""
        banner, _, body = text.partition("\n")
        if not banner.startswith("Date/Time:"):
            return parse_inventory(text, array, parts, began, ended)
        if self._stock is None or self._stock[0] != (parts, body):
            self._stock = (parts, body), parse_inventory(text, array, parts, began, ended)
        return replace(self._stock[1], began_at=began, ended_at=ended)
