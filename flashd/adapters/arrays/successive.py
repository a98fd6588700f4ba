"""The sessions with an array where reloads call dscli otherwise: which world has its way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flashd.adapters.arrays.kept import Kept


class Successive:
    """The sessions with one array, across reloads.

    A reload may want dscli called otherwise, or fewer sessions, while a batch of the world before
    it is under way, which ends by what it began with. So worlds are numbered, and the newest that
    has come so far has its way: it has the sessions of all others log out that nobody uses, and no
    older one undoes that. An older world finds its own sessions all the same, or has one made anew;
    such a one waits `LINGER_SECONDS` at the most for what comes next. Worlds that want the same
    share the same sessions. The newest has never more sessions than it wants; beside them there are
    those of what an older one is at, never more than that one wanted, and one batch an array is
    under way at a time, by the lease of the array.
    """

    def __init__(self) -> None:
        self.ways: list[Kept] = []
        """One for each way in which dscli was ever called."""
        self._newest = 0

    def of(self, world: int, wanted: Kept) -> Kept:
        """Tell the sessions of a world that wants such ones: those that are there, or these."""
        kept = next((one for one in self.ways if one.like(wanted)), None)
        if kept is None:
            self.ways.append(wanted)
            kept = wanted
        if world >= self._newest:
            self._have_its_way(world, kept)
        elif kept is wanted:
            kept.retire()
        return kept

    def none_kept(self, world: int) -> None:
        """Hear that a world keeps no session."""
        if world >= self._newest:
            self._have_its_way(world, None)

    async def close(self) -> None:
        """End all sessions, whoever uses them."""
        await asyncio.gather(*(one.close() for one in self.ways))

    def _have_its_way(self, world: int, mine: Kept | None) -> None:
        self._newest = world
        for one in self.ways:
            if one is not mine:
                one.retire()
        if mine is not None:
            mine.revive()
