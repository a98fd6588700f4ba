"""Reading a listing once where it comes again word for word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.adapters.arrays.reports import parse_listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.model.volumes import Pair, Relation


class Reading:
    """The reading of one array's listings; remembers the last."""

    def __init__(self) -> None:
        self._body = ""
        self._found: Mapping[Pair, Relation] = {}

    def read(self, text: str, array: str) -> Mapping[Pair, Relation]:
        """Read a listing; its first line is the banner of the session, which tells the time."""
        banner, _, body = text.partition("\n")
        if not banner.startswith("Date/Time:"):
            return parse_listing(text, array)
        if body != self._body:
            self._found = parse_listing(text, array)
            self._body = body
        return self._found
